/* hsm speed: what the token does a second, by one, two and four threads. */
#include "rows.h"
#include "token.h"
#include "tool.h"
#include "verbs.h"

#include "hsm/speed.h"

#include <stdio.h>
#include <string.h>

static const unsigned thread_counts[] = {1, 2, 4};
static const enum speed_operation operations[] = {
    SPEED_HMAC, SPEED_RANDOM, SPEED_SIGN};

enum {
	THREAD_COUNTS = sizeof(thread_counts) / sizeof(thread_counts[0]),
	OPERATIONS = sizeof(operations) / sizeof(operations[0]),
	SESSIONS = 4, /* as many as threads */
	RATE_COLUMNS = 10,
};

static void
print_rate(bool json, const char *name, unsigned threads, double rate)
{
	const struct field f[] = {
	    F_TEXT("operation", name),
	    F_INT("threads", threads),
	    F_INT("per_second", (int64_t)(rate + 0.5)),
	};

	if (json)
		rows_json(f, sizeof(f) / sizeof(f[0]));
	else
		printf("  %*.*f", RATE_COLUMNS, rate < 100 ? 1 : 0, rate);
	fflush(stdout);
}

static int
measure(const struct options *o, const struct token *t,
    const struct speed_keys *k, enum speed_operation op)
{
	bool json = strcmp(o->format, "json") == 0;
	struct hsm_error err = {0};
	double rate = 0;
	enum rc rc = RC_OK;

	if (!json)
		printf("%-8s", speed_name(op));
	for (size_t i = 0; i < THREAD_COUNTS && !rc; i++) {
		rc = speed_measure(t->hsm, k, op, thread_counts[i],
		    (unsigned)o->seconds * 1000, &rate, &err);
		if (!rc)
			print_rate(
			    json, speed_name(op), thread_counts[i], rate);
	}
	if (!json)
		putchar('\n');
	if (rc && err.text[0])
		return tool_error(EX_UNAVAILABLE, err.remedy, "%s", err.text);
	return rc ? tool_fault(rc, speed_name(op)) : EX_OK;
}

static int
measure_all(
    const struct options *o, const struct token *t, const struct speed_keys *k)
{
	int code = EX_OK;

	if (strcmp(o->format, "text") == 0)
		printf("%-8s  %*s  %*s  %*s  a second\n", "", RATE_COLUMNS,
		    "1 thread", RATE_COLUMNS, "2 threads", RATE_COLUMNS,
		    "4 threads");
	for (size_t i = 0; i < OPERATIONS && code == EX_OK; i++) {
		if (speed_possible(operations[i], k))
			code = measure(o, t, k, operations[i]);
		else
			fprintf(stderr,
			    "provisioning-tool: %s is not measured: no key for "
			    "it in the token\n",
			    speed_name(operations[i]));
	}
	return code;
}

/** The keys that are named, else the first of each kind. */
static int
choose(const struct options *o, const struct token *t, struct speed_keys *k)
{
	struct hsm_error err = {0};
	enum rc rc;

	if (o->key && hsm_ec_ref_parse(o->key, &k->signer, &err))
		return tool_error(EX_USAGE, err.remedy, "%s", err.text);
	if (o->master && strlen(o->master) > HSM_LABEL_MAX)
		return tool_error(EX_USAGE, NULL,
		    "--master: a label has at most %d bytes", HSM_LABEL_MAX);
	if (o->master)
		memcpy(k->master, o->master, strlen(o->master) + 1);
	rc = speed_find_keys(t->session, k);
	return rc ? token_fault(t, rc) : EX_OK;
}

int
hsm_speed_verb(const struct options *o)
{
	struct speed_keys k = {0};
	struct settings s;
	struct token t = {0};
	int code = settings_load(o, SETTINGS_TOKEN, &s);

	s.hsm.sessions = SESSIONS;
	if (code == EX_OK)
		code = token_open(&s, &t);
	if (code == EX_OK)
		code = choose(o, &t, &k);
	if (code == EX_OK) {
		/* the threads want all there are */
		hsm_session_give(t.session);
		t.session = NULL;
		code = measure_all(o, &t, &k);
	}
	token_close(&t);
	settings_fini(&s);
	return code;
}
