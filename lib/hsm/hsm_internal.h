/**
 * hsm_internal.h - what the files of lib/hsm share.
 *
 * Three things can go away under us, each with its own cure:
 *  - one session: replaced where it is noticed (session_revive);
 *  - all sessions, and the login with them: one thread opens the anchor anew,
 *    logs in and raises `generation`, which makes everyone else's session
 *    handles and cached key handles void;
 *  - the module or the device: the caller is told RC_TOKEN and calls
 *    hsm_reopen, which also raises `generation`.
 *
 * Locks, in the order in which they are taken: `reopen_lock`, `epoch_lock`,
 * `lock`. Whoever calls the module holds `epoch_lock` for reading, so that
 * C_Finalize never runs beside another call.
 */
#ifndef HSM_HSM_INTERNAL_H
#define HSM_HSM_INTERNAL_H

#include "hsm/hsm.h"

#include <p11-kit/pkcs11.h>
#include <pthread.h>
#include <stdatomic.h>

struct PKCS11_ctx_st;
struct PKCS11_slot_st;

enum {
	HSM_SESSIONS_MAX = 64,
	HSM_PIN_MAX = 512, /**< bytes; "user:password" forms are long */
	HSM_KEY_CACHE = 32, /**< handles of keys remembered */
	HSM_CA_KEYS = 8, /**< of which the public half is remembered */
	HSM_CONTEXT_MAX = 24 + HSM_ENDPOINT_MAX, /**< bytes */
	HSM_MAC_CAP = 64, /**< bytes; room for any MAC a module may return */
};

/* error.c */

/** Fill `err` (may be NULL); what does not fit is cut. */
PRINTF_LIKE(3, 4)
void hsm_error_text(
    struct hsm_error *err, unsigned long ckr, const char *fmt, ...);
PRINTF_LIKE(2, 3)
void hsm_error_remedy(struct hsm_error *err, const char *fmt, ...);
void hsm_error_clear(struct hsm_error *err);

/** `s` quoted for a message, cut to the buffer; returns `buf`. */
const char *hsm_quote(char *buf, size_t cap, struct span s);

/* ckr.c */

enum ckr_class {
	CKR_CLASS_OK,
	CKR_CLASS_SESSION, /**< the session is gone */
	CKR_CLASS_OPERATION, /**< the session is stuck in an operation */
	CKR_CLASS_HANDLE, /**< the key handle is stale */
	CKR_CLASS_LOGIN, /**< nobody is logged in */
	CKR_CLASS_FULL, /**< no more sessions */
	CKR_CLASS_PIN, /**< the PIN is refused; never try again */
	CKR_CLASS_TEMPLATE, /**< attributes of a new key are refused */
	CKR_CLASS_KEY, /**< the key or mechanism cannot do this */
	CKR_CLASS_DEVICE, /**< module, device or token fails */
};

enum ckr_class hsm_ckr_class(CK_RV rv);
/** What an operator may do about it. Never NULL. */
const char *hsm_ckr_remedy(CK_RV rv);

/* uri.c */

/** A PKCS#11 URI (RFC 7512), the part of it that this project accepts.
 *  Text is NUL-terminated; an attribute that is not given is empty. */
struct hsm_uri {
	char token[32 + 1];
	char serial[16 + 1];
	char manufacturer[32 + 1];
	char model[16 + 1];
	char object[HSM_LABEL_MAX + 1];
	char type[16];
	uint8_t id[32];
	size_t id_len;
};

/**
 * Strict: the path attributes above, each once and not empty; no query, so
 * no pin-value; no %00 but in an id.
 * Errors: RC_CONFIG (`err` names the attribute and the place).
 */
MUST_CHECK enum rc hsm_uri_parse(
    const char *text, struct hsm_uri *out, struct hsm_error *err);

/* pin.c */

/**
 * Read the PIN. The secret is followed by a NUL byte. With
 * HSM_PIN_ENV the variable is overwritten and removed: call it while there is
 * one thread.
 * Errors: RC_CONFIG (`err`), RC_MEMORY.
 */
MUST_CHECK enum rc hsm_pin_read(enum hsm_pin_kind kind, const char *name,
    struct secret *pin, struct hsm_error *err);
/** "file /etc/bootstrapd/pin", where an operator finds the PIN. */
const char *hsm_pin_place(
    const struct hsm_config *config, char *buf, size_t cap);

/** Did a token of this name refuse this PIN before, in this process? */
bool hsm_pin_was_refused(const char *token_name, const struct secret *pin);
/** Remember that it did. When there is no room, every later PIN is refused. */
void hsm_pin_remember_refused(const char *token_name, const struct secret *pin);

/* derivation.c */

/**
 * The bytes that are authenticated (see struct hsm_derivation).
 * Errors: RC_MALFORMED (a field is out of range).
 */
