/**
 * explain.h - a device that has not come yet: what is asked of it, what it
 * shows, and what each identity document says of that.
 */
#ifndef TOOL_EXPLAIN_H
#define TOOL_EXPLAIN_H

#include "issue/issue.h"
#include "options.h"
#include "pki_file.h"

enum {
	EXPLAIN_MISSES_MAX = 20, /**< documents that are named */
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

/** `"meters"  (policies.yaml:3)` and a newline. */
void explain_place(const char *name, struct policy_place at);
/** What the device shows. */
void explain_request(const struct question *qn);
/** The document that admits it; NULL: none. */
void explain_identity(const struct identity *id);
/** Why each identity document does not admit the device. */
void explain_misses(const struct question *qn);

#endif
