#include "keeper_state.h"

#include "base/text.h"
#include "rollout_run.h"

#include <stddef.h>
#include <stdlib.h>

enum { SWEEP_GRACE_MS = 60000 };

#define OWNER(item, member) \
	((struct known_session *)(void *)((uint8_t *)(item)-offsetof( \
	    struct known_session, member)))

struct known_session *
session_find(struct keeper *k, const uint8_t *id)
{
	struct table_item *i =
	    table_get(&k->sessions, span_of(id, SESSION_ID_LEN));

	return i ? OWNER(i, by_id) : NULL;
}

struct known_session *
session_add(struct keeper *k, const uint8_t *id, unsigned worker)
{
	struct known_session *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	memcpy(s->id, id, SESSION_ID_LEN);
	s->worker = worker;
	s->seen_ms = clock_now_ms();
	s->by_id.key = span_of(s->id, SESSION_ID_LEN);
	table_put(&k->sessions, &s->by_id);
	return s;
}

/** The key of k->endpoints: see known_session. */
static struct span
put_name(uint8_t room[static 1 + POLICY_ENDPOINT_MAX], bool nosec,
    struct span endpoint)
{
	size_t n = endpoint.len < POLICY_ENDPOINT_MAX ? endpoint.len
						      : POLICY_ENDPOINT_MAX;

	room[0] = nosec ? 'n' : 'p';
	if (n)
		memcpy(room + 1, endpoint.p, n);
	return span_of(room, n + 1);
}

void
session_is_recorded(struct keeper *k, struct known_session *s, bool nosec,
    struct span endpoint, const uint8_t plan[static DIGEST_LEN],
    const uint8_t set[static DIGEST_LEN])
{
	if (s->recorded)
		return;
	s->by_endpoint.key = put_name(s->name, nosec, endpoint);
	s->name_len = s->by_endpoint.key.len;
	memcpy(s->plan, plan, DIGEST_LEN);
	memcpy(s->set, set, DIGEST_LEN);
	s->recorded = true;
	table_put(&k->endpoints, &s->by_endpoint);
}

struct span
session_endpoint(const struct known_session *s)
{
	return span_from(span_of(s->name, s->name_len), 1);
}

struct known_session *
session_of_endpoint(struct keeper *k, bool nosec, struct span endpoint)
{
	uint8_t name[1 + POLICY_ENDPOINT_MAX];
	struct table_item *i =
	    table_get(&k->endpoints, put_name(name, nosec, endpoint));

	return i ? OWNER(i, by_endpoint) : NULL;
}

void
session_forget(struct keeper *k, struct known_session *s)
{
	table_remove(&k->sessions, &s->by_id);
	if (s->recorded)
		table_remove(&k->endpoints, &s->by_endpoint);
	issue_rules_unref(s->rules);
	free(s);
}

/** The digest that a row has by that name; zeros, as of nothing, if none. */
static const uint8_t *
digest_in(const struct ledger_row *row, const char *name,
    uint8_t out[static DIGEST_LEN])
{
	uint8_t text[2 * DIGEST_LEN], digest[DIGEST_LEN];
	struct writer hex, bytes;

	memset(out, 0, DIGEST_LEN);
	writer_init(&hex, text, sizeof(text));
	writer_init(&bytes, digest, sizeof(digest));
	if (ledger_field(row, name, &hex) &&
	    text_unhex(&bytes, writer_span(&hex)) == RC_OK &&
	    bytes.len == DIGEST_LEN)
		memcpy(out, digest, DIGEST_LEN);
	return out;
}

/** Was it begun because of a push? */
static bool
is_pushed(const struct ledger_row *row)
{
	uint8_t text[2 * QUESTION_PUSH_LEN];
	struct writer w;

	writer_init(&w, text, sizeof(text));
	return ledger_field(row, "push", &w);
}

void
session_decided_by(
    struct known_session *s, struct issue_rules *rules, struct span rollout)
{
	if (s->recorded)
		return;
	issue_rules_unref(s->rules);
	s->rules = rules ? issue_rules_ref(rules) : NULL;
	s->staged = rollout.len == sizeof(s->rollout);
	if (s->staged)
		memcpy(s->rollout, rollout.p, rollout.len);
}

/** The rules of that set, if it is one of those that are loaded; NULL. */
static struct issue_rules *
rules_of(const struct keeper *k, const uint8_t set[static DIGEST_LEN])
{
	const struct rollout_run *r = k->rollout;

	if (memcmp(set, k->policies.set->digest, DIGEST_LEN) == 0)
		return k->policies.rules;
	return r && memcmp(set, r->next, DIGEST_LEN) == 0 ? r->candidate : NULL;
}