MUST_CHECK enum rc hsm_derivation_context(
    const struct hsm_derivation *d, struct writer *w);
/** 1..HSM_LABEL_MAX bytes of UTF-8 without control characters. */
bool hsm_label_valid(const char *label);

/* the token */

struct key_cache_entry {
	CK_OBJECT_CLASS class;
	char label[HSM_LABEL_MAX + 1];
	uint8_t id[32];
	size_t id_len; /**< as it was asked for; 0: by the label alone */
	CK_OBJECT_HANDLE handle;
};

/** The key of a CA, as it was asked for. */
struct ca_key {
	char label[HSM_LABEL_MAX + 1];
	uint8_t id[32];
	size_t id_len;
	uint8_t spki[91]; /**< its public half, as the token has it */
	uint64_t handles; /**< hsm.handles, when it was read */
};

struct hsm_session {
	struct hsm *hsm;
	CK_SESSION_HANDLE handle; /**< valid if `open` and of this generation */
	uint64_t generation;
	bool open;
	bool busy; /**< taken; under hsm.lock */
	bool broken; /**< close it before the next use */
	/** Random bytes of the token that will be serial numbers. */
	uint8_t serials[64];
	size_t serials_left; /**< taken from the end */
	struct hsm_error error;
};

struct hsm {
	const struct hsm_config *config;
	struct hsm_uri uri; /**< narrowed to what the first epoch found */
	struct secret pin; /**< empty: the token has its own keypad */
	char name[160]; /**< of the token, fixed by the first epoch */
	CK_FUNCTION_LIST *p11;
	void *module; /**< dlopen handle, never closed */

	/* The epoch; written under epoch_lock. */
	pthread_rwlock_t epoch_lock;
	bool up; /**< sessions may be used */
	struct PKCS11_ctx_st *ctx; /**< libp11; all by token.c */
	bool initialized; /**< ctx has the module loaded */
	struct PKCS11_slot_st *slots;
	unsigned slot_count;
	struct PKCS11_slot_st *slot;
	CK_SLOT_ID slot_id;
	CK_FLAGS session_flags; /**< for C_OpenSession */

	_Atomic uint64_t generation; /**< of session and key handles */
	_Atomic uint64_t dead_generation; /**< the one that last failed */
	atomic_bool pin_refused; /**< no login any more */

	/** How often key handles were forgotten; written under lock. */
	_Atomic uint64_t handles;

	pthread_mutex_t lock; /**< of all below */
	pthread_cond_t given; /**< a session came back */
	/** Stays open: the login ends with the last session. */
	CK_SESSION_HANDLE anchor;
	unsigned limit; /**< sessions open at most */
	struct key_cache_entry keys[HSM_KEY_CACHE];
	unsigned key_count, key_next;
	struct ca_key ca_keys[HSM_CA_KEYS];
	unsigned ca_key_count;
	struct hsm_error failure; /**< of the epoch, while not `up` */

	pthread_mutex_t reopen_lock;
	uint64_t opened_ms; /**< when the epoch began, monotonic */
	unsigned backoff_ms; /**< before the next attempt */

	struct hsm_session sessions[HSM_SESSIONS_MAX];
};

/* module.c */

/** Load the module if it is not, without initialising it.
 *  Errors: RC_CONFIG, RC_CONFLICT (open already in this process). */
MUST_CHECK enum rc module_load(struct hsm *h, struct hsm_error *err);
/** Another hsm_open of the module may follow. */
void module_unload(struct hsm *h);

/* token.c: the libp11 side. The caller has the epoch for itself. */

/** C_Initialize, find the token; may it be logged in to? Errors: as hsm_open. */
MUST_CHECK enum rc token_attach(struct hsm *h, struct hsm_error *err);
/** Close all sessions of the token and C_Finalize. Harmless twice. */
void token_detach(struct hsm *h);

/* login.c */

/** May a PIN be tried now? Reads the token's flags.
 *  Errors: RC_CONFIG (there is none to be tried), RC_PIN, RC_TOKEN. */
MUST_CHECK enum rc login_allowed(struct hsm *h, struct hsm_error *err);
/** Explain a refused login and remember it; returns RC_PIN or RC_TOKEN. */
MUST_CHECK enum rc login_failed(struct hsm *h, CK_RV rv, struct hsm_error *err);
/** Log in by the raw layer where the session says that nobody is. Under
 *  hsm.lock. Errors: RC_PIN, RC_TOKEN. */
MUST_CHECK enum rc login_again(
    struct hsm *h, CK_SESSION_HANDLE session, struct hsm_error *err);

/* raw.c: sessions, and the login. */

/** Is a normal user logged in, as this session sees it? */
CK_RV raw_session_state(struct hsm *h, CK_SESSION_HANDLE session, bool *user);
/** Open the anchor, log in, open the first session.
 *  Errors: RC_CONFIG, RC_PIN, RC_TOKEN. */
