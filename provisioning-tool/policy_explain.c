/*
 * policy explain: what one device would get, before it comes: the daemon's own
 * decision over the same documents, without the HSM.
 */
#include "../bootstrapd/config.h"
#include "explain.h"
#include "issue/sample.h"
#include "record.h"
#include "settings.h"
#include "tool.h"
#include "verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

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

/** What the policy has chosen, and the plan with secrets of their lengths. */
static int
look_closer(const struct question *qn, const struct issuer *issuer,
    struct issue_decision *shape, struct answer *a)
{
	struct issue_decision *d = &a->decision;
	struct issue_decision again = {0};
	enum rc rc;

	if (!d->policy)
		return EX_OK;
	again.peer = d->peer;
	(void)issue_decide(issuer, &qn->rq, &again, &a->decided);
	if (!d->granted)
		return EX_OK;
	shape->peer = d->peer;
	rc = issue_shape_plan(
	    issuer, &a->decided.given, d->peer.endpoint, shape);
	if (rc != RC_OK)
		return tool_fault(rc, "plan");
	if (memcmp(shape->plan_digest, d->plan_digest, DIGEST_LEN) != 0)
		return tool_fault(RC_BUG, "plan");
	a->plan = secret_expose(&shape->plan);
	return EX_OK;
}

static int
decode_plan(const struct answer *a, struct plan *out)
{
	struct secret copy = {0};
	enum rc rc = secret_set(&copy, a->plan);

	if (rc == RC_OK)
		rc = plan_decode(&copy, out);
	secret_fini(&copy);
	return rc == RC_OK ? EX_OK : tool_fault(rc, "plan");
}

/** What the ledger knows of it, if one was given. */
static int
read_history(const struct question *qn, const struct answer *a,
    struct issue_history *h, bool *known)
{
	enum rc rc = RC_OK;

	*known = false;
	if (qn->store)
		rc = issue_history_read(
		    qn->store, a->decision.peer.endpoint, h, known);
	return rc == RC_OK ? EX_OK : tool_fault(rc, "history");
}

/* --- for people ----------------------------------------------------------- */

static int
print_history(const struct question *qn, const struct answer *a)
{
	struct issue_history h;
	bool known;
	struct quoted q;
	int code = read_history(qn, a, &h, &known);

	if (code != EX_OK || !qn->store)
		return code;
	if (!known) {
		puts("history     it never began a bootstrap");
		return EX_OK;
	}
	printf("history     %llu bootstraps of it ended ok",
	    (unsigned long long)h.value.oks);
	if (h.value.servers.len > 0)
		printf(", the servers then: %s", quote(&q, h.value.servers));
	putchar('\n');
	return EX_OK;
}

static int
print_plan(const struct question *qn, const struct answer *a)
{
	char hex[HEX_TEXT_MAX];
	struct plan plan;
	int code = decode_plan(a, &plan);

	if (code != EX_OK)
		return code;
	printf("plan        %zu steps, digest %s\n", plan.step_count,
	    hex_text(hex, span_of(a->decision.plan_digest, DIGEST_LEN)));
	tell_plan(stdout, &plan);
	plan_fini(&plan);
	code = explain_costs(qn, a, NULL);
	if (code == EX_OK && qn->o->wire)
		code = explain_wire(qn, a, NULL);
	return code;
}

static int
print_identities(const struct question *qn)
{
	const struct identity_facts facts = explain_facts(qn);
	enum rc rc = tell_identities(stdout, qn->set, &facts, explain_more, qn);

	return rc == RC_OK ? EX_OK : tool_fault(rc, "identities");
}

static int
print_answer(const struct question *qn, const struct answer *a)
{
	const struct issue_decision *d = &a->decision;
	struct policy_facts facts;
	struct quoted q;
	int code = EX_OK;

	explain_request(qn);
	explain_identity(d->peer.identity);
	if (d->peer.identity && !qn->rq.has_endpoint)
		printf("endpoint    %s, as it proves\n",
		    quote(&q, d->peer.endpoint));
	if (!d->peer.identity) {
		code = print_identities(qn);
	} else {
		code = print_history(qn, a);
		facts = issue_facts(&qn->rq, &d->peer);
		if (d->granted || d->policy || d->reason == REASON_NO_POLICY) {
			tell_policy(stdout, d->policy);
			tell_policies(stdout, qn->set, &facts, d->policy);
		}
		if (d->granted)
			tell_choices(stdout, &a->decided);
	}
	if (code == EX_OK && d->granted)
		return print_plan(qn, a);
	if (code != EX_OK)
		return code;
	printf("refused     %s: %s\n", reason_code(d->reason),
	    reason_sentence(d->reason));
	if (d->detail[0])
		printf("            %s\n", quote_str(&q, d->detail));
	if (d->wait_s)
		printf("            it may ask again after %u s\n",
		    (unsigned)d->wait_s);
	return EX_OK;
}

