/**
 * hsm.h - the token: where master keys live, and what may be asked of them.
 *
 * Two layers on one PKCS#11 module in one process. libp11 initialises the
 * module and finds the token by label and serial; a thin raw layer logs in and
 * keeps the sessions, for HMAC, random numbers and key generation, none of
 * which libp11 has, and for signatures, at which it hangs when the token goes
 * away (up to 0.4.13, which is what Debian 12 and 13 have).
 *
 * A PIN that the token refuses is never tried again by this process: three
 * wrong tries lock a real token.
 */
#ifndef HSM_HSM_H
#define HSM_HSM_H

#include "base/event.h"
#include "base/secret.h"

enum hsm_pin_kind {
	HSM_PIN_FILE, /**< a path; 0600 or 0400, one newline stripped */
	HSM_PIN_CREDENTIAL, /**< a name in $CREDENTIALS_DIRECTORY (systemd) */
	HSM_PIN_ENV, /**< a variable, removed from the environment */
};

struct hsm_config {
	const char *module; /**< path of the PKCS#11 module */
	const char *init_args; /**< pReserved of C_Initialize, or NULL */
	const char *token; /**< "pkcs11:token=LABEL[;serial=S]" */
	enum hsm_pin_kind pin_kind;
	const char *pin; /**< path or name, by pin_kind */
	unsigned sessions; /**< raw sessions at most, 1..64 */
};

/** What went wrong, for people. */
struct hsm_error {
	unsigned long ckr; /**< CKR_ value of the module, 0: none */
	char text[256]; /**< what: names the module, token, key; one line */
	char remedy[256]; /**< what to do about it */
};

/** PKCS#11 name of a CKR_ value, "CKR_PIN_INCORRECT"; "CKR_?" if unknown. */
const char *hsm_ckr_name(unsigned long ckr);

struct hsm; /* module loaded, token found, logged in */
struct hsm_session; /* one raw session: one thread at a time */

/**
 * Load the module, find the token, log in once, check that a session opens.
 * Call after the last fork. `config` is borrowed for the life of the hsm.
 * `err` is filled on failure.
 * Errors: RC_CONFIG (module cannot be loaded, URI or PIN source wrong),
 * RC_NOT_FOUND (no such token: `text` lists those seen), RC_PIN (refused, or
 * the token says that a wrong try would lock it), RC_TOKEN, RC_CONFLICT (two
 * tokens match, or this process has the module open already), RC_MEMORY.
 */
MUST_CHECK enum rc hsm_open(
    const struct hsm_config *config, struct hsm **out, struct hsm_error *err);
/** All sessions must be released first. */
void hsm_close(struct hsm *h);

/** "bootstrap (serial 1a2b, SoftHSM v2)"; borrowed until hsm_close. */
const char *hsm_token_name(const struct hsm *h);

/**
 * Take a session from the pool; waits when all are in use. Thread-safe.
 * Errors: RC_TOKEN (`err`).
 */
MUST_CHECK enum rc hsm_session_take(
    struct hsm *h, struct hsm_session **out, struct hsm_error *err);
/** Give it back; a session that has failed is replaced by a fresh one. */
void hsm_session_give(struct hsm_session *s);

/** The last failure on this session; borrowed until the next call on it. */
const struct hsm_error *hsm_session_error(const struct hsm_session *s);

enum hsm_purpose {
	HSM_PURPOSE_BOOTSTRAP = 1, /**< PSK of the Bootstrap-Server Account */
	HSM_PURPOSE_SERVER = 2, /**< PSK of an LwM2M Server Account */
	HSM_PURPOSE_OSCORE = 3, /**< Master Secret of one, RFC 8613 */
};

enum {
	HSM_PSK_LEN = 32, /**< bytes of a derived key, whole HMAC-SHA256 */
	HSM_LABEL_MAX = 64, /**< bytes of a master key's label */
	HSM_KCV_LEN = 4, /**< bytes of a key check value */
	HSM_FINGERPRINT_LEN = 8, /**< bytes that name a key in public */
	HSM_ENDPOINT_MAX = 252,
};

/**
 * What a key is derived from. The context that is authenticated by the master:
 * "lwm2m-bs/psk" 0x00 | version 1 (u8) | purpose (u8) | Short Server ID (u16) |
 * epoch (u32) | length (u16) | endpoint. All numbers big-endian, every
 * variable part length-prefixed, so two different requests never share a
 * context.
 */
