/**
 * ceremony_run.h - a ceremony on its way: what is looked at before anything is
 * made, and the steps then taken one by one.
 *
 * One token is open at a time, because a process may open a PKCS#11 module
 * once. All calls return exit codes and have said why not: on stderr, and once
 * the steps have begun in the transcript too.
 */
#ifndef TOOL_CEREMONY_RUN_H
#define TOOL_CEREMONY_RUN_H

#include "ceremony.h"
#include "pki_file.h"
#include "token.h"
#include "tool.h"
#include "transcript.h"

#include "ledger/ledger.h"

/** What is known of a step, and what it needs. */
struct run_step {
	bool key_there; /**< in the token, before the step */
	bool key_known; /**< `spki` is its own and no stand-in */
	uint8_t spki[P256_SPKI_LEN]; /**< of the subject */
	uint8_t kcv[HSM_KCV_LEN]; /**< of a master that is there */
	/** Its certificate: as it would be signed, signed, or read. */
	struct pki_certificate own;
	bool has_own;
	struct pki_certificate issuer; /**< of a CA from before */
	struct pki_request request;
	bool sound; /**< nothing was wrong with it before the first step */
	bool written;
	uint8_t sha256[DIGEST_LEN]; /**< of the file */
};

struct run {
	const struct ceremony *c;
	bool dry;
	unsigned from, to; /**< numbers of steps */
	bool append; /**< goes on with a ceremony that was begun */
	int64_t now_s; /**< of the whole ceremony */
	struct token token;
	size_t open; /**< which token; SIZE_MAX: none */
	struct secret pins[CEREMONY_TOKENS_MAX]; /**< out of variables */
	struct ledger *ledger;
	struct transcript log;
	struct run_step steps[CEREMONY_STEPS_MAX];
};

/** Is the step among those that are taken? */
bool run_takes(const struct run *r, const struct ceremony_step *s);
struct run_step *run_step(struct run *r, const struct ceremony_step *s);
/** "ceremony.yaml:12: step 3 (root)", for errors. */
const char *run_place(
    const struct run *r, const struct ceremony_step *s, struct quoted *q);

/** Open that token, if another is. */
MUST_CHECK int run_token(struct run *r, size_t token);
/** token_fault, also in the transcript. */
int run_token_fault(struct run *r, enum rc rc);
/** record_row with the ceremony's name and the step behind the fields (at most
 *  14), and a line of the transcript. */
MUST_CHECK int run_record(struct run *r, const struct ceremony_step *s,
    const char *kind, struct field *fields, size_t count);

/** Is the key there as it must be, or may it be made? Its token is open. */
MUST_CHECK int run_key_look(struct run *r, const struct ceremony_step *s);
/** Is what the tokens have what the ledger knows by those labels? After
 *  run_look. */
MUST_CHECK int run_keys_known(struct run *r);
/** Make it, or see that it signs. Its token is open. */
MUST_CHECK int run_key_take(struct run *r, const struct ceremony_step *s);
/** Is the key of a CA that is not made now the one of its certificate? */
MUST_CHECK int run_issuer_look(struct run *r, const struct ceremony_step *s);

/** Append the check value of the CA whose key the step has. */
MUST_CHECK int run_ca_record(struct run *r, const struct ceremony_step *s);

/** Who signs: NULL for one that signs itself. */
const struct cert *run_issuer(struct run *r, const struct ceremony_step *s);
/** Read the certificates of those above that are not made now. */
MUST_CHECK int run_certificate_need(
    struct run *r, const struct ceremony_step *s);
/** Lint what would be signed, and show it in a dry run. */
MUST_CHECK int run_certificate_look(
    struct run *r, const struct ceremony_step *s);
/** What the lint found, in the transcript. */
void run_findings(struct run *r, const struct cert_findings *f);
/** Say why a certificate could not be written. */
int run_unwritable(struct run *r, const struct ceremony_step *s, enum rc rc);
/** Sign it, verify the chain, record it, write it. */
MUST_CHECK int run_certificate_take(
    struct run *r, const struct ceremony_step *s);
/** The same of a request. */
MUST_CHECK int run_request_take(struct run *r, const struct ceremony_step *s);

/** All that can be known to be wrong before the first step. */
MUST_CHECK int run_look(struct run *r);
/** The steps. */
MUST_CHECK int run_take(struct run *r);

#endif
