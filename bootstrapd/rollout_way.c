#include "rollout_way.h"

#include "base/text.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

struct rollout_way {
	atomic_int references;
	uint8_t id[ROLLOUT_ID_LEN];
	unsigned stage;
	uint32_t share;
	bool halted;
	struct rollout_group group;
	struct issue_rules *candidate;
};

struct rollout_way *
rollout_way_new(const uint8_t id[static ROLLOUT_ID_LEN], unsigned stage,
    uint32_t share, bool halted, const struct rollout_group *group,
    struct issue_rules *candidate)
{
	struct rollout_way *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	atomic_init(&w->references, 1);
	memcpy(w->id, id, sizeof(w->id));
	w->stage = stage;
	w->share = share;
	w->halted = halted;
	w->group = *group;
	w->candidate = issue_rules_ref(candidate);
	return w;
}

struct rollout_way *
rollout_way_ref(struct rollout_way *w)
{
	if (w)
		atomic_fetch_add(&w->references, 1);
	return w;
}

void
rollout_way_unref(struct rollout_way *w)
{
	if (!w || atomic_fetch_sub(&w->references, 1) != 1)
		return;
	issue_rules_unref(w->candidate);
	free(w);
}

struct issue_rules *
rollout_way_candidate(const struct rollout_way *w)
{
	return w->candidate;
}

struct span
rollout_way_id(const struct rollout_way *w)
{
	return span_of(w->id, sizeof(w->id));
}

unsigned
rollout_way_stage(const struct rollout_way *w)
{
	return w->stage;
}

/* --- of this rollout? ----------------------------------------------------- */

struct looking {
	const struct rollout_way *way;
	bool found;
};

static enum rc
look(void *ctx, const struct ledger_row *row)
{
	struct looking *l = ctx;
	uint8_t text[2 * ROLLOUT_ID_LEN], id[ROLLOUT_ID_LEN];
	struct writer hex, bytes;

	writer_init(&hex, text, sizeof(text));
	writer_init(&bytes, id, sizeof(id));
	l->found = ledger_field(row, "rollout", &hex) &&
	    text_unhex(&bytes, writer_span(&hex)) == RC_OK &&
	    span_equal(writer_span(&bytes), rollout_way_id(l->way));
	return RC_OK;
}

/** Was it given the candidate's plan already? Its last beginning tells, for
 *  who has had it keeps it. */
static enum rc
had_candidate(const struct rollout_way *w, struct ledger *store,
    struct span endpoint, bool *had)
{
	const struct ledger_query q = {
	    .kind = SPAN_LIT("bootstrap_begin"),
	    .endpoint = endpoint,
	    .newest_first = true,
	    .limit = 1,
	};
	struct looking l = {.way = w};
	enum rc rc = ledger_read(store, &q, look, &l);

	*had = l.found;
	return rc;
}

/** By endpoint alone. */
static enum rc
is_due(const struct rollout_way *w, struct ledger *store, struct span endpoint,
    bool *due)
{
	*due = rollout_takes_part(rollout_place(w->id, endpoint), w->share) &&
	    (!w->group.glob[0] || glob_match(w->group.glob, endpoint));
	if (*due && w->halted)
		return had_candidate(w, store, endpoint, due);
	return RC_OK;
}

/* --- who decides ---------------------------------------------------------- */

/** One set's word on who asks. */
struct opinion {
	struct issuer issuer;
	struct issue_peer peer;
	bool lets_in;
};

static enum rc
ask(struct opinion *o, const struct issue_request *rq)
{
	enum rc rc = issue_identify(&o->issuer, rq, &o->peer);

	/* who claims another name is let in by nobody, as in issue_begin: a
	 * failure is not to be counted under it */
	o->lets_in = rc == RC_OK && o->peer.identity &&
	    o->peer.why == REASON_NONE &&
	    (!rq->has_endpoint || span_equal(rq->endpoint, o->peer.endpoint));
	return rc;
}

