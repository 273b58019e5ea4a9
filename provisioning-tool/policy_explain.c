/*
 * policy explain: what one device would get, before it comes: the daemon's own
 * decision over the same documents, without the HSM.
 */
#include "../bootstrapd/config.h"
#include "explain.h"
#include "plan_text.h"
#include "record.h"
#include "settings.h"
#include "tool.h"
#include "verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/**
 * Is it worth a line? Where another policy matched, one for other identities is
 * only if its endpoints were meant for this device: "*" means nobody.
 */
static bool
nearly(const struct policy *p, enum policy_miss miss,
    const struct issue_decision *d)
{
	if (miss != MISS_IDENTITY || !d->policy)
		return true;
	for (size_t i = 0; i < p->match.endpoint_count; i++)
		if (pattern_fits(&p->match.endpoints[i], d->peer.endpoint))
			return true;
	return false;
}

static void
print_miss(const struct policy *p, enum policy_miss miss,
    const struct issue_decision *d)
{
	struct quoted q;

	fputs(miss == MISS_LATER ? "later       " : "not         ", stdout);
	explain_place(p->name, p->place);
	fputs("            ", stdout);
	if (miss == MISS_LATER)
		printf("it matches too, but comes later (order %lld)\n",
		    (long long)p->order);
	else if (miss == MISS_IDENTITY)
		printf("match.identity does not name %s\n",
		    quote_str(&q, d->peer.identity->name));
	else if (miss == MISS_ENDPOINT && p->match.endpoint_count == 1)
		printf("match.endpoint: %s does not fit\n",
		    quote_str(&q, p->match.endpoints[0].text));
	else
		printf("match.%s does not fit\n", policy_miss_key(miss));
}

static void
print_policies(const struct question *qn, const struct issue_decision *d)
{
	const struct policy_set *set = qn->set;
	const struct policy_facts facts = issue_facts(&qn->rq, &d->peer);
	size_t shown = 0, others = 0;

	fputs("policy      ", stdout);
	if (d->policy)
		explain_place(d->policy->name, d->policy->place);
	else
		puts("none");
	for (size_t i = 0; i < set->policy_count; i++) {
		const struct policy *p = &set->policies[i];
		enum policy_miss miss;

		if (p == d->policy)
			continue;
		miss = policy_miss(set, p, &facts);
		if (miss == MISS_NONE)
			miss = MISS_LATER;
		if (!nearly(p, miss, d) || shown == EXPLAIN_MISSES_MAX) {
			others++;
			continue;
		}
		print_miss(p, miss, d);
		shown++;
	}
	if (others > 0)
		printf("            %zu other polic%s not for this device\n",
		    others, others == 1 ? "y is" : "ies are");
}

static int
print_plan(struct issue_decision *d)
{
	char hex[HEX_TEXT_MAX];
	struct plan plan;
	enum rc rc = plan_decode(&d->plan, &plan);

	if (rc != RC_OK)
		return tool_fault(rc, "plan");
	printf("plan        %zu steps, digest %s\n", plan.step_count,
	    hex_text(hex, span_of(d->plan_digest, DIGEST_LEN)));
	plan_print(&plan);
	plan_fini(&plan);
	return EX_OK;
}

/** As of a device whose credential is what the document asks for, where there
 *  is none to look at. */
static int
decide_as_made(
    struct question *qn, const struct issuer *issuer, struct issue_decision *d)
{
	struct policy_decided decided;
	enum rc rc;

	*d = (struct issue_decision){0};
	d->peer.endpoint = qn->rq.endpoint;
	d->reason = REASON_NO_IDENTITY;
	if (!identity_fits(qn->made_by, qn->rq.endpoint))
		return EX_OK;
	d->peer.identity = qn->made_by;
	d->reason = issue_decide(issuer, &qn->rq, d, &decided);
	if (d->reason != REASON_NONE)
		return EX_OK;
	rc = issue_plan(issuer, &decided.given, qn->rq.endpoint, d);
	d->granted = rc == RC_OK;
	if (rc == RC_DENIED)
		d->reason = REASON_CERTIFICATE_REFUSED;
	else if (rc == RC_TOO_LARGE)
		d->reason = REASON_PLAN_TOO_LARGE;
	else if (rc != RC_OK && d->reason == REASON_NONE)
		return tool_fault(rc, "plan");
	return EX_OK;
}

