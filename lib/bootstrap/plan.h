/**
 * plan.h - the bootstrap plan: the ordered list of Discover, Delete, Write,
 * Read and Finish that one device gets. A plan is a value: built once, given a
 * digest, sent between processes, walked by a session or laid into a factory
 * image.
 *
 * Its one form is a run of bytes in a struct secret, because it carries keys:
 *
 *   version u8 = 2 | flags u8 | max_message u16 | block_size u16 |
 *   LwM2M version u8 | own instance u16 | format count u8, formats u16 each |
 *   digest 32 | account count u8, Short Server IDs u16 each | step count u8 |
 *   steps: op u8 | flags u8 | account u8 | path 3 x u16 | entry count u16 |
 *   entries: flags u8 (1: secret) | account u8 | resolve u8 |
 *            resolve object u16 | path 4 x u16 | type u8 |
 *            label length u8, label | value length u16, value
 *
 * The digest is SHA-256 over everything but itself *without* the bytes of
 * secret values: those are named by their label ("psk fleet-2026 epoch 1").
 * So `policy explain`, which has no HSM, shows the digest that the ledger
 * will show, and the digest says nothing about a key.
 */
#ifndef BOOTSTRAP_PLAN_H
#define BOOTSTRAP_PLAN_H

#include "base/digest.h"
#include "base/secret.h"
#include "lwm2m/value.h"

enum {
	PLAN_STEPS_MAX = 255,
	PLAN_ENTRIES_MAX = 512, /**< of one Write */
	PLAN_BYTES_MAX = 32768, /**< of the whole plan */
	PLAN_LABEL_MAX = 200,
	PLAN_ACCOUNTS_MAX = 16,
	PLAN_FORMATS_MAX = 8,
	/** As an account: the device's own Bootstrap-Server Account. */
	PLAN_ACCOUNT_OURS = 0xff,
};

enum plan_op {
	PLAN_DISCOVER = 1, /**< best effort: what does the device have? */
	PLAN_DELETE = 2,
	PLAN_WRITE = 3,
	PLAN_VERIFY = 4, /**< Discover again and compare */
	PLAN_FINISH = 5,
	PLAN_READ = 6, /**< Read /1 or /2 and compare with what was written */
};

enum plan_step_flags {
	/** DELETE: anything but 2.02 ends the session. */
	PLAN_STRICT = 1,
};

enum plan_flags {
	/** When a Write is refused, delete what this session wrote. */
	PLAN_CLEAN_ON_FAILURE = 1,
};

/** What holds for the whole plan. */
struct plan_head {
	unsigned flags; /**< enum plan_flags */
	size_t max_message; /**< bytes of one CoAP message to the device */
	/** Bytes of the largest block; 0: it takes none, and a Write that does
	 *  not go into one message cannot be sent. */
	size_t block_size;
	unsigned version; /**< of LwM2M: 10, 11, 12 */
	/** The instance of /0 where its own account is, where nobody asks it;
	 *  LWM2M_ID_NONE: unknown. */
	uint16_t own;
	/** Content-Formats of its profile in the order to try, behind `pct`. */
	uint16_t formats[PLAN_FORMATS_MAX];
	size_t format_count;
	/** Short Server ID of account 1, 2, ...; all different. */
	uint16_t ssids[PLAN_ACCOUNTS_MAX];
	size_t account_count;
};

struct plan_entry {
	bool secret;
	struct span label; /**< public name of a secret value, else empty */
	/**
	 * Not 0: the instance in the path is the one of that account. It is 0
	 * here, and chosen by the session when it sends.
	 */
	unsigned account;
	/**
	 * Not 0: the value, an Integer or an Objlnk, is the instance of
	 * `resolve_object` (0, 1 or 21) that is chosen for that account.
	 */
	unsigned resolve;
	uint16_t resolve_object;
	struct lwm2m_entry entry;
};

/**
 * A Write goes to an object, an instance or a resource; below that stand its
 * entries. At most two are Finish. What stands behind the first is the
 * correction: it is taken, once, when that Finish was answered 4.06, and ends
 * with a Finish of its own.
 */
struct plan_step {
	enum plan_op op;
	unsigned flags;
	/**
	 * Not 0: this writes the instance of /0, /1 or /21 of the n-th server
	 * account of the plan (from 1), or of PLAN_ACCOUNT_OURS the one of /0.
	 * The instance in `path` is then 0 and is chosen by the session when
	 * it sends. A Write of a whole object has its accounts in the entries.
	 */
	unsigned account;
	uint16_t ssid; /**< of that account; 0: none, or ours */
	struct lwm2m_path path; /**< what the request goes to */
	size_t entry_first; /**< into plan.entries */
	size_t entry_count;
};

/** A decoded plan; spans point into `bytes`. */
struct plan {
	struct secret bytes;
	struct plan_head head;
	uint8_t digest[DIGEST_LEN];
	struct plan_step *steps; /**< owned */
	size_t step_count;
	struct plan_entry *entries; /**< owned; in all steps */
	size_t entry_count;
};

/**
 * Take the bytes of a plan apart, checking everything. `bytes` is taken.
 * Errors: RC_MALFORMED, RC_MEMORY. On error `out` is empty.
 */
MUST_CHECK enum rc plan_decode(struct secret *bytes, struct plan *out);
void plan_fini(struct plan *p);

/** The index of the first Finish; step_count: there is none. What is behind
 *  it is the correction. */
size_t plan_first_finish(const struct plan *p);

/** True: /0, /1, /21, whose instances are chosen for accounts. */
bool plan_object_chosen(uint16_t object);

/** Builds the bytes of a plan. Sticky: check plan_end. */
struct plan_builder {
	struct secret bytes;
	struct writer w;
	struct digest digest;
	/** Offsets in `bytes` of what is filled in later; 0: none. */
	size_t digest_at, step_count_at, entry_count_at;
	size_t digested; /**< bytes before this are in `digest`, or never are */
	size_t steps, entries;
	unsigned account; /**< of the entries that follow */
	enum rc rc; /**< the first fault */
};

/** `h` is copied. Too many formats or accounts are RC_TOO_LARGE in the end. */
void plan_begin(struct plan_builder *b, const struct plan_head *h);

/** Start a step; entries follow with plan_put, and are of its account. */
void plan_step(struct plan_builder *b, enum plan_op op, unsigned flags,
    unsigned account, struct lwm2m_path path);

/** In a Write of an object: the entries that follow are of that account
 *  (0: of none, their path stands as it is). */
void plan_account(struct plan_builder *b, unsigned account);

/** Add a public value to the open Write step. Copies. */
void plan_put(struct plan_builder *b, const struct lwm2m_entry *e);

/** The same, where the value is the instance of `object` that is chosen for
 *  the account `of`. */
void plan_put_instance_of(struct plan_builder *b, const struct lwm2m_entry *e,
    unsigned of, uint16_t object);

/** Add a secret opaque value under its public label. Copies. */
void plan_put_secret(struct plan_builder *b, struct lwm2m_path path,
    const struct secret *value, const char *label);

/**
 * Finish. `out` receives the bytes, `digest` (may be NULL) the digest.
 * Errors: RC_TOO_LARGE, RC_MEMORY, RC_BUG (misuse).
 */
MUST_CHECK enum rc plan_end(
    struct plan_builder *b, struct secret *out, uint8_t *digest);
/** Throw away a plan that is not wanted. Harmless after plan_end. */
void plan_abandon(struct plan_builder *b);

/** "Discover", "Delete" ...: the standard's names without "Bootstrap-". */
const char *plan_op_name(enum plan_op op);

#endif