struct hsm_derivation {
	const char *master; /**< CKA_LABEL of the master key */
	enum hsm_purpose purpose;
	uint16_t short_server_id; /**< 0 with HSM_PURPOSE_BOOTSTRAP */
	uint32_t epoch; /**< from 1 */
	struct span endpoint; /**< 1..HSM_ENDPOINT_MAX bytes */
};

/**
 * HMAC-SHA256 in the token over the context above: HSM_PSK_LEN bytes in `key`.
 * A lost session or a stale handle is recovered once, unseen.
 * Errors: RC_NOT_FOUND (no master of that label; the error's remedy names the
 * command that makes it), RC_CONFLICT (two keys share the label), RC_TOKEN,
 * RC_UNSUPPORTED (this key or token cannot HMAC: reopening will not help),
 * RC_MALFORMED (a field is out of range), RC_MEMORY.
 */
MUST_CHECK enum rc hsm_derive(
    struct hsm_session *s, const struct hsm_derivation *d, struct secret *key);

/** Random bytes of the token's generator, mixed (XOR) with the kernel's.
 *  Errors: RC_TOKEN. */
MUST_CHECK enum rc hsm_random(struct hsm_session *s, void *out, size_t len);

/** First bytes of HMAC(master, "lwm2m-bs/kcv"): tells a re-initialised token
 *  from the right one. Errors: as hsm_derive. */
MUST_CHECK enum rc hsm_key_check(
    struct hsm_session *s, const char *master, uint8_t kcv[static HSM_KCV_LEN]);

/** Public name of a secret: HMAC-SHA256(secret, "lwm2m-bs/fingerprint"), cut.
 *  In process, for keys of 16 bytes and more (shorter ones could be guessed
 *  from it). Errors: RC_MALFORMED (shorter), RC_MEMORY. */
MUST_CHECK enum rc hsm_fingerprint(
    const struct secret *key, uint8_t out[static HSM_FINGERPRINT_LEN]);

/** A master key as the token describes it. */
struct hsm_master {
	char label[HSM_LABEL_MAX + 1];
	uint8_t id[32];
	size_t id_len;
	/* As the token says; `extractable` also when the value can be read. */
	bool sensitive, extractable, local, never_extractable, sign, token;
	uint8_t kcv[HSM_KCV_LEN]; /**< zeros where the key cannot HMAC */
};

/**
 * Generate a GENERIC_SECRET of 32 bytes: token object, private, sensitive, not
 * extractable, SIGN only, random id. Reads the attributes back. After a failure
 * nothing of it is left in the token, or, where the token is away, the error's
 * remedy says so.
 * Errors: RC_CONFLICT (the label exists: masters are never overwritten),
 * RC_DENIED (the token made a key that can be extracted: it is destroyed
 * again), RC_UNSUPPORTED (the token cannot make one), RC_TOKEN, RC_MALFORMED
 * (label).
 */
MUST_CHECK enum rc hsm_master_generate(
    struct hsm_session *s, const char *label, struct hsm_master *out);

/** Describe the master of that label. Errors: as hsm_derive. */
MUST_CHECK enum rc hsm_master_describe(
    struct hsm_session *s, const char *label, struct hsm_master *out);

/** Labels of all secret keys that can sign; calls `each` once a key. It may
 *  use the session. Errors: RC_TOKEN, and what `each` returns to stop. */
typedef enum rc (*hsm_master_fn)(void *ctx, const struct hsm_master *m);
MUST_CHECK enum rc hsm_master_list(
    struct hsm_session *s, hsm_master_fn each, void *ctx);

/** Is the token there and the login alive? A real MAC if `master` is not NULL.
 *  Errors: RC_TOKEN. */
MUST_CHECK enum rc hsm_probe(struct hsm_session *s, const char *master);

/**
 * After RC_TOKEN: tear everything down and start again (C_Finalize,
 * C_Initialize, login), with back-off from 0.2 s to 30 s kept inside: the call
 * sleeps. Any thread may call it, and hold its session over it: a session goes
 * on in the new epoch. When another thread has reopened since the last RC_TOKEN
 * it does nothing. Other calls return RC_TOKEN meanwhile.
 * The token must be the one of hsm_open, by label and serial.
 * Errors: as hsm_open. After RC_PIN it refuses for ever.
 */
MUST_CHECK enum rc hsm_reopen(struct hsm *h, struct hsm_error *err);

/** Has hsm_reopen work to do: did a call return RC_TOKEN since it was opened,
 *  whatever the token says of itself? */
bool hsm_needs_reopen(struct hsm *h);

#endif
