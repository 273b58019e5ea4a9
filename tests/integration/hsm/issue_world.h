/**
 * issue_world.h - all that a decision needs, for tests of lib/issue: a token
 * with CAs and masters, policies that name their certificates, and a ledger.
 */
#ifndef TESTS_HSM_ISSUE_WORLD_H
#define TESTS_HSM_ISSUE_WORLD_H

#include "fixture.h"
#include "openssl.h"

#include "hsm/crl.h"
#include "issue/issue.h"

/** A certificate, and the token's key behind it where it is a CA's. */
struct made {
	uint8_t bytes[CERT_DER_MAX];
	struct cert cert;
	struct hsm_ec_ref key;
	struct device_key pair; /**< of a device */
};

struct issue_world {
	struct hsm *hsm;
	struct hsm_session *session;
	struct made root, device_ca, stranger_ca;
	int64_t now_s;
	char ledger_path[64];
	struct ledger *ledger; /**< to write */
	struct ledger *store; /**< to read */
	struct diag *findings;
	struct policy_set *set;
	struct issue_rules *rules;
	struct issuer issuer;
	uint8_t next_session;
};

extern struct issue_world world;

#define ENDPOINT "urn:dev:ops:0057F2-WM200-000017" /* 31 bytes */

/** Token with the CAs "root", "device-ca" (below it) and "stranger-ca" (a root
 *  of its own), masters "bootstrap-2026", "fleet-2026" and "seal-2026"; their
 *  certificates as NAME.pem; an empty ledger. For cmocka's group. */
int world_open(void **state);
int world_close(void **state);

/** Take these documents, with the revocation lists in `crls` (DER, may be
 *  empty), or fail the test with what was found. */
void world_rules(const char *yaml, struct span crls);

/** A profile of a device with that name, as common name and as URI. */
void world_profile(struct cert_profile *p, const char *name);
/** Sign what the profile says, of a new key pair. `out` is initialised. */
void world_certificate(
    const struct made *ca, struct cert_profile *p, struct made *out);
/** The same with every occurrence of `from` in the signed part made `to`, of
 *  the same length: what no profile would say. Its DER alone, in `out`. */
void world_forged_text(const struct made *ca, struct cert_profile *p,
    const char *from, const char *to, size_t len, struct made *out);
void world_made_fini(struct made *m);

/** A list of that CA, DER into `w`. */
void world_crl(const struct made *ca, struct span serial, int64_t next_update_s,
    struct writer *w);

/** A request with that certificate; `chain` may be empty. */
struct issue_request by_certificate(const struct made *m, struct span chain);
struct issue_request by_psk(const char *identity, uint32_t epoch);

/** Decide and record, or fail the test. */
void world_grant(const struct issue_request *rq, struct issue_decision *d);
/** Decide; the reason must be that one. */
void world_refuse(const struct issue_request *rq, enum reason why);
enum rc world_record(
    const struct issue_request *rq, const struct issue_decision *d, bool again);

/** Append credential_revoked with these fields, NULL-ended pairs. */
void world_revoke(const char *endpoint, const char *const *pairs);
/** As hex, in static memory. */
const char *world_hex(struct span bytes);

/** Put an imported key into the store, sealed; fails the test. */
void world_import(const char *collection, const char *name, uint32_t epoch,
    const char *endpoint, struct span key);

/** How many rows of that kind; of the last one, a text field into `text`
 *  (256 bytes; "" where it is none). `field` may be NULL. */
size_t world_rows(const char *kind, const char *field, char *text);

#endif
