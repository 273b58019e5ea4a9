/* A sample of all that would be made: would it be signed, and does it go into
 * one message? */
#include "issue/making.h"
#include "issue/mint.h"
#include "issue/rules_internal.h"
#include "issue/sample.h"

#include "bootstrap/command.h"
#include "lwm2m/format.h"
#include "policy/override.h"

#include <stdio.h>
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
	struct placeholder_values device =
	    placeholder_device(b->rules->set, endpoint);
	char detail[MINT_DETAIL_MAX] = "";
	size_t len;

	/* of a CA that is over it was said what that means */
	if (!ca || ca->cert.not_after_s < b->now_s ||
	    ca->cert.not_before_s > b->now_s)
		return false;
	placeholder_sample(&device);
	if (mint_size(ca, issue, &device, b->now_s, &len, detail) == RC_OK) {
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
	/** In how many formats; in how many it does not go into one message of
	 *  a device that takes no blocks, and one of those. */
	size_t tried, refused;
	int refused_format;
};

/** A Write as a device would get it, in one of the formats that it is likely to
 *  come in. */
static enum rc
measure_in(const struct plan *plan, const struct plan_step *step, int format,
    struct message *out)
{
	struct command *c = calloc(1, sizeof(*c));
	struct accounts accounts = {0};
	enum rc rc = RC_MEMORY;

	/* where its own account is does not change the size */
	accounts_own(&accounts, LWM2M_INSTANCE(OBJECT_SECURITY, 1));
	if (c)
		rc = command_make(c, plan, &accounts, step, format);
	if (rc == RC_OK && c->out.payload.len > out->len) {
		out->len = c->out.payload.len;
		out->block = c->out.block_size;
		out->format = format;
	}
	if (c)
		command_fini(c);
	free(c);
	if (rc != RC_TOO_LARGE || plan->head.block_size != 0)
		return rc;
	out->refused++;
	out->refused_format = format;
	return RC_OK;
}

/** True: the profile takes it, or says nothing of formats. */
static bool
is_taken(const struct plan_head *h, int format)
{
	for (size_t i = 0; i < h->format_count; i++) {
		const struct format *f = format_by_number(h->formats[i]);

		if (f && f->number == format)
			return true;
	}
	return h->format_count == 0;
}

/** The largest that it is in the usual formats, or where the device takes
 *  neither, in those that it does. */
static enum rc
measure(
    const struct plan *plan, const struct plan_step *step, struct message *out)
{
	static const int usual[] = {FORMAT_SENML_CBOR, FORMAT_TLV};
	const struct plan_head *h = &plan->head;
	enum rc rc = RC_OK;

	*out = (struct message){0};
	for (size_t i = 0; rc == RC_OK && i < 2; i++) {
		if (!is_taken(h, usual[i]))
			continue;
		rc = measure_in(plan, step, usual[i], out);
		out->tried++;
	}
	for (size_t i = 0;
	     rc == RC_OK && out->tried == 0 && i < h->format_count; i++) {
		if (!format_writable(h->formats[i]))
			continue;
		rc = measure_in(plan, step, h->formats[i], out);
		out->tried++;
	}
	return rc;
}

/** A fragment may be in another file. */
static struct policy_place
server_place(const struct policy *p, const struct policy_server *s)
{
	return (struct policy_place){
	    s->file ? s->file : p->place.file, s->line};
}

/** Of which line a Write of /0 is: of its server, or of the policy. */
static struct policy_place
place_of(const struct policy *p, const struct plan_step *step)
{
	struct policy_place place = p->place;

	if (step->account != 0 && step->account != PLAN_ACCOUNT_OURS)
		place = server_place(p, &p->servers[step->account - 1]);
	return place;
}

static void
check_message(struct rules_build *b, const struct policy *p,
    const struct plan_step *step, const struct message *m, struct span endpoint)
{
	char name[32] = "its accounts";

	if (m->len <= m->block)
		return;
	if (step->account == PLAN_ACCOUNT_OURS)
		snprintf(name, sizeof(name), "bootstrap_account");
	else if (step->account != 0)
		snprintf(name, sizeof(name), "servers[%u]", step->account - 1);
	rules_say(b, DIAG_WARNING, place_of(p, step), "issue-size",
	    "%s: its Write of /0 has about %zu bytes in %s for the "
	    "endpoint %s, and device.max_message is %zu: it goes in %zu "
	    "blocks of %zu bytes; shorter names or a smaller server "
	    "certificate make it smaller",
	    name, m->len, format_name(m->format), rules_show(endpoint).text,
	    p->device.max_message, (m->len + m->block - 1) / m->block,
	    m->block);
}

static void
check_blocks(struct rules_build *b, const struct policy *p,
    const struct plan_step *step, const struct message *m, struct span endpoint)
{
	uint8_t text[LWM2M_PATH_TEXT_MAX];
	struct writer w;

	if (m->refused == 0)
		return;
	writer_init(&w, text, sizeof(text));
	path_print(&w, path_upper(step->path, 1));
	rules_say(b, m->refused == m->tried ? DIAG_ERROR : DIAG_WARNING,
	    place_of(p, step), "issue-blocks",
	    "a Write of %.*s in %s does not go into one message of %zu bytes "
	    "for the endpoint %s, and the device (profile %s) takes no blocks; "
	    "make it smaller, or say `max_message:` or `block_size:` in "
	    "`device:` if it takes more",
	    SPAN_FMT(writer_span(&w)), format_name(m->refused_format),
	    p->device.max_message, rules_show(endpoint).text, p->device.name);
}

/** What is longer than the device keeps: lib/policy knows the lengths that do
 *  not depend on a certificate or an endpoint. */
