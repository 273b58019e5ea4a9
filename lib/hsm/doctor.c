/* The order of the checks, and how a finding is made. */
#include "hsm/checkup.h"

#include <stdarg.h>
#include <stdio.h>

enum rc
checkup_say(struct checkup *d, const char *check, const char *subject,
    enum hsm_verdict verdict, const char *remedy, const char *fmt, ...)
{
	struct hsm_finding f = {.check = check, .verdict = verdict};
	va_list ap;

	snprintf(f.subject, sizeof(f.subject), "%s", subject);
	snprintf(f.remedy, sizeof(f.remedy), "%s", remedy ? remedy : "");
	va_start(ap, fmt);
	vsnprintf(f.text, sizeof(f.text), fmt, ap);
	va_end(ap);
	return d->each(d->ctx, &f);
}

enum rc
checkup_run(struct checkup *d, const char *check, const char *subject,
    session_fn fn, void *arg)
{
	enum rc rc = session_enter(d->s);
	struct hsm_error err;
	enum rc said;

	if (rc)
		return rc;
	rc = session_leave(d->s, session_run(d->s, fn, arg));
	if (rc != RC_UNSUPPORTED)
		return rc;
	err = *hsm_session_error(d->s);
	said = checkup_say(
	    d, check, subject, HSM_FAIL, err.remedy, "%s", err.text);
	return said ? said : RC_UNSUPPORTED;
}

enum rc
hsm_doctor(
    struct hsm_session *s, unsigned sessions, hsm_finding_fn each, void *ctx)
{
	struct checkup d = {.s = s, .each = each, .ctx = ctx};
	enum rc rc = checkup_token(&d, sessions);

	if (!rc)
		rc = checkup_mechanisms(&d);
	if (!rc)
		rc = checkup_keys(&d);
	if (!rc)
		rc = checkup_answer(&d);
	if (!rc)
		rc = checkup_latency(&d);
	return rc;
}
