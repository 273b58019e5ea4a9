/*
 * policy explain: what one device would get, before it comes: the daemon's own
 * decision over the same documents, without the HSM.
 */
#include "issue/issue.h"
#include "plan_text.h"
#include "tool.h"
#include "verbs.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { MISSES_MAX = 20, TEMPLATE_MAX = 512 };

/** What is asked, and the memory that the request points into. */
struct question {
	const struct options *o;
	const struct issue_rules *rules;
	const struct policy_set *set; /* theirs */
	struct issue_request rq;
	uint8_t credential[TEMPLATE_MAX];
	bool assumed; /* nobody said what the device shows */
};

static const struct identity *
identity_by_name(const struct policy_set *set, const char *name)
{
	for (size_t i = 0; i < set->identity_count; i++)
		if (strcmp(set->identities[i].name, name) == 0)
			return &set->identities[i];
	return NULL;
}

/** The request of a device that was made by `id`. */
static void
as_made_by(struct question *qn, const struct identity *id)
{
	struct writer w;

	if (id->kind == IDENTITY_NOSEC) {
		qn->rq.proof = PROOF_NONE;
		if (qn->rq.address.family == 0 && id->network_count > 0) {
			qn->rq.address.family = id->networks[0].family;
			memcpy(qn->rq.address.ip, id->networks[0].ip,
			    sizeof(qn->rq.address.ip));
		}
		return;
	}
	writer_init(&w, qn->credential, sizeof(qn->credential));
	template_expand(&w, id->psk_identity, qn->rq.endpoint);
	qn->rq.credential = writer_span(&w);
}

/** Nothing said: as the first document that admits the endpoint has it. */
static void
assume(struct question *qn)
{
	qn->assumed = true;
	for (size_t i = 0; i < qn->set->identity_count; i++) {
		const struct identity *id = &qn->set->identities[i];

		if (!glob_match(id->endpoint, qn->rq.endpoint))
			continue;
		as_made_by(qn, id);
		return;
	}
	qn->rq.credential = qn->rq.endpoint;
}

static int
ask(struct question *qn)
{
	const struct options *o = qn->o;
	const struct identity *id;
	struct quoted q;

	qn->rq = (struct issue_request){
	    .proof = PROOF_PSK,
	    .has_endpoint = true,
	    .endpoint = span_str(o->endpoint),
	    .pct = -1,
	};
	if (o->credential && (o->address || o->identity))
		return tool_error(EX_USAGE, "give one of them",
		    "--credential stands for a device with a key: --identity "
		    "and --address do not go with it");
	if (o->address &&
	    address_parse(span_str(o->address), &qn->rq.address) != RC_OK)
		return tool_error(EX_USAGE,
		    "as in 192.0.2.1:5683 or [2001:db8::1]:5683",
		    "--address %s", quote_str(&q, o->address));
	if (o->credential) {
		qn->rq.credential = span_str(o->credential);
	} else if (o->identity) {
		id = identity_by_name(qn->set, o->identity);
		if (!id)
			return tool_error(EX_DATAERR,
			    "see provisioning-tool policy check",
			    "no identity document %s",
			    quote_str(&q, o->identity));
		if (o->address && id->kind != IDENTITY_NOSEC)
			return tool_error(EX_USAGE, "leave --address out",
			    "identity %s admits by key, not by address",
			    quote_str(&q, o->identity));
		as_made_by(qn, id);
	} else if (o->address) {
		qn->rq.proof = PROOF_NONE;
	} else {
		assume(qn);
	}
	return EX_OK;
}

static void
print_place(const char *name, struct policy_place at)
{
	struct quoted q, file;

	printf("%s  (%s:%u)\n", quote_str(&q, name),
	    /* bare, so that editors and terminals take it for a place */
	    strcspn(at.file, "\"\\ \t\r\n\033") == strlen(at.file)
		? at.file
		: quote_str(&file, at.file),
	    at.line);
}

static void
print_request(const struct question *qn)
{
	char text[ADDRESS_TEXT_MAX];
	struct quoted q;
	struct writer w;

	printf("endpoint    %s\n", quote(&q, qn->rq.endpoint));
	if (qn->rq.proof == PROOF_NONE) {
		writer_init(&w, text, sizeof(text) - 1);
		address_print(&w, &qn->rq.address);
		text[w.len] = '\0';
		printf("comes from  %s, without security\n", text);
	} else {
		printf("shows       PSK identity %s\n",
		    quote(&q, qn->rq.credential));
	}
	if (qn->assumed)
		puts("            (assumed: --identity, --credential and "
		     "--address say otherwise)");
}

static void
print_identity(const struct identity *id)
{
	struct quoted q;

	if (!id) {
		puts("identity    none");
		return;
	}
	fputs("identity    ", stdout);
	print_place(id->name, id->place);
	printf("            endpoint %s", quote_str(&q, id->endpoint));
	if (id->kind == IDENTITY_PSK) {
		printf(", key from %s epoch", quote_str(&q, id->master));
		for (size_t i = 0; i < id->epoch_count; i++)
			printf("%s %u", i ? "," : "", (unsigned)id->epochs[i]);
	}
	putchar('\n');
}

