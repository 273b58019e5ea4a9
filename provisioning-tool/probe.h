/**
 * probe.h - how a client behaves, found by trying: experiments that are rows
 * of a table (probe_try.c), what they have shown (struct probe_facts), every
 * answer with what it means (probe_finding.c), and the profile that follows
 * (probe_profile.c).
 *
 * What was not found out stays open: the profile then says nothing of it, and
 * the one that it is based on does.
 */
#ifndef TOOL_PROBE_H
#define TOOL_PROBE_H

#include "lwm2m/format.h"
#include "options.h"
#include "probe_bench.h"

#include <stdio.h>

enum {
	PROBE_STEPS_MAX = 4,
	PROBE_FINDINGS_MAX = 96,
	PROBE_TEXT_MAX = 240, /**< bytes of one text of a finding, and NUL */
	PROBE_FORMATS_MAX = 8,
	PROBE_REPLY_MAX = 2048, /**< bytes of a Discover that are kept */
	PROBE_PAYLOAD_MAX = 4096, /**< bytes of what is written */
};

enum probe_known { PROBE_OPEN, PROBE_NO, PROBE_YES };

struct probe_facts {
	/* formats in which a Write was taken, in that order */
	int formats[PROBE_FORMATS_MAX];
	size_t format_count;
	int works; /**< the one that the others are tried with; -1: none yet */
	/* where is written: no instance of the device's own */
	uint16_t server, security;
	unsigned levels; /**< 1 << depth of the path, 1 to 3 */
	bool levels_tried;
	enum probe_known discover, discover_object, read;
	int account; /**< -1: unknown */
	enum probe_known ignores_unknown, newer_11, newer_12;
	enum probe_known needs_empty_keys, finishes, refuses_zero;
	size_t message_max; /**< bytes; 0: not tried */
	bool message_end; /**< a larger one was refused */
	size_t block; /**< bytes of the largest that worked */
	bool blocks_tried;
	bool account_gone; /**< its own account was deleted */
	size_t reply_len;
	uint8_t reply[PROBE_REPLY_MAX]; /**< the first Discover of "/" */
};

/** One experiment's outcome; all text is safe to print. */
struct probe_finding {
	const char *name; /**< static */
	const char *key; /**< of the profile; static, NULL: none */
	char sent[PROBE_TEXT_MAX];
	char answer[PROBE_TEXT_MAX];
	char means[PROBE_TEXT_MAX];
};

struct probe {
	const struct options *o;
	struct bench bench;
	struct bench_answer answer;
	struct probe_facts facts;
	struct probe_finding findings[PROBE_FINDINGS_MAX];
	size_t finding_count;
	bool in_session;
	bool wrote_server, wrote_security; /**< and not deleted since */
	bool not_there; /**< the Write just answered has left nothing */
	const char *restart; /**< why the device has to be restarted */
	uint8_t payload[PROBE_PAYLOAD_MAX];
};

/* --- the table ------------------------------------------------------------- */

enum probe_at {
	AT_ROOT,
	AT_SECURITY, /**< /0 */
	AT_SECURITY_OURS, /**< /0/x that we write */
	AT_ACCOUNT, /**< /0/x that is the device's own */
	AT_SERVER, /**< /1 */
	AT_SERVER_OURS,
	AT_SERVER_LIFETIME, /**< /1/x/1 */
	AT_SERVER_ABSENT, /**< /1/x that is not there */
	AT_ACCESS_CONTROL, /**< /2 */
	AT_DEVICE, /**< /3 */
	AT_NO_OBJECT, /**< an object that nobody has */
	AT_BS, /**< /bs */
};

enum probe_body {
	BODY_NONE,
	BODY_SERVER,
	BODY_SERVER_11, /**< with resources of LwM2M 1.1 */
	BODY_SERVER_12,
	BODY_SERVER_ZERO, /**< with counts of 0 */
	BODY_SERVER_UNKNOWN, /**< with a resource that nobody has */
	BODY_LIFETIME,
	BODY_ACCOUNT, /**< without security; 3, 4 and 5 empty */
	BODY_ACCOUNT_BARE, /**< without 3, 4 and 5 */
	BODY_PADDED, /**< an account with a key as long as is needed */
};

enum {
	FORMAT_WORKS = -1, /**< the one that is known to be taken */
	FORMAT_NAMED = -2, /**< what its request has named */
	FORMAT_FOREIGN = 65000, /**< a number that nobody has */
};

struct probe_step {
	uint8_t method; /**< 0: no more steps */
	enum probe_at at;
	enum probe_body body;
	int format; /**< of the body, or Accept; 0 of a text */
	uint16_t message; /**< bytes that the whole message is to have */
	uint16_t block; /**< bytes: it goes in such blocks */
};

/** From what harms nothing to what may need a new image. */
enum probe_harm {
	HARM_NONE,
	HARM_WRITES, /**< instances of ours, deleted afterwards */
	HARM_CRASH, /**< some clients were seen to crash */
	HARM_DELETES, /**< its accounts of LwM2M servers are gone */
	HARM_ENDS, /**< its session ends */
	HARM_ACCOUNT, /**< it may be unable to come back: --dangerous */
};

struct probe_experiment {
	const char *name;
	enum probe_harm harm;
	/** The last one is the question; the others prepare it. */
	struct probe_step steps[PROBE_STEPS_MAX];
	/** Not to be tried in vain. NULL: always. */
	bool (*wanted)(const struct probe *p, const struct probe_step *asked);
	/** Reads the answer: notes facts, and says what it means in `w`. */
	void (*read)(struct probe *p, const struct probe_step *asked,
	    const struct bench_answer *a, struct writer *w);
	const char *key; /**< of the profile; NULL: a finding alone */
	/** In place of steps: the next Bootstrap-Request is refused so. */
	uint8_t refusal;
	/** Write to this instance of /1 from here on. 0: where it was. */
	uint16_t server;
};

extern const struct probe_experiment probe_experiments[];
extern const size_t probe_experiment_count;

/* --- probe_body.c ----------------------------------------------------------- */

struct lwm2m_path probe_path(const struct probe *p, enum probe_at at);

/** The Content-Format that is meant. -1: none. */
int probe_format(const struct probe *p, const struct probe_step *s);

/** What the step sends, into p->payload. Errors: RC_UNSUPPORTED (the format
 *  does not hold it), RC_TOO_LARGE. */
MUST_CHECK enum rc probe_payload(
    struct probe *p, const struct probe_step *s, struct span *out);

/* --- probe_run.c ------------------------------------------------------------ */

/** All experiments; findings and facts are what comes of it. EX_OK, or
 *  EX_UNAVAILABLE when the device did not come, or come back: said. */
MUST_CHECK int probe_run(struct probe *p);

/* --- probe_finding.c -------------------------------------------------------- */

/** A fresh one, or NULL: there are too many. */
struct probe_finding *probe_find(
    struct probe *p, const char *name, const char *key);

/** As a table, or as a JSON object a line. */
void probe_print_table(const struct probe *p, FILE *out);
void probe_print_json(const struct probe *p);

/* --- probe_profile.c -------------------------------------------------------- */

/** Write the document. Errors: RC_TOO_LARGE. */
MUST_CHECK enum rc probe_profile(
    const struct probe *p, const char *name, struct writer *w);

#endif
