/*
 * hsm doctor: look at the token, try what it promises, and say of each what to
 * do. Ends with 65 when something failed, not when something is only odd.
 */
#include "rows.h"
#include "token.h"
#include "tool.h"
#include "verbs.h"

#include "../bootstrapd/config.h"
#include "hsm/doctor.h"

#include <stdio.h>
#include <string.h>

enum {
	CHECK_COLUMNS = 10,
	SUBJECT_COLUMNS = 26,
	SESSIONS_USUAL = 4, /* bootstrapd's, where no file says */
};

static const char *const verdicts[] = {
    [HSM_OK] = "ok", [HSM_WARN] = "WARN", [HSM_FAIL] = "FAIL"};

struct report {
	bool json;
	unsigned count[sizeof(verdicts) / sizeof(verdicts[0])];
};

/** Quoted where it is not plain: labels are the token's. */
static const char *
subject(struct quoted *q, const char *s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-_./";

	return s[strspn(s, plain)] ? quote_str(q, s) : s;
}

static void
print_text(const struct hsm_finding *f)
{
	struct quoted q;

	printf("%-4s  %-*s  %-*s  %s\n", verdicts[f->verdict], CHECK_COLUMNS,
	    f->check, SUBJECT_COLUMNS, subject(&q, f->subject), f->text);
	if (f->remedy[0])
		printf("      %-*s  -> %s\n", CHECK_COLUMNS, "", f->remedy);
}

static void
print_json(const struct hsm_finding *f)
{
	const struct field all[] = {
	    F_TEXT("check", f->check),
	    F_TEXT("subject", span_str(f->subject)),
	    F_TEXT("verdict", verdicts[f->verdict]),
	    F_TEXT("text", span_str(f->text)),
	    F_TEXT("remedy", span_str(f->remedy)),
	    F_INT("samples", f->samples),
	    F_INT("min_us", (int64_t)f->min_us),
	    F_INT("median_us", (int64_t)f->median_us),
	    F_INT("max_us", (int64_t)f->max_us),
	};
	const size_t n = sizeof(all) / sizeof(all[0]);

	rows_json(all, f->samples ? n : n - 4);
}

static enum rc
report(void *ctx, const struct hsm_finding *f)
{
	struct report *r = ctx;

	r->count[f->verdict]++;
	if (r->json)
		print_json(f);
	else
		print_text(f);
	/* each as it comes: some take their time */
	fflush(stdout);
	return RC_OK;
}

static int
finish(const struct report *r)
{
	unsigned failed = r->count[HSM_FAIL], warned = r->count[HSM_WARN];

	if (!r->json)
		printf("%u ok, %u warning%s, %u failure%s\n", r->count[HSM_OK],
		    warned, warned == 1 ? "" : "s", failed,
		    failed == 1 ? "" : "s");
	return failed ? EX_DATAERR : EX_OK;
}

int
hsm_doctor_verb(const struct options *o)
{
	struct report r = {.json = strcmp(o->format, "json") == 0};
	unsigned sessions = SESSIONS_USUAL;
	struct settings s;
	struct token t = {0};
	enum rc rc;
	int code = settings_load(o, SETTINGS_TOKEN, &s);

	if (code == EX_OK && s.config)
		sessions = s.config->hsm.sessions;
	if (code == EX_OK)
		code = token_open(&s, &t);
	if (code == EX_OK) {
		rc = hsm_doctor(t.session, sessions, report, &r);
		code = rc == RC_OK ? finish(&r) : token_fault(&t, rc);
	}
	token_close(&t);
	settings_fini(&s);
	return code;
}
