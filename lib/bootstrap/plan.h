/**
 * plan.h - the bootstrap plan: the ordered list of Discover, Delete, Write and
 * Finish that one device gets. A plan is a value: built once, given a digest,
 * sent between processes, walked by a session or laid into a factory image.
 *
 * Its one form is a run of bytes in a struct secret, because it carries keys:
 *
 *   version u8 = 1 | flags u8 | max_message u16 | digest 32 | step count u8 |
 *   steps: op u8 | flags u8 | account u8 | ssid u16 | path 2 x u16 |
 *          entry count u8 |
 *   entries: flags u8 (1: secret) | path 4 x u16 | type u8 |
 *            label length u8, label | value length u16, value
 *
 * The digest is SHA-256 over everything behind it *without* the bytes of
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
	PLAN_STEPS_MAX = 64,
	PLAN_ENTRIES_MAX = 64, /**< of one Write */
	PLAN_BYTES_MAX = 32768, /**< of the whole plan */
	PLAN_LABEL_MAX = 200,
};

enum plan_op {
	PLAN_DISCOVER = 1, /**< best effort: what does the device have? */
	PLAN_DELETE = 2,
	PLAN_WRITE = 3,
	PLAN_VERIFY = 4, /**< Discover again and compare */
	PLAN_FINISH = 5,
};

enum plan_step_flags {
	/** DELETE: anything but 2.02 ends the session. */
	PLAN_STRICT = 1,
};

enum plan_flags {
	/** When a Write is refused, delete what this session wrote. */
	PLAN_CLEAN_ON_FAILURE = 1,
};

struct plan_entry {
	bool secret;
	struct span label; /**< public name of a secret value, else empty */
	struct lwm2m_entry entry;
};

struct plan_step {
	enum plan_op op;
	unsigned flags;
	/**
	 * Not 0: this writes the Security or Server instance of the n-th
	 * server account of the plan (from 1). The instance in `path` and in
	 * the entries is then 0 and is chosen by the session when it sends.
	 */
	unsigned account;
	uint16_t ssid; /**< of that account */
	struct lwm2m_path path; /**< what the request goes to */
	size_t entry_first; /**< into plan.entries */
	size_t entry_count;
};

/** A decoded plan; spans point into `bytes`. */
struct plan {
	struct secret bytes;
	unsigned flags;
	size_t max_message; /**< bytes of one CoAP message to the device */
	uint8_t digest[DIGEST_LEN];
	struct plan_step steps[PLAN_STEPS_MAX];
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

/** Builds the bytes of a plan. Sticky: check plan_end. */
struct plan_builder {
	struct secret bytes;
	struct writer w;
	struct digest digest;
	/** Offsets in `bytes` of what is filled in later; 0: none. */
	size_t digest_at, step_count_at, entry_count_at;
	size_t steps, entries;
	enum rc rc; /**< the first fault */
};

void plan_begin(struct plan_builder *b, unsigned flags, size_t max_message);

/** Start a step; entries follow with plan_put. */
void plan_step(struct plan_builder *b, enum plan_op op, unsigned flags,
    unsigned account, uint16_t ssid, struct lwm2m_path path);

/** Add a public value to the open Write step. Copies. */
void plan_put(struct plan_builder *b, const struct lwm2m_entry *e);

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