static int
print_decision(const struct question *qn, struct issue_decision *d)
{
	struct quoted q;

	explain_request(qn);
	explain_identity(d->peer.identity);
	if (d->peer.identity && !qn->rq.has_endpoint)
		printf("endpoint    %s, as it proves\n",
		    quote(&q, d->peer.endpoint));
	if (!d->peer.identity)
		explain_misses(qn);
	else if (d->granted || d->policy || d->reason == REASON_NO_POLICY)
		print_policies(qn, d);
	if (d->granted)
		return print_plan(d);
	printf("refused     %s: %s\n", reason_code(d->reason),
	    reason_sentence(d->reason));
	if (d->detail[0])
		printf("            %s\n", quote(&q, span_str(d->detail)));
	return tool_error(EX_NOPERM, reason_remedy(d->reason), "refused (%s)",
	    reason_code(d->reason));
}

static int
explain(struct question *qn)
{
	const struct issuer issuer = {
	    .store = qn->store,
	    .rules = qn->rules,
	    .now_s = qn->now_s,
	};
	struct issue_decision d = {0};
	int code = explain_ask(qn);

	if (code != EX_OK)
		return code;
	if (qn->made_by && qn->rq.proof != PROOF_NONE &&
	    qn->rq.credential.len == 0)
		code = decide_as_made(qn, &issuer, &d);
	else
		issue_begin(&issuer, &qn->rq, &d);
	if (code == EX_OK)
		code = print_decision(qn, &d);
	issue_decision_fini(&d);
	return code;
}

/** What the daemon trusts by itself, if its configuration is named. */
static int
read_daemon(struct question *qn, const struct settings *s)
{
	const struct config *c = s->config;
	int code;

	if (!c)
		return EX_OK;
	qn->daemon_known = true;
	code = explain_read(c->trust, c->trust_count, &qn->trust);
	if (code == EX_OK)
		code = explain_read(c->crls, c->crl_count, &qn->crls);
	return code;
}

static int
with_rules(struct question *qn)
{
	const struct issue_rules_config config = {
	    .trust = qn->trust.named,
	    .trust_count = qn->trust.count,
	    .crls = qn->crls.named,
	    .crl_count = qn->crls.count,
	    .now_s = qn->now_s,
	};
	const char *path = qn->o->operands[0];
	struct diag *d = diag_new();
	struct policy_set *set = NULL;
	struct issue_rules *rules = NULL;
	struct quoted q;
	enum rc rc = d ? policy_load(path, d, &set) : RC_MEMORY;
	int code;

	if (rc == RC_OK)
		rc = issue_rules_new(
		    set, qn->daemon_known ? &config : NULL, d, &rules);
	if (rc == RC_OK) {
		qn->rules = rules;
		qn->set = set;
		code = explain(qn);
	} else if (rc == RC_MEMORY) {
		code = tool_fault(rc, "policies");
	} else {
		diag_sort(d);
		diag_print(d, stderr);
		code = tool_error(EX_DATAERR, "mend what is named above",
		    "%s cannot be used", quote_str(&q, path));
	}
	issue_rules_unref(rules);
	policy_set_unref(set);
	diag_free(d);
	return code;
}

int
policy_explain(const struct options *o)
{
	struct question *qn = calloc(1, sizeof(*qn));
	struct settings s = {0};
	int code;

	if (!qn)
		return tool_fault(RC_MEMORY, "policies");
	qn->o = o;
	qn->now_s = (int64_t)time(NULL);
	code = settings_load(o, 0, &s);
	if (code == EX_OK)
		code = read_daemon(qn, &s);
	/* that of a daemon that has not run yet is none to look at */
	if (code == EX_OK && s.ledger &&
	    (o->ledger || access(s.ledger, F_OK) == 0))
		code = record_open(s.ledger, LEDGER_READ, &qn->store);
	if (code == EX_OK)
		code = with_rules(qn);
	ledger_close(qn->store);
	explain_files_fini(&qn->trust);
	explain_files_fini(&qn->crls);
	settings_fini(&s);
	free(qn);
	return code;
}
