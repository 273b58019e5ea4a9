/**
 * server_files.h - the files that `server:` names, read whole and taken apart:
 * this server's certificates with the numbers of their keys, anchors of the
 * devices, revocation lists. Immutable; replaced whole.
 */
#ifndef BOOTSTRAPD_SERVER_FILES_H
#define BOOTSTRAPD_SERVER_FILES_H

#include "base/digest.h"
#include "config.h"
#include "hsm/cert.h"
#include "issue/rules.h"

#include <sys/stat.h>

enum {
	SERVER_EXPIRES_SOON_S = 30 * 86400,
};

/** A certificate of ours. */
struct server_cert {
	const char *path;
	struct span chain; /**< it and what is behind it, DER end to end */
	struct cert cert;
	uint8_t sha256[DIGEST_LEN]; /**< of the certificate */
	struct hsm_ec_ref key;
	/** What workers call the key: of its public half, so that it stays the
	 *  same when anything else changes. */
	uint32_t number;
};

struct server_files {
	struct server_cert certs[SERVERS_MAX];
	size_t cert_count;
	struct issue_file trust[SERVER_FILES_MAX], crls[SERVER_FILES_MAX];
	size_t trust_count, crl_count;
	struct stat crl_stats[SERVER_FILES_MAX]; /**< zeros: was not there */
	struct arena *arena;
};

/**
 * Read them all; with `old` the revocation lists alone, the rest is copied
 * from it. `err` says what is wrong.
 * Errors: RC_IO, RC_CONFIG (what is in them), RC_MEMORY. Owned.
 */
MUST_CHECK enum rc server_files_load(const struct config *c,
    const struct server_files *old, struct server_files **out,
    struct hsm_error *err);
void server_files_free(struct server_files *f);

/** Is any revocation list another one than was read? */
bool server_files_changed(const struct server_files *f);

/** Take them for known as they are now on the disk. */
void server_files_note(struct server_files *f);

/* server_cert.c */

/** Take one file apart; what it finds is in `a`, or borrowed from `file`.
 *  Errors: RC_CONFIG (`err`), RC_MEMORY. */
MUST_CHECK enum rc server_cert_read(struct arena *a,
    const struct issue_file *file, const struct hsm_ec_ref *key,
    struct server_cert *out, struct hsm_error *err);

/**
 * Is each key of this server its alone: of no authority of the policies, of no
 * trust anchor? Errors: RC_CONFIG (`err`), RC_MALFORMED.
 */
MUST_CHECK enum rc server_files_apart(const struct server_files *f,
    const struct issue_rules *rules, struct hsm_error *err);

/** "ok", "expires-soon", "expired", "not-valid-yet". */
const char *server_cert_state(const struct server_cert *c, int64_t now_s);

/**
 * Is each key in the token, the one of its certificate, and does it sign?
 * Errors: RC_NOT_FOUND, RC_CONFLICT (another one, `err` names both), RC_DENIED
 * (it signs wrongly), RC_TOKEN.
 */
MUST_CHECK enum rc server_files_check(struct hsm_session *hsm,
    const struct server_files *f, struct hsm_error *err);

#endif
