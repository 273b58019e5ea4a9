/**
 * config.h - bootstrapd.yaml as a value (interfaces.md, bootstrapd.yaml(5)).
 *
 * Read with the policies' YAML reader: every finding of the file in one run,
 * at file:line:column. Relative paths are relative to the file's folder.
 */
#ifndef BOOTSTRAPD_CONFIG_H
#define BOOTSTRAPD_CONFIG_H

#include "base/address.h"
#include "base/arena.h"
#include "base/diag.h"
#include "hsm/ec.h"
#include "issue/signed.h"
#include "rollout.h"

enum {
	LISTENERS_MAX = 16,
	WORKERS_MAX = 64,
	SERVERS_MAX = 16, /**< certificates of this server */
	SERVER_FILES_MAX = 16, /**< of trust anchors, of revocation lists */
	CONFIG_PUSH_WINDOW_MS_MAX = 86400000,
	/** Clients give up at EXCHANGE_LIFETIME, 247 s. */
	CONFIG_LIFETIME_MS_MAX = 246000,
};

enum listen_kind {
	LISTEN_COAP, /**< NoSec: only whom a `nosec` identity admits */
	LISTEN_COAPS, /**< DTLS */
	LISTEN_COAP_TCP, /**< NoSec too */
	LISTEN_COAPS_TCP, /**< TLS */
};

static inline bool
listen_is_stream(enum listen_kind k)
{
	return k == LISTEN_COAP_TCP || k == LISTEN_COAPS_TCP;
}

static inline bool
listen_is_secure(enum listen_kind k)
{
	return k == LISTEN_COAPS || k == LISTEN_COAPS_TCP;
}

/** "coap", "coaps+tcp"; static. */
const char *listen_scheme(enum listen_kind k);

struct listen_config {
	enum listen_kind kind;
	struct address address; /**< numeric; port 0: a free one */
	unsigned line;
};

/** Whom a process becomes when the daemon is started as root. */
struct user_config {
	bool set;
	uint32_t uid, gid;
};

/** A certificate of this server, and its key in the token. */
struct server_config {
	const char *certificate; /**< path: it, and its chain behind it */
	struct hsm_ec_ref key;
	unsigned line;
};

struct config {
	const char *file; /**< as given */
	struct listen_config listen[LISTENERS_MAX];
	size_t listen_count;
	unsigned workers; /**< 1..WORKERS_MAX; `auto`: the cores */
	struct hsm_config hsm;
	const char *policies; /**< folder or file */
	struct signed_trust
	    policy_trust; /**< signers NULL: none have to sign */
	struct rollout_terms rollout; /**< where nothing else is asked for */
	const char *ledger; /**< file */
	const char *control; /**< socket; NULL: none */
	/** Shown to devices; the first to who names none of them. None:
	 *  pre-shared keys alone. */
	/** Where devices find this server, for those whose account it renews;
	 *  NULL: not said. */
	const char *server_uri;
	struct server_config servers[SERVERS_MAX];
	size_t server_count;
	const char *trust[SERVER_FILES_MAX]; /**< paths */
	size_t trust_count;
	const char *crls[SERVER_FILES_MAX]; /**< paths */
	size_t crl_count;
	struct user_config user_worker, user_keeper;
	uint64_t sessions_max; /**< of all workers, default 20000 */
	uint64_t handshakes_max; /**< default 2000 */
	uint64_t handshakes_per_source; /**< of one worker, default 256 */
	uint64_t connections_max; /**< TCP, of all workers, default 8192 */
	uint64_t session_lifetime_ms; /**< default 240 s, at most 246 s */
	uint64_t handshake_ms; /**< default 60 s */
	uint64_t idle_ms; /**< default 300 s */
	uint64_t drain_ms; /**< default 30 s */
	uint64_t keeper_wait_ms; /**< default 20 s */
	/** From the trigger of a push until its device comes; default 600 s. */
	uint64_t push_window_ms;
	uint64_t questions_per_s; /**< of one worker, default 1000 */
	/** Bootstraps of one device in an hour, default 12; 0: any number. */
	uint64_t device_requests;
	/** Bytes of one answer of a device, all its blocks; default 16 KiB. */
	uint64_t answer_max;
	bool hsm_network; /**< the module may open sockets */
	struct arena *arena;
};

/** Findings go to `d`. Errors: RC_CONFIG, RC_IO, RC_MEMORY. Owned. */
MUST_CHECK enum rc config_load(
    const char *file, struct diag *d, struct config **out);
void config_free(struct config *c);

/** Started as root, are there users to become? NULL when all is well, else
 *  what is wrong; static. */
const char *config_users_fault(const struct config *c, bool as_root);
extern const char config_users_remedy[];

#endif
