/**
 * explain.h - a device that has not come yet: what is asked of it, what it
 * shows, and what each identity document says of that.
 */
#ifndef TOOL_EXPLAIN_H
#define TOOL_EXPLAIN_H

#include "issue/issue.h"
#include "issue/tell.h"
#include "options.h"
#include "pki_file.h"

enum {
	EXPLAIN_TEMPLATE_MAX = 512, /**< bytes of a PSK identity */
};

struct config;

/** Files of the daemon's configuration, and their bytes. */
struct explain_files {
	struct pki_file *files; /**< owned, as many as `count` */
	struct issue_file *named;
	size_t count;
};

/** What is asked, and the memory that the request points into. */
struct question {
	const struct options *o;
	int64_t now_s;
	const struct issue_rules *rules;
	const struct policy_set *set; /**< theirs */
	struct ledger *store; /**< NULL: revocations are not looked at */
	bool daemon_known; /**< its configuration was read */
	struct explain_files trust, crls; /**< that it names */
	struct issue_request rq;
	/** Of a document; NULL: it shows what the options say. */
	const struct identity *made_by;
	bool assumed; /**< nobody said what the device shows */
	uint8_t psk_identity[EXPLAIN_TEMPLATE_MAX];
	struct pki_certificate own; /**< --certificate */
	uint8_t spki[P256_SPKI_LEN]; /**< --raw-key */
	uint8_t chain[ISSUE_CHAIN_MAX];
};

/** Read the files that the configuration names. An exit code. */
MUST_CHECK int explain_read(
    const char *const *paths, size_t count, struct explain_files *out);
/** Harmless twice. */
void explain_files_fini(struct explain_files *f);

/** The options as a request. An exit code; what is wrong was said. */
MUST_CHECK int explain_ask(struct question *qn);

/** What the device shows. */
void explain_request(const struct question *qn);
void explain_request_json(struct json_out *j, const struct question *qn);
/** The document that admits it; NULL: none. */
void explain_identity(const struct identity *id);
void explain_identity_json(struct json_out *j, const struct identity *id);
/** What identity documents are compared with. */
struct identity_facts explain_facts(const struct question *qn);
/** A tell_more_fn: what certificates, tables and the store say. `ctx` is the
 *  question. */
bool explain_more(
    const void *ctx, const struct identity *id, struct identity_unmet *out);

/** What was decided. */
struct answer {
	struct issue_decision decision;
	/** As the policy has it; told only where there is a policy. */
	struct policy_decided decided;
	struct span plan; /**< secrets are zeros; empty: none is made */
};

/** explain_wire.c; without DTLS in this build explain_none.c. */

/** What the bootstrap costs, in each way that such a device may come. An exit
 *  code. */
MUST_CHECK int explain_costs(
    const struct question *qn, const struct answer *a, struct json_out *json);
/** Each message. `json` NULL: for people, on stdout. An exit code. */
MUST_CHECK int explain_wire(
    const struct question *qn, const struct answer *a, struct json_out *json);

#endif
