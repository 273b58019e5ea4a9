/**
 * set.h - who may come, and what they get: all identities and policies of a
 * folder as one immutable value with a digest. It is replaced whole, and
 * counted by whoever uses it.
 */
#ifndef POLICY_SET_H
#define POLICY_SET_H

#include "base/address.h"
#include "base/diag.h"
#include "base/digest.h"
#include "lwm2m/value.h"

enum {
	POLICY_EPOCHS_MAX = 8,
	POLICY_SERVERS_MAX = 16, /**< of one policy */
	POLICY_ENDPOINT_MAX = 252, /**< bytes (one Uri-Query option) */
	POLICY_CLEAN_MAX = 16, /**< paths that one policy deletes */
	POLICY_STEPS_MAX = 64, /**< requests to one device: PLAN_STEPS_MAX */
	POLICY_ENTRIES_MAX = 64, /**< values of one instance */
	POLICY_BYTES_MAX = 16384, /**< of all texts and bytes in `objects:` */
};

/** Where a document stands, "policies.d/meters.yaml:3". */
struct policy_place {
	const char *file;
	unsigned line;
};

enum identity_kind {
	IDENTITY_PSK, /**< psk: {derive: ...} */
	IDENTITY_NOSEC, /**< nosec: {network: [...]} */
};

/** What a device proves itself with on first boot. */
struct identity {
	const char *name;
	struct policy_place place;
	enum identity_kind kind;
	const char *endpoint; /**< glob; "*" when not said */
	/* IDENTITY_PSK */
	const char *master; /**< label of the master in the HSM */
	uint32_t epochs[POLICY_EPOCHS_MAX]; /**< accepted, as written */
	size_t epoch_count;
	const char *psk_identity; /**< template with one {endpoint} */
	/* IDENTITY_NOSEC */
	const struct network *networks;
	size_t network_count;
};

/** A key of a server account: derived in the HSM, nothing stored. */
struct policy_key {
	const char *master;
	uint32_t epoch;
};

enum server_mode { SERVER_PSK, SERVER_NOSEC };

struct policy_server {
	const char *name;
	unsigned line;
	uint16_t short_server_id;
	const char *uri;
	uint32_t lifetime_s;
	const char *binding;
	bool storing; /**< /1/x/6, default true */
	int64_t min_period_s; /**< /1/x/2; -1: not written */
	int64_t max_period_s; /**< /1/x/3; -1: not written */
	int64_t disable_timeout_s; /**< /1/x/5; -1: not written */
	enum server_mode mode;
	const char *psk_identity; /**< template; SERVER_PSK */
	struct policy_key key; /**< SERVER_PSK */
};

/** An instance written as the policy says, typed by the object tables. */
struct policy_object {
	struct lwm2m_path path; /**< /o/i */
	unsigned line;
	const struct lwm2m_entry *entries; /**< sorted */
	size_t entry_count;
};

/** How this client family behaves: data, never an `if` on its name. */
struct policy_profile {
	const char *name;
	bool discover; /**< ask for Discover first (best effort) */
	bool empty_keys; /**< /0/x/3, /4, /5 present though unused */
	bool strict_delete; /**< a Delete must be answered 2.02 */
	size_t max_message; /**< bytes of one CoAP message to the device */
};

enum policy_verify { VERIFY_NONE, VERIFY_DISCOVER };
enum policy_failure { FAILURE_LEAVE, FAILURE_CLEAN };

struct policy {
	const char *name;
	const char *description; /**< "" when absent */
	struct policy_place place;
	int64_t order; /**< lower first; default 1000 */
	const char **identities; /**< NULL-ended; NULL: any */
	const char *endpoint; /**< glob; "*" when not said */
	struct policy_profile device;
	const struct lwm2m_path *clean;
	size_t clean_count;
	const struct policy_server *servers;
	size_t server_count;
	const struct policy_object *objects;
	size_t object_count;
	enum policy_verify verify;
	enum policy_failure on_failure;
};

struct policy_set {
	const struct identity *identities; /**< in order of file and place */
	size_t identity_count;
	const struct policy *policies; /**< in the order they are tried */
	size_t policy_count;
	uint8_t digest[DIGEST_LEN]; /**< of names and bytes of all files */
	/* the rest belongs to set.c */
	struct arena *arena;
	int references;
};

/**
 * Load every *.yaml of the folder `path` (sorted by name), or the one file
 * `path`. Every finding of every file goes to `d`. The set comes with one
 * reference. Errors: RC_CONFIG (findings of level error), RC_IO (folder),
 * RC_MEMORY.
 */
MUST_CHECK enum rc policy_load(
    const char *path, struct diag *d, struct policy_set **out);

/** The same over documents in memory, for tests and fuzzing. */
MUST_CHECK enum rc policy_load_text(const char *file, struct span text,
    struct diag *d, struct policy_set **out);

/** Thread-safe. */
struct policy_set *policy_set_ref(struct policy_set *s);
void policy_set_unref(struct policy_set *s);

/** Every master label that the set derives from, each once; calls `each`. */
typedef enum rc (*policy_label_fn)(void *ctx, const char *label);
MUST_CHECK enum rc policy_masters(
    const struct policy_set *s, policy_label_fn each, void *ctx);

#endif