static bool
has_policy(
    const struct opinion *o, const struct issue_request *rq, const char *name)
{
	struct policy_facts facts;
	const struct policy *p;

	if (!o->lets_in)
		return false;
	facts = issue_facts(rq, &o->peer);
	p = policy_for(issue_rules_set(o->issuer.rules), &facts);
	return p && strcmp(p->name, name) == 0;
}

enum rc
rollout_way_choose(const struct rollout_way *w, const struct issuer *base,
    const struct issue_request *rq, bool *candidate)
{
	struct opinion ours = {.issuer = *base}, theirs = {.issuer = *base};
	struct span endpoint;
	enum rc rc;

	*candidate = false;
	theirs.issuer.rules = w->candidate;
	rc = ask(&ours, rq);
	if (rc == RC_OK)
		rc = ask(&theirs, rq);
	if (rc != RC_OK || (!ours.lets_in && !theirs.lets_in))
		return rc;
	endpoint = ours.lets_in ? ours.peer.endpoint : theirs.peer.endpoint;
	if (w->group.policy[0] && !has_policy(&ours, rq, w->group.policy) &&
	    !has_policy(&theirs, rq, w->group.policy))
		return RC_OK;
	return is_due(w, base->store, endpoint, candidate);
}

/* --- keys of handshakes --------------------------------------------------- */

/** Whose document knows that epoch? */
static bool
has_epoch(
    const struct issue_rules *rules, struct span psk_identity, uint32_t epoch)
{
	struct span endpoint;
	const struct identity *id =
	    identity_for_psk(issue_rules_set(rules), psk_identity, &endpoint);

	for (size_t i = 0; id && i < id->epoch_count; i++)
		if (id->epochs[i] == epoch)
			return true;
	return false;
}

/** Which set is asked first: whoever decides later, unless only the other one
 *  has the epoch that the device is known to have. A wrong guess costs one
 *  handshake, so that faults of the ledger are no matter here. */
static bool
candidate_first(const struct rollout_way *w, const struct issuer *base,
    struct span psk_identity, uint32_t first)
{
	struct span endpoint = {0};
	bool due = false, ours, theirs;

	if (!identity_for_psk(
		issue_rules_set(base->rules), psk_identity, &endpoint) &&
	    !identity_for_psk(
		issue_rules_set(w->candidate), psk_identity, &endpoint))
		return false;
	(void)!is_due(w, base->store, endpoint, &due);
	if (first == 0)
		return due;
	ours = has_epoch(base->rules, psk_identity, first);
	theirs = has_epoch(w->candidate, psk_identity, first);
	return ours == theirs ? due : theirs;
}

/**
 * With the device's Finished at hand the key that opens it, of either set.
 * Without it what one set has, then the other; where both have keys of other
 * epochs, the next handshake, after one that failed, gets the other's.
 */
enum rc
rollout_way_psk(const struct rollout_way *w, const struct issuer *base,
    struct span psk_identity, uint32_t first, unsigned attempt,
    struct span evidence, struct issue_psk_answer *out)
{
	struct issuer in_turn[2] = {*base, *base};
	size_t begin;
	enum rc rc = RC_DENIED;

	in_turn[candidate_first(w, base, psk_identity, first) ? 0 : 1].rules =
	    w->candidate;
	for (size_t i = 0; i < 2 && evidence.len > 0; i++) {
		in_turn[i].one_of_several = true;
		rc = issue_psk_by_evidence(
		    &in_turn[i], psk_identity, first, evidence, out);
		if (rc != RC_DENIED && rc != RC_NOT_FOUND)
			return rc;
	}
	begin = attempt % 2;
	rc = issue_psk(&in_turn[begin], psk_identity, first, attempt / 2, out);
	if (rc == RC_NOT_FOUND)
		rc = issue_psk(
		    &in_turn[1 - begin], psk_identity, first, attempt / 2, out);
	return rc;
}
