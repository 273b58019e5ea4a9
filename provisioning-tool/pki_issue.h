/**
 * pki_issue.h - one certificate on its way: by whom, for what, into what.
 */
#ifndef TOOL_PKI_ISSUE_H
#define TOOL_PKI_ISSUE_H

#include "hsm/device_key.h"
#include "issue/mint.h"
#include "issue/rules.h"
#include "ledger/ledger.h"
#include "output.h"
#include "pki_file.h"
#include "token.h"

enum {
	KEY_PEM_MAX = 512, /**< bytes of a private key in PEM */
	SIGNING_TEXT_MAX = 65536, /**< bytes of a certificate and its chain */
};

/** All that one run holds. */
struct signing {
	const struct options *o;
	int64_t now_s;
	struct settings settings;
	/* who signs: pki_issue_source.c */
	struct policy_set *set; /**< with --issuer: what is built in */
	struct issue_rules *rules;
	const struct policy_authority *authority; /**< NULL: --issuer */
	const struct policy_certificate *document; /**< the profile */
	const char *ca_name; /**< of its file, for what is said */
	struct pki_file issuer_file;
	struct span ca_bytes; /**< borrowed from one of the above */
	struct pki_certificate ca;
	bool ca_named; /**< its key must be `ca_wanted` */
	struct hsm_ec_ref ca_wanted, ca_key;
	/* for whom */
	struct issue_authority signer; /**< for `mint` */
	struct mint mint; /**< what the certificate says */
	struct pki_request request;
	struct device_key key;
	uint8_t spki[P256_SPKI_LEN];
	/* what comes of it */
	struct token token;
	struct ledger *ledger;
	uint64_t seq;
	struct pki_certificate own;
	struct secret key_pem;
	uint8_t text[SIGNING_TEXT_MAX];
	struct writer pem;
	struct span file; /**< as it is written */
	struct output output, key_file;
};

/**
 * Find who signs, by --authority or --issuer, and what the certificate says.
 * An exit code; what is wrong was said on stderr.
 */
MUST_CHECK int signing_sources(struct signing *is);

/* Likewise, in pki_issue_sign.c: */

/** The key of the request, or a stand-in for one that is still to be made. */
MUST_CHECK int signing_read_key(struct signing *is);
/** All that must not be signed, before any key is made or used. */
MUST_CHECK int signing_lint(struct signing *is);
/** What would be signed, in words on standard output. */
MUST_CHECK int signing_show(struct signing *is);
/** A key pair for --key-out; the token is open. */
MUST_CHECK int signing_make_key(struct signing *is);
/** Sign, and verify as everybody will. */
MUST_CHECK int signing_sign(struct signing *is);
/** The file's bytes. */
MUST_CHECK int signing_encode(struct signing *is);

#endif