static void
check_keys(struct rules_build *b, const struct policy *p,
    const struct plan *plan, const struct plan_step *step, struct span endpoint)
{
	const size_t max = p->device.key_max;

	for (size_t i = 0; max > 0 && i < step->entry_count; i++) {
		const struct lwm2m_entry *e =
		    &plan->entries[step->entry_first + i].entry;

		if (e->path.object != OBJECT_SECURITY ||
		    e->path.resource < SECURITY_IDENTITY ||
		    e->path.resource > SECURITY_SECRET_KEY ||
		    e->value.bytes.len <= max)
			continue;
		rules_say(b, DIAG_ERROR, place_of(p, step), "issue-key-length",
		    "/0/x/%u has %zu bytes for the endpoint %s, and the device "
		    "(profile %s) keeps %zu; make it shorter, or say "
		    "`key_max:` in `device:` if it was built for more",
		    e->path.resource, e->value.bytes.len,
		    rules_show(endpoint).text, p->device.name, max);
	}
}

static enum rc
check_step(struct rules_build *b, const struct policy *p,
    const struct plan *plan, const struct plan_step *step, struct span endpoint)
{
	struct message m;
	enum rc rc;

	if (step->op != PLAN_WRITE)
		return RC_OK;
	check_keys(b, p, plan, step, endpoint);
	rc = measure(plan, step, &m);
	/* by its ID, and perhaps ours: the session looks */
	if (rc == RC_CONFLICT)
		return RC_OK;
	if (rc != RC_OK)
		return rc;
	check_blocks(b, p, step, &m, endpoint);
	if (step->path.object == OBJECT_SECURITY)
		check_message(b, p, step, &m, endpoint);
	return RC_OK;
}

/** Do overrides of the sample change what the step writes? */
static bool
is_overridden(const struct policy_decided *d, const struct plan_step *step)
{
	const bool ours = step->account == PLAN_ACCOUNT_OURS;

	for (size_t i = 0; i < d->override_count; i++) {
		const struct policy_override *o = d->overrides[i];

		if (o->device_keys)
			return true;
		for (size_t k = 0;
		     step->account && !ours && k < o->server_count; k++)
			if (strcmp(o->servers[k].name,
				d->given.servers[step->account - 1].name) == 0)
				return true;
		for (size_t k = 0; !step->account && k < o->object_count; k++)
			if (o->objects[k].path.object == step->path.object)
				return true;
	}
	return false;
}

/** The n-th sample repeats what the first has, but for pools that have so many
 *  members. */
static bool
is_repeated(
    const struct policy_decided *d, const struct plan_step *step, size_t n)
{
	if (n == 0)
		return false;
	if (d->override_count > 0)
		return !is_overridden(d, step);
	return step->account == 0 || step->account == PLAN_ACCOUNT_OURS ||
	    d->choices[step->account - 1].pool->count <= n;
}

static enum rc
check_plan(struct rules_build *b, const struct policy_decided *sample, size_t n,
    struct span endpoint, struct issue_decision *d)
{
	const struct policy *p = &sample->given;
	struct plan plan = {0};
	enum rc rc = issue_sample_plan(b->rules, p, endpoint, b->now_s, d);

	if (rc == RC_OK)
		rc = plan_decode(&d->plan, &plan);
	for (size_t i = 0; rc == RC_OK && i < plan.step_count; i++)
		if (!is_repeated(sample, &plan.steps[i], n))
			rc = check_step(b, p, &plan, &plan.steps[i], endpoint);
	plan_fini(&plan);
	return rc;
}

/** What is found is said of the override, that is the last. */
static void
place_override(struct policy_decided *sample)
{
	const struct policy_override *o =
	    sample->overrides[sample->override_count - 1];

	policy_own_servers(sample);
	sample->given.place = o->place;
	for (size_t i = 0; i < sample->given.server_count; i++) {
		sample->servers[i].file = o->place.file;
		sample->servers[i].line = o->place.line;
	}
}

/** What every member of its pools would get, and by every override. */
static enum rc
check_plans(struct rules_build *b, const struct policy *p, struct span endpoint,
    struct issue_decision *d)
{
	const size_t count = policy_sample_count(p);
	struct policy_decided *sample = malloc(sizeof(*sample));
	enum rc rc = sample ? RC_OK : RC_MEMORY;

	for (size_t n = 0; rc == RC_OK && n < count; n++) {
		policy_sample(b->rules->set, p, n, sample);
		if (sample->override_count > 0)
			place_override(sample);
		rc = check_plan(b, sample, n, endpoint, d);
		if (n + 1 < count)
			issue_decision_fini(d);
	}
	free(sample);
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
		const struct policy_place place = server_place(p, s);

		if (s->mode == SERVER_CERTIFICATE)
			good &= check_issue(b, &s->issue, endpoint, place);
	}
	if (p->account.change == ACCOUNT_HAND_OVER &&
	    p->account.server.mode == SERVER_CERTIFICATE)
		good &= check_issue(
		    b, &p->account.server.issue, endpoint, p->place);
	d = good ? calloc(1, sizeof(*d)) : NULL;
	if (good && !d)
		b->rc = RC_MEMORY;
	if (!d)
		return;
	rc = check_plans(b, p, endpoint, d);
	if (rc == RC_MEMORY)
		b->rc = rc;
	else if (d->reason == REASON_NOT_POSSIBLE)
		rules_say(
		    b, DIAG_ERROR, p->place, "issue-account", "%s", d->detail);
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
		if (set->policies[i].refusal.kind == POLICY_GIVES)
			check_policy(b, &set->policies[i]);
}
