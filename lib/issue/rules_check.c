/* A sample of all that would be made: would it be signed, and does it go into
 * one message? */
#include "issue/making.h"
#include "issue/mint.h"
#include "issue/rules_internal.h"
#include "issue/sample.h"

#include "bootstrap/command.h"
#include "lwm2m/format.h"

#include <stdlib.h>

/* --- certificates --------------------------------------------------------- */

static void
say_clipped(struct rules_build *b, const struct issue_authority *ca,
    const struct policy_issue *issue, struct policy_place place)
{
	int64_t validity_s = issue->validity_s >= 0
	    ? issue->validity_s
	    : issue->profile->validity_s;
	int64_t left_s = ca->cert.not_after_s - b->now_s;

	if (ca->cert.not_after_s >= DER_TIME_FOREVER || validity_s <= left_s)
		return;
	rules_say(b, DIAG_WARNING, place, "issue-validity",
	    "issue: certificates would be valid for longer than their CA %s: "
	    "they end with it, %s",
	    ca->document->name, rules_time(ca->cert.not_after_s).text);
}

/** True: such certificates are signed. */
static bool
check_issue(struct rules_build *b, const struct policy_issue *issue,
    struct span endpoint, struct policy_place place)
{
	const struct issue_authority *ca = rules_issuer(b->rules, issue);
	char detail[MINT_DETAIL_MAX] = "";
	size_t len;

	/* of a CA that is over it was said what that means */
	if (!ca || ca->cert.not_after_s < b->now_s ||
	    ca->cert.not_before_s > b->now_s)
		return false;
	if (mint_size(ca, issue, endpoint, b->now_s, &len, detail) == RC_OK) {
		say_clipped(b, ca, issue, place);
		return true;
	}
	rules_say(b, DIAG_ERROR, place, "issue-profile",
	    "issue: certificates of profile %s by %s would not be signed: %s; "
	    "tried for the endpoint %s",
	    issue->profile->name, issue->ca->name, detail,
	    rules_show(endpoint).text);
	return false;
}

/* --- messages ------------------------------------------------------------- */

/** The Write of one Security instance, as a device would get it. */
struct message {
	size_t len, block;
	int format;
};

static enum rc
measure(
    const struct plan *plan, const struct plan_step *step, struct message *out)
{
	static const int tried[] = {FORMAT_SENML_CBOR, FORMAT_TLV};
	struct command *c = calloc(1, sizeof(*c));
	struct accounts accounts = {0};
	enum rc rc = c ? RC_OK : RC_MEMORY;

	*out = (struct message){0};
	for (size_t i = 0; rc == RC_OK && i < 2; i++) {
		rc = command_make(c, plan, &accounts, step, tried[i]);
		if (rc != RC_OK || c->out.payload.len <= out->len)
			continue;
		out->len = c->out.payload.len;
		out->block = c->out.block_size;
		out->format = tried[i];
	}
	if (c)
		command_fini(c);
	free(c);
	return rc;
}

static void
check_message(struct rules_build *b, const struct policy *p, size_t server,
    const struct message *m, struct span endpoint)
{
	const struct policy_place place = {
	    p->place.file, p->servers[server].line};

	if (m->len <= m->block)
		return;
	rules_say(b, DIAG_WARNING, place, "issue-size",
	    "servers[%zu]: its Write of /0 has about %zu bytes in %s for the "
	    "endpoint %s, and device.max_message is %zu: it goes in %zu "
	    "blocks of %zu bytes; shorter names or a smaller server "
	    "certificate make it smaller",
	    server, m->len, format_name(m->format), rules_show(endpoint).text,
	    p->device.max_message, (m->len + m->block - 1) / m->block,
	    m->block);
}

static enum rc
check_plan(struct rules_build *b, const struct policy *p, struct span endpoint,
    struct issue_decision *d)
{
	struct plan plan = {0};
	struct message m;
	enum rc rc = issue_sample_plan(b->rules, p, endpoint, b->now_s, d);

	if (rc == RC_OK)
		rc = plan_decode(&d->plan, &plan);
	for (size_t i = 0; rc == RC_OK && i < plan.step_count; i++) {
		const struct plan_step *step = &plan.steps[i];

		if (step->op != PLAN_WRITE || step->account == 0 ||
		    step->path.object != OBJECT_SECURITY)
			continue;
		rc = measure(&plan, step, &m);
		if (rc == RC_OK)
			check_message(b, p, step->account - 1, &m, endpoint);
	}
	plan_fini(&plan);
	return rc;
}

static void
check_policy(struct rules_build *b, const struct policy *p)
{
	uint8_t room[POLICY_ENDPOINT_MAX];
	struct span endpoint = issue_sample_endpoint(b->rules->set, p, room);
	struct issue_decision *d;
	bool good = true;
	enum rc rc;

	for (size_t i = 0; i < p->server_count; i++) {
		const struct policy_server *s = &p->servers[i];
		const struct policy_place place = {p->place.file, s->line};

		if (s->mode == SERVER_CERTIFICATE)
			good &= check_issue(b, &s->issue, endpoint, place);
	}
	d = good ? calloc(1, sizeof(*d)) : NULL;
	if (good && !d)
		b->rc = RC_MEMORY;
	if (!d)
		return;
	rc = check_plan(b, p, endpoint, d);
	if (rc == RC_MEMORY)
		b->rc = rc;
	else if (rc != RC_OK)
		rules_say(b, DIAG_WARNING, p->place, "issue-size",
		    "its plan for the endpoint %s is larger than what is sent "
		    "to a device: %d bytes in all, a PSK identity of 128",
		    rules_show(endpoint).text, PLAN_BYTES_MAX);
	issue_decision_fini(d);
	free(d);
}

void
rules_check(struct rules_build *b)
{
	const struct policy_set *set = b->rules->set;

	for (size_t i = 0; b->rc == RC_OK && i < set->identity_count; i++) {
		const struct identity *id = &set->identities[i];
		uint8_t room[POLICY_ENDPOINT_MAX];

		if (id->kind == IDENTITY_CERTIFICATE && id->issue.ca)
			(void)check_issue(b, &id->issue,
			    issue_sample_name(id->endpoint, room), id->place);
	}
	for (size_t i = 0; b->rc == RC_OK && i < set->policy_count; i++)
		check_policy(b, &set->policies[i]);
}