/** By which set, and of which rollout, a begin row was decided. */
static void
restore_set(
    struct keeper *k, struct known_session *s, const struct ledger_row *row)
{
	uint8_t text[2 * DIGEST_LEN], id[sizeof(s->rollout)], set[DIGEST_LEN];
	struct writer hex, bytes;

	writer_init(&hex, text, sizeof(text));
	writer_init(&bytes, id, sizeof(id));
	if (!ledger_field(row, "rollout", &hex) ||
	    text_unhex(&bytes, writer_span(&hex)) != RC_OK)
		bytes.len = 0;
	session_decided_by(s, rules_of(k, digest_in(row, "policy_set", set)),
	    writer_span(&bytes));
}

/** One session that the ledger says is open. */
static enum rc
restore(void *ctx, const struct ledger_row *row)
{
	struct keeper *k = ctx;
	uint8_t plan[DIGEST_LEN], set[DIGEST_LEN];
	uint8_t text[64], kind_text[16];
	struct writer instance, kind;
	bool nosec;
	struct known_session *s;
	int64_t worker = 0;

	if (row->session.len != SESSION_ID_LEN ||
	    session_find(k, row->session.p))
		return RC_OK;
	writer_init(&instance, text, sizeof(text));
	(void)ledger_field_int(row, "worker", &worker);
	s = session_add(k, row->session.p, (unsigned)worker);
	if (!s)
		return RC_MEMORY;
	writer_init(&kind, kind_text, sizeof(kind_text));
	nosec = ledger_field(row, "kind", &kind) &&
	    span_is(writer_span(&kind), "nosec");
	s->pushed = is_pushed(row);
	restore_set(k, s, row);
	session_is_recorded(k, s, nosec, row->endpoint,
	    digest_in(row, "plan", plan), digest_in(row, "policy_set", set));
	/* whether Finish went out is known to its worker only */
	s->finishing = true;
	if (!ledger_field(row, "instance", &instance) ||
	    !span_is(writer_span(&instance), k->args->instance))
		end_session(k, s, OUTCOME_UNKNOWN, REASON_DAEMON_LOST);
	return RC_OK;
}

enum rc
sessions_restore(struct keeper *k)
{
	return ledger_open_sessions(k->ledger, restore, k);
}

struct lost {
	struct keeper *keeper;
	unsigned worker; /**< ANY_WORKER: of all */
	uint64_t before_ms; /**< begun by then */
};

enum { ANY_WORKER = WORKERS_MAX };

static void
end_if_lost(void *ctx, struct table_item *item)
{
	const struct lost *lost = ctx;
	struct known_session *s = OWNER(item, by_id);

	if (s->seen_ms > lost->before_ms ||
	    (lost->worker != ANY_WORKER && s->worker != lost->worker))
		return;
	if (!s->recorded) {
		/* its job is under way; it will find that nobody waits */
		s->ended = true;
		return;
	}
	end_session(lost->keeper, s,
	    s->finishing ? OUTCOME_UNKNOWN : OUTCOME_FAILED,
	    REASON_WORKER_LOST);
}

void
sessions_worker_lost(struct keeper *k, unsigned worker, uint64_t before_ms)
{
	struct lost lost = {k, worker, before_ms};

	table_each(&k->sessions, end_if_lost, &lost);
	record_soon(k);
}

void
sessions_sweep(struct keeper *k, uint64_t now_ms)
{
	uint64_t age = k->config->session_lifetime_ms +
	    k->config->keeper_wait_ms + SWEEP_GRACE_MS;
	struct lost lost = {.keeper = k, .worker = ANY_WORKER};

	if (now_ms <= age)
		return;
	lost.before_ms = now_ms - age;
	table_each(&k->sessions, end_if_lost, &lost);
	record_soon(k);
}

struct counting {
	const uint8_t *in_force;
	const uint8_t *candidate; /**< of a rollout, or NULL */
	size_t others;
};

static void
count_other(void *ctx, struct table_item *item)
{
	struct counting *c = ctx;
	const struct known_session *s = OWNER(item, by_id);

	if (!s->recorded || memcmp(s->set, c->in_force, DIGEST_LEN) == 0 ||
	    (c->candidate && memcmp(s->set, c->candidate, DIGEST_LEN) == 0))
		return;
	c->others++;
}

size_t
sessions_on_older_sets(struct keeper *k)
{
	struct counting c = {
	    .in_force = k->policies.set->digest,
	    .candidate = k->rollout ? k->rollout->next : NULL,
	};

	table_each(&k->sessions, count_other, &c);
	return c.others;
}

void
sessions_free(struct keeper *k)
{
	struct table_item *i;
	struct ending *e;

	while ((e = k->endings)) {
		k->endings = e->next;
		free(e);
	}
	while ((i = table_any(&k->sessions)))
		session_forget(k, OWNER(i, by_id));
}