/* --- for machines --------------------------------------------------------- */

static int
plan_json(const struct question *qn, const struct answer *a, struct json_out *j)
{
	struct plan plan;
	int code = decode_plan(a, &plan);

	if (code != EX_OK)
		return code;
	jout_begin(j, "plan", '{');
	jout_hex(j, "digest", span_of(a->decision.plan_digest, DIGEST_LEN));
	tell_plan_json(j, &plan);
	jout_end(j, '}');
	plan_fini(&plan);
	code = explain_costs(qn, a, j);
	if (code == EX_OK && qn->o->wire)
		code = explain_wire(qn, a, j);
	return code;
}

static int
history_json(
    const struct question *qn, const struct answer *a, struct json_out *j)
{
	struct issue_history h;
	bool known;
	int code = read_history(qn, a, &h, &known);

	if (code != EX_OK || !qn->store)
		return code;
	jout_begin(j, "history", '{');
	jout_int(j, "ended_ok", known ? (int64_t)h.value.oks : 0);
	if (known && h.value.servers.len > 0)
		jout_text(j, "servers", h.value.servers);
	jout_end(j, '}');
	return EX_OK;
}

static int
identity_json(
    const struct question *qn, const struct answer *a, struct json_out *j)
{
	const struct issue_decision *d = &a->decision;
	const struct identity_facts shows = explain_facts(qn);
	struct policy_facts facts;
	int code;

	explain_identity_json(j, d->peer.identity);
	if (!d->peer.identity)
		return tell_identities_json(
			   j, qn->set, &shows, explain_more, qn) == RC_OK
		    ? EX_OK
		    : tool_fault(RC_MEMORY, "identities");
	code = history_json(qn, a, j);
	facts = issue_facts(&qn->rq, &d->peer);
	if (d->granted || d->policy || d->reason == REASON_NO_POLICY)
		tell_policies_json(j, qn->set, &facts, d->policy);
	if (d->granted)
		tell_choices_json(j, &a->decided);
	return code;
}

static int
answer_json(const struct question *qn, const struct answer *a)
{
	const struct issue_decision *d = &a->decision;
	struct json_out j = {.f = stdout};
	int code;

	jout_begin(&j, NULL, '{');
	jout_hex(&j, "policy_set", span_of(qn->set->digest, DIGEST_LEN));
	jout_text(&j, "endpoint", d->peer.endpoint);
	explain_request_json(&j, qn);
	code = identity_json(qn, a, &j);
	jout_bool(&j, "granted", d->granted);
	if (!d->granted) {
		jout_str(&j, "reason", reason_code(d->reason));
		jout_str(&j, "sentence", reason_sentence(d->reason));
		jout_str(&j, "remedy", reason_remedy(d->reason));
		if (d->detail[0])
			jout_str(&j, "detail", d->detail);
		if (d->wait_s)
			jout_int(&j, "wait_s", d->wait_s);
	} else if (code == EX_OK) {
		code = plan_json(qn, a, &j);
	}
	jout_end(&j, '}');
	putchar('\n');
	return code;
}

/* --- */

static int
decide(struct question *qn, const struct issuer *issuer, struct answer *a)
{
	struct issue_decision shape = {0};
	struct issue_decision *d = &a->decision;
	int code = EX_OK;

	if (qn->made_by && qn->rq.proof != PROOF_NONE &&
	    qn->rq.credential.len == 0)
		code = decide_as_made(qn, issuer, d);
	else
		issue_begin(issuer, &qn->rq, d);
	if (code == EX_OK)
		code = look_closer(qn, issuer, &shape, a);
	if (code == EX_OK)
		code = strcmp(qn->o->format, "json") == 0 ? answer_json(qn, a)
							  : print_answer(qn, a);
	if (code == EX_OK && !d->granted)
		code = tool_error(EX_NOPERM, reason_remedy(d->reason),
		    "refused (%s)", reason_code(d->reason));
	issue_decision_fini(&shape);
	return code;
}

static int
explain(struct question *qn, const char *server_uri)
{
	const struct issuer issuer = {
	    .store = qn->store,
	    .rules = qn->rules,
	    .now_s = qn->now_s,
	    .server_uri = server_uri,
	};
	struct answer *a;
	int code = explain_ask(qn);

	if (code != EX_OK)
		return code;
	a = calloc(1, sizeof(*a));
	if (!a)
		return tool_fault(RC_MEMORY, "plan");
	code = decide(qn, &issuer, a);
	issue_decision_fini(&a->decision);
	free(a);
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
with_rules(struct question *qn, const char *server_uri)
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
		code = explain(qn, server_uri);
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
		code = with_rules(qn, s.config ? s.config->server_uri : NULL);
	ledger_close(qn->store);
	explain_files_fini(&qn->trust);
	explain_files_fini(&qn->crls);
	settings_fini(&s);
	free(qn);
	return code;
}
