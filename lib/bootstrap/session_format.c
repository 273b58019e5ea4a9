/* In what a device is spoken to. */
#include "bootstrap/session_state.h"

#include "lwm2m/format.h"

enum { V1_0 = 10, V1_2 = 12 };

static void
try_format(struct session *s, int format)
{
	const struct format *f = format_by_number(format);

	if (!f || !f->encode || s->format_count == SESSION_FORMATS_MAX)
		return;
	/* by number: who lists 1542 may know no 11542, and the other way */
	for (size_t i = 0; i < s->format_count; i++)
		if (s->formats[i] == format)
			return;
	s->formats[s->format_count++] = format;
}

void
session_formats(struct session *s)
{
	const struct plan_head *h = &s->plan.head;

	/* a single value is no way to be bootstrapped */
	if (format_writable(s->config.pct))
		try_format(s, s->config.pct);
	for (size_t i = 0; i < h->format_count; i++)
		try_format(s, h->formats[i]);
	/* clients of 1.0 send no pct and know TLV (bootstrap.md 4.1) */
	try_format(s, FORMAT_TLV);
	if (h->version == V1_0)
		return;
	try_format(s, FORMAT_SENML_CBOR);
	try_format(s, FORMAT_SENML_JSON);
	if (h->version >= V1_2)
		try_format(s, FORMAT_LWM2M_CBOR);
}

static bool
is_refused(const struct session *s, unsigned i, enum plan_op op)
{
	unsigned refused = s->write_refused;

	if (op == PLAN_READ)
		refused |= s->read_refused;
	return refused & 1U << i ||
	    (op == PLAN_READ && !format_writable(s->formats[i]));
}

enum rc
session_make_step(struct session *s)
{
	const struct plan_step *step = &s->plan.steps[s->index];
	enum rc rc = RC_UNSUPPORTED;

	if (step->op != PLAN_WRITE && step->op != PLAN_READ)
		return command_make(
		    &s->command, &s->plan, &s->accounts, step, -1);
	for (unsigned i = 0; i < s->format_count; i++) {
		if (is_refused(s, i, step->op))
			continue;
		s->format = i;
		rc = command_make(
		    &s->command, &s->plan, &s->accounts, step, s->formats[i]);
		/* the next one may be able to carry it: one value, a number */
		if (rc != RC_UNSUPPORTED && rc != RC_MALFORMED)
			return rc;
	}
	return rc;
}

void
session_format_refused(struct session *s, enum plan_op op)
{
	if (op == PLAN_READ)
		s->read_refused |= 1U << s->format;
	else
		s->write_refused |= 1U << s->format;
}