/** Why each identity document does not admit the device. */
static void
print_identity_misses(const struct question *qn)
{
	const struct policy_set *set = qn->set;
	uint8_t buf[TEMPLATE_MAX];
	struct quoted q;
	struct writer w;

	for (size_t i = 0; i < set->identity_count && i < MISSES_MAX; i++) {
		const struct identity *id = &set->identities[i];

		fputs("not         ", stdout);
		print_place(id->name, id->place);
		fputs("            ", stdout);
		writer_init(&w, buf, sizeof(buf));
		if (id->kind == IDENTITY_PSK)
			template_expand(&w, id->psk_identity, qn->rq.endpoint);
		if ((qn->rq.proof == PROOF_NONE) !=
		    (id->kind == IDENTITY_NOSEC))
			puts(qn->rq.proof == PROOF_NONE
				? "it asks for a key"
				: "it admits by address only");
		else if (!glob_match(id->endpoint, qn->rq.endpoint))
			printf("endpoint: %s does not fit\n",
			    quote_str(&q, id->endpoint));
		else if (qn->rq.proof == PROOF_NONE)
			puts("nosec.network: the address is in none");
		else
			printf("psk.identity: for this endpoint it is %s\n",
			    quote(&q, writer_span(&w)));
	}
	if (set->identity_count > MISSES_MAX)
		printf(
		    "not         %zu more\n", set->identity_count - MISSES_MAX);
}

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
	return strcmp(p->endpoint, "*") != 0 &&
	    glob_match(p->endpoint, d->peer.endpoint);
}

static void
print_miss(const struct policy *p, enum policy_miss miss,
    const struct issue_decision *d)
{
	struct quoted q;

	fputs(miss == MISS_LATER ? "later       " : "not         ", stdout);
	print_place(p->name, p->place);
	fputs("            ", stdout);
	switch (miss) {
	case MISS_IDENTITY:
		printf("match.identity does not name %s\n",
		    quote_str(&q, d->peer.identity->name));
		break;
	case MISS_ENDPOINT:
		printf("match.endpoint: %s does not fit\n",
		    quote_str(&q, p->endpoint));
		break;
	case MISS_LATER:
	case MISS_NONE:
		printf("it matches too, but comes later (order %lld)\n",
		    (long long)p->order);
		break;
	}
}

static void
print_policies(const struct question *qn, const struct issue_decision *d)
{
	const struct policy_set *set = qn->set;
	size_t shown = 0, others = 0;

	fputs("policy      ", stdout);
	if (d->policy)
		print_place(d->policy->name, d->policy->place);
	else
		puts("none");
	for (size_t i = 0; i < set->policy_count; i++) {
		const struct policy *p = &set->policies[i];
		enum policy_miss miss;

		if (p == d->policy)
			continue;
		miss = policy_miss(p, d->peer.identity, d->peer.endpoint);
		if (miss == MISS_NONE)
			miss = MISS_LATER;
		if (!nearly(p, miss, d) || shown == MISSES_MAX) {
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

static int
explain(struct question *qn)
{
	const struct issuer issuer = {
	    .rules = qn->rules,
	    .now_s = time(NULL),
	};
	struct issue_decision d;
	int code = ask(qn);

	if (code != EX_OK)
		return code;
	issue_begin(&issuer, &qn->rq, &d);
	print_request(qn);
	print_identity(d.peer.identity);
	if (!d.peer.identity)
		print_identity_misses(qn);
	else if (d.granted || d.reason == REASON_NO_POLICY)
		print_policies(qn, &d);
	if (d.granted) {
		code = print_plan(&d);
	} else {
		printf("refused     %s: %s\n", reason_code(d.reason),
		    reason_sentence(d.reason));
		code = tool_error(EX_NOPERM, reason_remedy(d.reason),
		    "refused (%s)", reason_code(d.reason));
	}
	issue_decision_fini(&d);
	return code;
}

int
policy_explain(const struct options *o)
{
	struct diag *d = diag_new();
	struct policy_set *set = NULL;
	struct issue_rules *rules = NULL;
	struct question qn = {.o = o};
	struct quoted q;
	enum rc rc;
	int code;

	if (!d)
		return tool_fault(RC_MEMORY, "policies");
	rc = policy_load(o->operands[0], d, &set);
	if (rc == RC_OK)
		rc = issue_rules_new(set, NULL, d, &rules);
	if (rc == RC_OK) {
		qn.rules = rules;
		qn.set = set;
		code = explain(&qn);
	} else if (rc == RC_MEMORY) {
		code = tool_fault(rc, "policies");
	} else {
		diag_sort(d);
		diag_print(d, stderr);
		code = tool_error(EX_DATAERR, "mend what is named above",
		    "%s cannot be used", quote_str(&q, o->operands[0]));
	}
	issue_rules_unref(rules);
	policy_set_unref(set);
	diag_free(d);
	return code;
}
