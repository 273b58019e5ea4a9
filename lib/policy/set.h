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
	POLICY_SERVERS_MAX = 16, /**< accounts of one device */
	POLICY_MEMBERS_MAX = 1024, /**< servers of one policy, in all pools */
	POLICY_WEIGHT_MAX = 1000, /**< of a member of a pool */
	POLICY_OVERRIDE_DOCUMENTS_MAX = 1000, /**< of one set */
	POLICY_OVERRIDES_MAX = 16, /**< that are for one device */
	POLICY_OVERRIDE_ENTRIES_MAX = 512, /**< values of instances changed */
	POLICY_ENDPOINT_MAX = 252, /**< bytes (one Uri-Query option) */
	POLICY_CLEAN_MAX = 16, /**< paths that one policy deletes */
	/** Requests to one device, as instances; resource by resource they may
	 *  be more (PLAN_STEPS_MAX). */
	POLICY_STEPS_MAX = 64,
	POLICY_ENTRIES_MAX = 64, /**< values of one instance */
	POLICY_BYTES_MAX = 16384, /**< of all texts and bytes in `objects:` */
	POLICY_FILE_MAX = 256 << 20, /**< bytes of a file that is named */
	POLICY_CERTIFICATES_MAX = 65536, /**< bytes of one with certificates */
	POLICY_FORMATS_MAX = 8, /**< Content-Formats that a profile lists */
	POLICY_DISCOVER_MAX = 8192, /**< bytes of `discover_reply` */
	POLICY_HEADERS_MAX = 8, /**< header lines of a trigger */
	POLICY_CONDITIONS = 8, /**< keys that `match:` may have */
	/** Bytes of all files of a set that are kept with it. */
	POLICY_KEPT_MAX = 64 << 20,
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
	bool needs_order; /**< `order: required`: for images */
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
	bool echo; /**< its address must be shown fresh (RFC 9175) */
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

/**
 * How a device that is registered at a server is told to bootstrap again: an
 * HTTP request to that server, which then executes `/1/x/9` (LwM2M Core 1.1,
 * Bootstrap-Request Trigger). `url`, header values and `body` may have
 * {endpoint}, {name} (of the server) and {ssid} in them.
 */
struct policy_trigger {
	const char *url; /**< http or https; NULL: there is no trigger */
	const char *method; /**< "POST" when not said */
	const char *headers[POLICY_HEADERS_MAX]; /**< "Name: value" */
	size_t header_count;
	const char *body; /**< NULL: none */
	/** Absolute path of the file whose one line is the value of
	 *  Authorization, read by whoever sends the request; its bytes are no
	 *  part of the set. NULL: none. */
	const char *authorization_file;
	/** Absolute path, trust for https; NULL: the system's. */
	const char *ca_file;
};

/** An OSCORE context of a server account: an instance of /21 (LwM2M OSCORE)
 *  and the link to it, /0/x/17. */
struct policy_oscore {
	bool present;
	struct policy_key
	    key; /**< of the Master Secret; KEY_DERIVED or RANDOM */
	/** Of the client; hex, up to 7 bytes; NULL: 7 bytes of the SHA-256 of
	 *  the endpoint. */
	const char *sender_id;
	const char *recipient_id; /**< hex, up to 7 bytes */
};

/** What a member of a pool says of its share. */
struct policy_share {
	uint32_t weight; /**< 1 to POLICY_WEIGHT_MAX; default 1 */
	bool drain; /**< who is there goes elsewhere, nobody comes */
	uint64_t capacity; /**< devices; 0: not limited */
	const struct network *networks; /**< `allocate: network` */
	size_t network_count;
	const struct span *names; /**< `allocate: list`: sorted, each once */
	size_t name_count;
	bool is_default; /**< of a pool by network or list: for all others */
	uint8_t key[16]; /**< allocate.h; of the names of pool and member */
};