MUST_CHECK enum rc raw_attach(struct hsm *h, struct hsm_error *err);
/** Make the session usable: open it, or again after a loss. Under
 *  epoch_lock. */
CK_RV session_ready(struct hsm_session *s);
/** After `rv` on the session: mend what is lost. True: try once more; false
 *  with the session's error filled, or not when `rv` itself says it all. */
bool session_revive(struct hsm_session *s, CK_RV rv);
/** Close what is open of this generation. Under hsm.lock and epoch_lock. */
void session_close(struct hsm_session *s);

/* session.c: public calls on a session, and the pool. */

/**
 * An operation on a usable session, under epoch_lock; returns the CKR of the
 * first call that failed and its name in `*call`.
 */
typedef CK_RV (*session_fn)(
    struct hsm_session *s, void *arg, const char **call);

/** Begin a public call: epoch_lock, clear the error, session usable.
 *  Errors: RC_TOKEN (nothing is held then). */
MUST_CHECK enum rc session_enter(struct hsm_session *s);
/** Run it; after a loss, once more. Between enter and leave.
 *  Errors: RC_TOKEN, RC_UNSUPPORTED (the session's error is filled). */
MUST_CHECK enum rc session_run(struct hsm_session *s, session_fn fn, void *arg);
/** End a public call; passes `rc` on. */
enum rc session_leave(struct hsm_session *s, enum rc rc);
/** Fill the session's error from a CKR.
 *  Returns RC_UNSUPPORTED (this key or token cannot do it) or RC_TOKEN. */
MUST_CHECK enum rc session_fail(
    struct hsm_session *s, CK_RV rv, const char *call);
/** The epoch no longer serves: hsm_reopen has work to do. */
void session_mark_dead(struct hsm_session *s);

/* object.c */

/** Which objects of the token. */
struct object_ref {
	CK_OBJECT_CLASS class;
	const char *label; /**< NULL: any */
	struct span id; /**< empty: any */
};

/** The objects that match, `*count` of them, at most `max`. None is an error
 *  where nobody is logged in, or the token is away. */
CK_RV object_search(struct hsm_session *s, const struct object_ref *ref,
    CK_OBJECT_HANDLE *handles, CK_ULONG max, CK_ULONG *count,
    const char **call);
/** Handle of the one that matches: from the cache, or searched. `*found`
 *  counts the matches (0, 1, 2 for more). `ref` has a label. */
CK_RV object_find_one(struct hsm_session *s, const struct object_ref *ref,
    CK_OBJECT_HANDLE *handle, CK_ULONG *found, const char **call);
/** Forget all cached handles. Under hsm.lock. */
void object_cache_clear(struct hsm *h);
/** A Boolean; one that the token does not know counts as false. */
CK_RV object_flag(struct hsm_session *s, CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE_TYPE type, bool *flag);
/** Bytes of an attribute, cut to `cap`; none where the token has none. */
CK_RV object_bytes(struct hsm_session *s, CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE_TYPE type, void *out, size_t cap, size_t *len);
/** What the flags promise is tried: no value may come out. */
bool object_value_readable(struct hsm_session *s, CK_OBJECT_HANDLE object);
/** For a library without const that only reads. */
void *unconst(const void *s);

/* mac.c */

/** The secret keys of that label (NULL: of any), as stored in the token;
 *  `*count` of them, at most `max`. */
CK_RV master_search(struct hsm_session *s, const char *label,
    CK_OBJECT_HANDLE *handles, CK_ULONG max, CK_ULONG *count,
    const char **call);
/** Handle of the one master of that label: from the cache, or searched.
 *  `*found` counts the matches (0, 1, 2 for more). */
CK_RV master_find(struct hsm_session *s, const char *label,
    CK_OBJECT_HANDLE *handle, CK_ULONG *found, const char **call);
/** Explain that there is none, or more than one. */
MUST_CHECK enum rc master_count_check(
    struct hsm_session *s, const char *label, CK_ULONG found);
/** HMAC-SHA256 of `data`; `out` takes HSM_MAC_CAP bytes, of which
 *  HSM_PSK_LEN count. */
CK_RV master_mac(struct hsm_session *s, CK_OBJECT_HANDLE key, struct span data,
    uint8_t out[static HSM_MAC_CAP], const char **call);
/** HMAC-SHA256 under the one master of that label, as master_mac. Errors: as
 *  hsm_derive. */
MUST_CHECK enum rc master_mac_label(struct hsm_session *s, const char *label,
    struct span data, uint8_t out[static HSM_MAC_CAP]);
/** The key check value of a handle. */
CK_RV master_kcv(struct hsm_session *s, CK_OBJECT_HANDLE key,
    uint8_t kcv[static HSM_KCV_LEN], const char **call);
#endif
