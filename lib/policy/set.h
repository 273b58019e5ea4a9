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
	POLICY_FILE_MAX = 256 << 20, /**< bytes of a file that is named */
	POLICY_CERTIFICATES_MAX = 65536, /**< bytes of one with certificates */
};

/** Of times and durations in seconds: no end. */
#define POLICY_FOREVER INT64_MAX

/** Where a document stands, "policies.d/meters.yaml:3". */
struct policy_place {
	const char *file;
	unsigned line;
};

/**
 * A file that a document names, relative to the folder of the document's own.
 * Its bytes belong to the set and to its digest; what they say is taken apart
 * by issue/rules.h. A set that was loaded from text has no folder: there any
 * such name is a finding.
 */
struct policy_file {
	const char *name; /**< as written; NULL: not said */
	const char *path; /**< as opened, for findings */
	struct policy_place place; /**< of the name */
	struct span bytes; /**< up to POLICY_FILE_MAX */
};

enum identity_kind {
	IDENTITY_PSK, /**< psk: {derive: ...} */
	IDENTITY_IMPORTED, /**< psk: {imported: ...} */
	IDENTITY_NOSEC, /**< nosec: {network: [...]} */
	IDENTITY_CERTIFICATE, /**< certificate: {trust: ..., endpoint: ...} */
	IDENTITY_RPK, /**< rpk: {table: ...} */
};

/** Where in a certificate the endpoint stands. */
enum identity_endpoint {
	ENDPOINT_CN, /**< the one common name */
	ENDPOINT_SAN_URI, /**< the one URI "urn:..." of the SAN */
	ENDPOINT_TABLE, /**< nowhere: in a table of fingerprints */
};

/** A line of a table: SHA-256 of a certificate, or of a raw public key as
 *  SubjectPublicKeyInfo, both in DER; and whose it is. */
struct policy_fingerprint {
	uint8_t sha256[DIGEST_LEN];
	struct span endpoint;
};

/** How a certificate for a device is made. */
struct policy_issue {
	const struct policy_authority *ca; /**< NULL: none is made */
	const struct policy_certificate *profile;
	int64_t validity_s; /**< POLICY_FOREVER; -1: as the profile says */
};

/**
 * What a device is to expect of a server: `/0/x/4`, with `/15`, `/13`, `/14`.
 * With a raw public key the file holds that, or a certificate of it.
 */
struct policy_server_key {
	struct policy_file file;
	int usage; /**< 0..3, Certificate Usage; -1: not written */
	int matching; /**< 0, 1, 3, Matching Type; -1: not written */
	const char *sni; /**< NULL: not written */
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
	/** When each ceases to be, UTC; POLICY_FOREVER: never. */
	int64_t epoch_until_s[POLICY_EPOCHS_MAX];
	size_t epoch_count;
	const char *psk_identity; /**< template with one {endpoint} */
	/* IDENTITY_IMPORTED */
	const char *collection; /**< of the sealed store, by its name there */
	/* IDENTITY_NOSEC */
	const struct network *networks;
	size_t network_count;
	/* IDENTITY_CERTIFICATE */
	struct policy_file trust; /**< not said: `server.trust` of the daemon */
	enum identity_endpoint endpoint_from;
	struct policy_issue issue; /**< for images */
	struct policy_server_key
	    server; /**< for images; the bootstrap server */
	/* IDENTITY_CERTIFICATE with ENDPOINT_TABLE, IDENTITY_RPK */
	const struct policy_fingerprint *table; /**< sorted by sha256 */
	size_t table_count;
};

/** authority: a CA whose key is in the token, which makes certificates for
 *  devices. */
struct policy_authority {
	const char *name;
	struct policy_place place;
	struct policy_file certificate;
	const char *key; /**< "pkcs11:object=..."; absent: object=NAME */
};

enum { POLICY_SUBJECT_MAX = 8 };

/** certificate_profile: what a device's certificate says. Values may have
 *  {endpoint} in them. "device-p256" is built in: CN={endpoint}, SAN URI
 *  {endpoint}, clientAuth, 10 years, a day back. */
struct policy_certificate {
	const char *name;
	struct policy_place place;
	struct {
		const char *attribute; /**< CN, O, OU, C, L, ST, serialNumber */
		const char *value;
	} subject[POLICY_SUBJECT_MAX]; /**< in this order */
	size_t subject_count;
	const char *san_uri; /**< NULL: none. Left out where it makes no URI */
	const char *san_dns; /**< NULL: none */
	bool client_auth, server_auth; /**< extended key usage */
	bool digital_signature; /**< key usage */
	bool key_ids; /**< subject and authority key identifier */
	int64_t backdate_s;
	int64_t validity_s; /**< or POLICY_FOREVER */
};

enum key_source {
	KEY_DERIVED, /**< in the HSM; nothing is stored */
	KEY_RANDOM, /**< made once, sealed in the ledger's store */
	KEY_IMPORTED, /**< the endpoint's key of a collection there */
};

/** A pre-shared key of a server account. */
struct policy_key {
	enum key_source source;
	const char *master; /**< KEY_DERIVED; KEY_RANDOM: label of the
			         sealing key */
	const char *collection; /**< KEY_IMPORTED */
	uint32_t epoch;
	unsigned length; /**< bytes, KEY_RANDOM: 16..64 */
};

enum server_mode {
	SERVER_PSK,
	SERVER_NOSEC,
	SERVER_CERTIFICATE,
	SERVER_RPK,
};

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
	struct policy_issue issue; /**< SERVER_CERTIFICATE */
	struct policy_server_key server; /**< SERVER_CERTIFICATE, SERVER_RPK */
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
	const struct policy_authority *authorities;
	size_t authority_count;
	const struct policy_certificate *certificates; /**< profiles */
	size_t certificate_count;
	/** Of names and bytes of all files, those that documents name too. */
	uint8_t digest[DIGEST_LEN];
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

/** Every label of a secret key in the token that the set names, to derive from
 *  or to seal with, each once; calls `each`. */
typedef enum rc (*policy_label_fn)(void *ctx, const char *label);
MUST_CHECK enum rc policy_masters(
    const struct policy_set *s, policy_label_fn each, void *ctx);

#endif
