/* Which bootstraps of a policy are measured. */
#include "cost_rows.h"

#include "issue/sample.h"

#include "policy/match.h"

#include <stdlib.h>

enum {
	KEY_LEN = 32, /* bytes: of no matter, a key never travels */
	PSK_IDENTITY_MAX = 128,
};

/** One kind of proof, and the first document that has it. */
struct way {
	enum cost_proof proof;
	const struct identity *by; /* NULL: any such device */
};

static enum cost_proof
proof_of(const struct identity *id)
{
	switch (id->kind) {
	case IDENTITY_PSK:
	case IDENTITY_IMPORTED:
		return COST_PSK;
	case IDENTITY_CERTIFICATE:
		return COST_CERTIFICATE;
	case IDENTITY_RPK:
		return COST_RAW_KEY;
	case IDENTITY_NOSEC:
		break;
	}
	return COST_NONE;
}

static bool
takes(const struct policy *p, const struct identity *id)
{
	if (!p->identities)
		return true;
	for (size_t i = 0; p->identities[i]; i++)
		if (strcmp(p->identities[i], id->name) == 0)
			return true;
	return false;
}

/** By enum cost_proof; `proof` COST_NONE and no document: there is none. */
static size_t
find_ways(const struct policy_set *set, const struct policy *p, struct way *out)
{
	bool has[4] = {false};
	size_t n = 0;

	for (size_t i = 0; i < set->identity_count; i++) {
		const struct identity *id = &set->identities[i];
		enum cost_proof proof = proof_of(id);

		if (!takes(p, id) || has[proof])
			continue;
		has[proof] = true;
		out[n++] = (struct way){proof, id};
	}
	/* policies without their identities: with the plainest and the most
	 * usual */
	if (n == 0) {
		out[n++] = (struct way){.proof = COST_NONE};
		out[n++] = (struct way){.proof = COST_PSK};
	}
	return n;
}

static enum rc
measure(const struct cost_bench *b, struct cost_case *c, bool times,
    struct cost_rows *out)
{
	struct cost_row *row = &out->rows[out->count];
	enum rc rc;

	if (!cost_can(c->transport, c->proof))
		return RC_OK;
	row->transport = c->transport;
	row->proof = c->proof;
	rc = cost_measure(b->meter, c, times, &row->cost);
	if (rc == RC_OK)
		out->count++;
	/* lengths that no certificate has: nothing to be measured */
	return rc == RC_MEMORY ? rc : RC_OK;
}

/** What such a device shows. */
static void
choose_chain(const struct cost_bench *b, const struct way *w,
    struct span endpoint, struct cost_chain *out)
{
	size_t len;

	*out = b->given->device;
	if (b->given->has_device || !w->by || !w->by->issue.ca)
		return;
	if (issue_sample_certificate(
		b->rules, &w->by->issue, endpoint, b->now_s, &len) == RC_OK)
		*out = (struct cost_chain){.len = {len}, .count = 1};
}

static enum rc
measure_way(const struct cost_bench *b, const struct way *w,
    struct cost_case *c, bool times, struct cost_rows *out)
{
	uint8_t identity[PSK_IDENTITY_MAX];
	struct writer psk;
	enum rc rc;

	c->proof = w->proof;
	if (w->proof == COST_NONE) {
		c->transport = COST_UDP;
		c->echo = w->by && w->by->echo;
		return measure(b, c, times, out);
	}
	writer_init(&psk, identity, sizeof(identity));
	if (w->by && w->by->kind == IDENTITY_PSK)
		template_expand(&psk, w->by->psk_identity, c->endpoint);
	else
		writer_put(&psk, c->endpoint);
	c->psk_identity = writer_span(&psk);
	if (w->proof == COST_CERTIFICATE) {
		choose_chain(b, w, c->endpoint, &c->device_chain);
		out->device_chain = c->device_chain;
	}
	c->transport = COST_DTLS_12;
	rc = measure(b, c, times, out);
	c->transport = COST_DTLS_13;
	return rc == RC_OK ? measure(b, c, times, out) : rc;
}

enum rc
cost_rows_measure(const struct cost_bench *b, const struct policy *p,
    bool times, struct cost_rows *out)
{
	const struct policy_set *set = issue_rules_set(b->rules);
	struct issue_decision *d = calloc(1, sizeof(*d));
	struct way ways[4];
	size_t n = find_ways(set, p, ways);
	enum rc rc = d ? RC_OK : RC_MEMORY;
	struct cost_case c;

	out->count = 0;
	out->times = times;
	out->endpoint = issue_sample_endpoint(set, p, out->room);
	if (rc == RC_OK)
		rc = issue_sample_largest(
		    b->rules, p, out->endpoint, b->now_s, d);
	if (rc == RC_OK) {
		c = (struct cost_case){
		    .device = &p->device,
		    .endpoint = out->endpoint,
		    .plan = secret_expose(&d->plan),
		    .key_len = KEY_LEN,
		    .server_chain = b->given->server,
		    .server_name =
			b->given->server_name[0] ? b->given->server_name : NULL,
		};
		for (size_t i = 0; rc == RC_OK && i < n; i++)
			rc = measure_way(b, &ways[i], &c, times, out);
	} else if (rc != RC_MEMORY) {
		rc = RC_OK;
	}
	if (d)
		issue_decision_fini(d);
	free(d);
	return rc;
}

enum rc
cost_rows_of(const struct cost_bench *b, const struct policy *p,
    const struct identity *by, struct span endpoint, struct span plan,
    struct cost_rows *out)
{
	const struct way way = {proof_of(by), by};
	struct cost_case c = {
	    .device = &p->device,
	    .endpoint = endpoint,
	    .plan = plan,
	    .key_len = KEY_LEN,
	    .server_chain = b->given->server,
	    .server_name =
		b->given->server_name[0] ? b->given->server_name : NULL,
	};

	*out = (struct cost_rows){.times = true, .endpoint = endpoint};
	return measure_way(b, &way, &c, true, out);
}