struct policy_server {
	const char *name;
	const char *file; /**< NULL: that of its policy */
	unsigned line;
	/** Among all servers of the set, from 0 (policy_set.server_count): for
	 *  whoever keeps something beside each. Overrides leave it. */
	size_t number;
	struct policy_share share;
	uint16_t short_server_id; /**< 0: a Bootstrap-Server Account */
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
	struct policy_oscore oscore;
	/** What else is written of `/1/0` and `/0/0` (the instance is chosen
	 *  when it is sent): registration order and delay, retries, groups,
	 *  anything typed by the tables and not named above. Sorted. */
	const struct lwm2m_entry *server_entries;
	size_t server_entry_count;
	const struct lwm2m_entry *security_entries;
	size_t security_entry_count;
	struct policy_trigger trigger;
};

/** How a member of a pool is chosen. */
enum policy_allocate {
	ALLOCATE_HASHED, /**< by weight and the hash of the endpoint */
	ALLOCATE_NETWORK, /**< whose network the device comes from */
	ALLOCATE_LIST, /**< whose list names it */
};

/** An entry of `servers:`, of which a device has one account: a server, or a
 *  pool of servers of which each device has one. */
struct policy_pool {
	const char *name; /**< NULL: one server, that stands alone */
	unsigned line;
	enum policy_allocate allocate;
	size_t first, count; /**< among the servers of the policy; from 1 */
};

/** What is done with a device that comes again after it ended ok. */
enum policy_reprovision {
	REPROVISION_KEEP, /**< the same keys */
	REPROVISION_ROTATE, /**< keys of the next epoch, new certificates */
	REPROVISION_RESET, /**< everything is deleted first */
	REPROVISION_NEVER, /**< refused until an operator lets it in */
};

/** What becomes of the device's Bootstrap-Server Account. */
enum account_change {
	ACCOUNT_KEEP, /**< it is not touched */
	ACCOUNT_ROTATE, /**< the same server, a newer key of `identity` */
	ACCOUNT_HAND_OVER, /**< another bootstrap server */
};

struct policy_account {
	enum account_change change;
	/** ROTATE: the document whose credential it gets; NULL: the one that it
	 *  came by. */
	const struct identity *identity;
	uint32_t epoch; /**< ROTATE: 0: the newest that is accepted */
	const char *uri; /**< ROTATE: NULL: `server.uri` of the daemon */
	int64_t hold_off_s; /**< /0/x/11; -1: not written */
	int64_t timeout_s; /**< /0/x/12; -1: not written */
	struct policy_server server; /**< HAND_OVER: URI and security */
};

/**
 * An instance written as the policy says, typed by the object tables. The value
 * of an entry may be the instance that is chosen for a server account: then its
 * value is 0 (or the link's instance is) and `account_of` has an element.
 */
struct policy_account_of {
	size_t entry; /**< index */
	size_t server; /**< index of the account: into the pools */
	uint16_t object; /**< whose instance: 0, 1 or 21 */
};

struct policy_object {
	struct lwm2m_path path; /**< /o/i */
	unsigned line;
	const struct lwm2m_entry *entries; /**< sorted */
	size_t entry_count;
	const struct policy_account_of *account_of;
	size_t account_of_count;
};

/** What one Write is about. */
enum write_level {
	WRITE_INSTANCE, /**< `/0/1`: one instance whole */
	WRITE_OBJECT, /**< `/0`: all instances of an object at once */
	WRITE_RESOURCE, /**< `/0/1/0`: one resource */
};

/**
 * How this client family behaves: data, never an `if` on its name. Shipped in
 * policies/profiles, and any folder of policies may hold more of them.
 */
