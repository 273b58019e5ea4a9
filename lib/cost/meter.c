/* Counting the datagrams of dialogues. */
#include "cost/dialogue.h"
#include "cost/preset.h"

#include <stdlib.h>

enum {
	PAPERS_MAX = 8, /* kinds of handshake that are remembered */
	/* Until the usual length of a client's signature is known. */
	SIGNED_RUNS_MAX = 60,
	SIGNED_BELOW = 3,
	GAP_MS = 1000000, /* between two bootstraps */
};

struct cost_meter {
	uint64_t now_ms;
	struct secure_papers papers[PAPERS_MAX];
	size_t next; /* the one that makes room */
};

struct cost_meter *
cost_meter_new(void)
{
	struct cost_meter *m = calloc(1, sizeof(*m));

	if (m)
		m->now_ms = GAP_MS;
	return m;
}

void
cost_meter_free(struct cost_meter *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < PAPERS_MAX; i++)
		secure_papers_fini(&m->papers[i]);
	free(m);
}

static enum rc
find_papers(struct cost_meter *m, const struct cost_case *c,
    const struct secure_papers **out)
{
	struct secure_papers *p;
	enum rc rc;

	*out = NULL;
	if (c->transport == COST_UDP)
		return RC_OK;
	for (size_t i = 0; i < PAPERS_MAX && !*out; i++)
		if (secure_papers_fit(&m->papers[i], c))
			*out = &m->papers[i];
	if (*out)
		return RC_OK;
	p = &m->papers[m->next];
	m->next = (m->next + 1) % PAPERS_MAX;
	rc = secure_papers_make(p, c);
	if (rc != RC_OK)
		secure_papers_fini(p);
	*out = p;
	return rc;
}

/** Both sides in turn: what comes together in one direction is one flight. */
static uint32_t
round_trips(const struct air *a, size_t sent)
{
	uint32_t turns = 0;

	for (size_t i = 1; i < sent; i++)
		turns += a->log[i].way != a->log[i - 1].way;
	return (turns + 1) / 2;
}

static void
count(const struct dialogue *t, struct cost *out)
{
	size_t sent = t->decided ? t->decided_sent : t->air.sent;

	*out = (struct cost){
	    .outcome = t->decided ? t->verdict.outcome : OUTCOME_FAILED,
	    .reason = t->decided ? t->verdict.reason : REASON_NO_ANSWER,
	    .step = t->verdict.step,
	    .steps = t->verdict.steps,
	    .round_trips = round_trips(&t->air, sent),
	    .blocks = t->blocks,
	};
	for (size_t i = 0; i < t->air.sent; i++) {
		const struct air_sent *d = &t->air.log[i];
		struct cost_way *w = d->way == AIR_UP ? &out->up : &out->down;

		w->datagrams++;
		w->bytes += d->len;
	}
}

static enum rc
hold_counted(struct cost_meter *m, const struct cost_case *c,
    const struct secure_papers *papers, struct cost *out)
{
	struct dialogue t;
	enum rc rc =
	    dialogue_hold(&t, c, papers, &preset_counting, 0, m->now_ms);

	if (rc == RC_OK)
		count(&t, out);
	m->now_ms = t.now_ms + GAP_MS;
	dialogue_fini(&t);
	return rc;
}

/**
 * A device's signature has 72 bytes at most; 72, 71 and 70 come one, two and
 * one time of four, less one time of a hundred. It is held until what is two
 * below the most was seen often: then the most is 72, and one less the usual,
 * the same number each time.
 */
static enum rc
hold_signed(struct cost_meter *m, const struct cost_case *c,
    const struct secure_papers *papers, struct cost *out)
{
	unsigned below = 0; /* how often there were two bytes less */
	struct cost now;
	uint32_t most = 0;

	for (unsigned i = 0; i < SIGNED_RUNS_MAX && below < SIGNED_BELOW; i++) {
		enum rc rc = hold_counted(m, c, papers, &now);

		if (rc != RC_OK)
			return rc;
		if (now.up.bytes > most) {
			below = 0;
			most = now.up.bytes;
			*out = now;
		} else if (now.up.bytes + 2 == most) {
			below++;
		}
	}
	out->up.bytes--;
	return RC_OK;
}

/* --- the worst time ------------------------------------------------------- */

/**
 * The largest datagrams of each way, behind the handshake. What a loss within
 * that costs is a matter of the device's DTLS and its timers, from a second to
 * a handshake that is begun again.
 */
struct largest {
	size_t at[2]; /* from 1; 0: there is none */
};

static void
find_largest(const struct air *a, size_t sent, struct largest *out)
{
	*out = (struct largest){{0}};
	for (size_t i = 0; i < sent; i++) {
		size_t *at = &out->at[a->log[i].way];

		if (!a->log[i].within)
			continue;
		if (*at == 0 || a->log[i].len > a->log[*at - 1].len)
			*at = i + 1;
	}
}

static enum rc
hold_timed(struct cost_meter *m, const struct cost_case *c,
    const struct secure_papers *papers, const struct air_link *link,
    size_t lose, struct largest *largest, uint64_t *ms)
{
	struct dialogue t;
	enum rc rc = dialogue_hold(&t, c, papers, link, lose, m->now_ms);

	if (rc == RC_OK) {
		bool good = t.decided && t.verdict.outcome == OUTCOME_OK;

		*ms = good ? t.decided_ms - t.started_ms : TIME_NEVER;
		if (largest)
			find_largest(&t.air, t.air.sent, largest);
	}
	m->now_ms = t.now_ms + GAP_MS;
	dialogue_fini(&t);
	return rc;
}

static enum rc
find_worst(struct cost_meter *m, const struct cost_case *c,
    const struct secure_papers *papers, const struct air_link *link,
    uint64_t *worst_ms)
{
	struct largest largest;
	uint64_t ms;
	enum rc rc = hold_timed(m, c, papers, link, 0, &largest, worst_ms);

	for (size_t i = 0; rc == RC_OK && i < 2; i++) {
		if (largest.at[i] == 0)
			continue;
		rc = hold_timed(m, c, papers, link, largest.at[i], NULL, &ms);
		if (rc == RC_OK && ms > *worst_ms)
			*worst_ms = ms;
	}
	return rc;
}

enum rc
cost_measure(struct cost_meter *m, const struct cost_case *c, bool times,
    struct cost *out)
{
	const struct secure_papers *papers;
	enum rc rc;

	if (!cost_can(c->transport, c->proof))
		return RC_UNSUPPORTED;
	rc = find_papers(m, c, &papers);
	if (rc != RC_OK)
		return rc;
	if (c->proof == COST_CERTIFICATE || c->proof == COST_RAW_KEY)
		rc = hold_signed(m, c, papers, out);
	else
		rc = hold_counted(m, c, papers, out);
	for (size_t i = 0; i < COST_LINKS; i++) {
		out->worst_ms[i] = TIME_NEVER;
		if (rc == RC_OK && times && out->outcome == OUTCOME_OK)
			rc = find_worst(
			    m, c, papers, &presets[i], &out->worst_ms[i]);
	}
	return rc;
}

bool
cost_can(enum cost_transport t, enum cost_proof p)
{
	const char *has = dtls_features();

	if (t == COST_UDP)
		return p == COST_NONE;
	if (p == COST_NONE || (t == COST_DTLS_13 && !strstr(has, "DTLS 1.3")))
		return false;
	return p != COST_RAW_KEY || strstr(has, "RPK") != NULL;
}