struct policy_profile {
	const char *name;
	struct policy_place place;
	unsigned version; /**< of LwM2M: 10, 11, 12 */
	/** Content-Formats of Writes in the order to try, behind the `pct` of
	 *  the request. */
	uint16_t formats[POLICY_FORMATS_MAX];
	size_t format_count;
	enum write_level level; /**< that it is written with */
	unsigned levels; /**< all that it takes: 1 << enum write_level */
	bool discover; /**< ask for Discover first (best effort) */
	bool read; /**< answers Bootstrap-Read of /1 and /2 */
	bool pack; /**< may be given a Bootstrap-Pack */
	bool empty_keys; /**< /0/x/3, /4, /5 present though unused */
	bool strict_delete; /**< a Delete must be answered 2.02 */
	/** It refuses resources that its version of the object does not have,
	 *  instead of ignoring them: they are left out. */
	bool refuses_unknown;
	/** It answers the Finish with 4.06 for a 0 in /1/x/17 or /1/x/20. */
	bool refuses_zero_retries;
	bool oscore; /**< may have object 21 */
	bool access_control; /**< may have object 2 */
	size_t max_message; /**< bytes of one CoAP message to the device */
	size_t block_size; /**< of the largest block; 0: takes no blocks */
	int account_instance; /**< of /0, where its own account is; -1: unknown */
	unsigned modes; /**< security modes it knows: 1 << enum server_mode */
	size_t key_max; /**< bytes of /0/x/3, /4, /5 each; 0: not limited */
	size_t endpoint_max; /**< bytes of its name */
	/** What it answers to a Discover of "/" before anything is written: to
	 *  measure with. NULL: nobody has said. */
	const char *discover_reply;
};

/** What is sent once after a Finish that was answered 4.06; then Finish
 *  again. */
struct policy_correction {
	struct policy_profile device; /**< all accounts are written this way */
	const struct lwm2m_path *clean;
	size_t clean_count;
	const struct policy_object *objects;
	size_t object_count;
};

enum policy_budget_key {
	BUDGET_DATAGRAMS,
	BUDGET_BYTES,
	BUDGET_ROUND_TRIPS,
	BUDGET_BLOCKS,
	BUDGET_NB_IOT,
	BUDGET_LTE_M,
};
enum { BUDGET_KEYS = BUDGET_LTE_M + 1 };

/** What one bootstrap may cost. 0: not limited. */
struct policy_budget {
	unsigned line;
	/** Where each limit stands. */
	struct {
		unsigned line, column;
	} at[BUDGET_KEYS];
	uint32_t datagrams, bytes, round_trips, blocks;
	uint32_t nb_iot_ms, lte_m_ms; /**< worst time on that link */
};

enum pattern_kind {
	PATTERN_GLOB, /**< the text itself */
	PATTERN_PREFIX, /**< {prefix: ...} */
	PATTERN_REGEX, /**< {regex: ...} */
	PATTERN_LIST, /**< {list: FILE} */
};

struct regex;
struct policy_overriding;

/** One of the patterns behind `match.endpoint`. */
struct policy_pattern {
	enum pattern_kind kind;
	const char *text; /**< as written; PATTERN_LIST: the name of the file */
	const struct regex *regex; /**< PATTERN_REGEX */
	const struct span *names; /**< PATTERN_LIST: sorted, each once */
	size_t name_count;
};

/** A CA behind `match.issuer`: by its name, or by its key. */
struct policy_issuer {
	const char *cn; /**< its one common name; NULL: by its key */
	uint8_t key_sha256[DIGEST_LEN]; /**< of the SubjectPublicKeyInfo */
};

/** What a device came by: behind `match.credential`. */
enum policy_credential {
	POLICY_PSK,
	POLICY_CERTIFICATE,
	POLICY_RPK,
	POLICY_NOSEC,
};

/** All of `match:` but `identity`. Of each list one has to fit; a count of 0,
 *  or NULL: any. */
struct policy_match {
	const struct policy_pattern *endpoints;
	size_t endpoint_count;
	unsigned credentials; /**< 1 << enum policy_credential; 0: any */
	const struct policy_issuer *issuers;
	size_t issuer_count;
	const char **sans; /**< globs, NULL-ended */
	const struct network *networks;
	size_t network_count;
	const char **models; /**< globs, NULL-ended */
	const char **batches; /**< likewise */
	/** Where each key stands in the policy's file, in the order of enum
	 *  policy_miss from MISS_IDENTITY on; 0: not said. */
	unsigned lines[POLICY_CONDITIONS];
};

/** A line of the files behind `devices:`. */
struct policy_device {
	struct span endpoint;
	const char *model, *batch; /**< "": not said */
	struct policy_place place; /**< its line */
};

enum policy_refusal_kind {
	POLICY_GIVES, /**< a plan: no refusal */
	POLICY_DENIES, /**< `deny:`: turned away */
	POLICY_HOLDS, /**< `quarantine:`: told to come again later */
};

/** A policy that gives nothing: what its devices are told, and why. */
struct policy_refusal {
	enum policy_refusal_kind kind;
	const char *why; /**< words for the ledger; NULL: POLICY_GIVES */
	uint32_t retry_s; /**< POLICY_HOLDS: after which it may ask again */
};

enum policy_verify { VERIFY_NONE, VERIFY_DISCOVER, VERIFY_READ };
enum policy_failure { FAILURE_LEAVE, FAILURE_CLEAN };

struct policy {
	const char *name;
	const char *description; /**< "" when absent */
	struct policy_place place;
	int64_t order; /**< lower first; default 1000 */
	const char **identities; /**< NULL-ended; NULL: any */
	/** A glob that all its endpoints fit; which they are, `match` says. */
	const char *endpoint;
	struct policy_match match;
	struct policy_refusal refusal; /**< if not POLICY_GIVES: no more */
	struct policy_profile device;
	enum policy_reprovision reprovision;
	const struct lwm2m_path *clean;
	size_t clean_count;
	/** Pool by pool; of a policy that is given (policy/decide.h) one an
	 *  account, and no pools. */
	const struct policy_server *servers;
	size_t server_count;
	const struct policy_pool *pools; /**< one an account, as written */
	size_t pool_count;
	const struct policy_object *objects;
	size_t object_count;
	enum policy_verify verify;
	enum policy_failure on_failure;
	struct policy_account account;
	const struct policy_correction *correction; /**< NULL: none */
	struct policy_budget budget;
	/** Overrides that may be for its devices, in their order (override.h).
	 */
	const struct policy_overriding *overriding;
	size_t overriding_count;
};

struct policy_index;
struct policy_override;
struct policy_image;

/**
 * A file that was read for a set: a document, or what documents name. Read
 * once: these are the bytes that were parsed and hashed.
 */
struct policy_set_file {
	/** As seen from the folder of the documents, "lists/pilot.csv",
	 *  "../ca.pem"; absolute where a document names it so. No control
	 *  character, no backslash, UTF-8. */
	const char *name;
	uint8_t sha256[DIGEST_LEN];
	/** NULL in a set of more than POLICY_KEPT_MAX bytes. */
	struct span bytes;
};

struct policy_set {
	const struct identity *identities; /**< in order of file and place */
	size_t identity_count;
	const struct policy *policies; /**< in the order they are tried */
	size_t policy_count;
	size_t override_count; /**< documents */
	size_t server_count; /**< of all policies; those handed over to, too */
	const struct policy_authority *authorities;
	size_t authority_count;
	const struct policy_certificate *certificates; /**< profiles */
	size_t certificate_count;
	const struct policy_profile *profiles; /**< shipped ones first */
	size_t profile_count;
	const struct policy_device *devices; /**< sorted by endpoint */
	size_t device_count;
	/** Of factory lines (policy/image.h); in order of file and place. */
	const struct policy_image *images;
	size_t image_count;
	/** All that was read, documents and what they name; sorted by name. */
	const struct policy_set_file *files;
	size_t file_count;
	uint64_t file_bytes; /**< of all of them together */
	/** The SHA-256 of the manifest (manifest.h): of names and bytes of all
	 *  files. `provisioning-tool policy manifest FOLDER | sha256sum` */
	uint8_t digest[DIGEST_LEN];
	/* the rest belongs to set.c */
	const struct policy_index *index; /**< for policy_for */
	struct arena *arena;
	struct arena *file_arena; /**< of the files' bytes; NULL: dropped */
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

/**
 * The same over files in memory, as they once were `files` of a set: nothing
 * is read from the disk. `path` is what policy_load was given then: findings
 * and places show it. Where it ends in ".yaml" and is the name of one of the
 * files, that is the one file of documents; else every name without a '/' that
 * ends so is. All is copied; `sha256` is not looked at. Errors: as policy_load.
 */
MUST_CHECK enum rc policy_load_files(const char *path,
    const struct policy_set_file *files, size_t count, struct diag *d,
    struct policy_set **out);

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
