/*
 * One device: what it would get, beside what it was given. What two plans
 * differ in is worked out once for all devices that go from the same policy
 * with the same servers to the same other one.
 */
#include "fleet.h"

#include "base/text.h"
#include "policy/override.h"

#include <stdlib.h>
#include <string.h>

enum {
	MEMOS_MAX = 20000, /**< then all are forgotten */
	MEMO_KEY_MAX = 8 * 1024,
	MEMO_LINES_MAX = 256,
};

/** Which lines devices of one kind are counted in. */
struct memo {
	struct table_item item;
	struct fleet_line **lines;
	size_t count;
};

enum rc
fleet_worker_init(struct fleet_worker *w, const struct fleet_job *job)
{
	char why[256];
	enum rc rc;

	memset(w, 0, sizeof(*w));
	w->job = job;
	rc = fleet_tally_init(&w->tally, job->examples);
	if (rc == RC_OK)
		rc = table_init(&w->memos);
	if (rc == RC_OK)
		rc = ledger_open(
		    job->ledger, LEDGER_READ, &w->store, why, sizeof(why));
	w->memo_arena = arena_new(0);
	return rc == RC_OK && !w->memo_arena ? RC_MEMORY : rc;
}

void
fleet_worker_fini(struct fleet_worker *w)
{
	ledger_close(w->store);
	fleet_tally_fini(&w->tally);
	table_fini(&w->memos);
	arena_free(w->memo_arena);
	issue_decision_fini(&w->decision);
}

/* --- what it was given ---------------------------------------------------- */

static const struct policy *
policy_named(const struct policy_set *set, struct span name)
{
	for (size_t i = 0; i < set->policy_count; i++)
		if (span_is(name, set->policies[i].name))
			return &set->policies[i];
	return NULL;
}

/** Are these the servers of a row, in its order? */
static bool
has_servers(const struct policy *p, struct span names)
{
	for (size_t i = 0; i < p->server_count; i++) {
		struct span name = span_str(p->servers[i].name);

		if (i > 0) {
			if (!span_starts(names, SPAN_LIT(" ")))
				return false;
			names = span_from(names, 1);
		}
		if (!span_starts(names, name))
			return false;
		names = span_from(names, name.len);
	}
	return names.len == 0;
}

static struct span
first_name(struct span *rest)
{
	const uint8_t *space =
	    rest->len ? memchr(rest->p, ' ', rest->len) : NULL;
	struct span name = *rest;

	if (space)
		name.len = (size_t)(space - rest->p);
	*rest = span_from(*rest, name.len + (space ? 1 : 0));
	return name;
}

/** As its row says, which knows what was free then. */
static void
take_servers(struct policy_decided *d, struct span names)
{
	const struct policy *p = d->policy;
	size_t n = 0;

	while (names.len > 0 && n < POLICY_SERVERS_MAX) {
		struct span name = first_name(&names);

		for (size_t i = 0; i < p->server_count; i++) {
			if (!span_is(name, p->servers[i].name))
				continue;
			d->servers[n++] = p->servers[i];
			break;
		}
	}
	d->given.servers = d->servers;
	d->given.server_count = n;
}

/** Keys that were of a later turn. */
static void
turn_keys(struct policy_decided *d, uint32_t turn)
{
	if (turn <= d->turn || d->given.server_count > POLICY_SERVERS_MAX)
		return;
	if (d->given.servers != d->servers)
		memcpy(d->servers, d->given.servers,
		    d->given.server_count * sizeof(d->servers[0]));
	d->given.servers = d->servers;
	for (size_t i = 0; i < d->given.server_count; i++) {
		policy_key_turn(&d->servers[i].key, turn - d->turn);
		policy_key_turn(&d->servers[i].oscore.key, turn - d->turn);
	}
}

/** What that policy gave it; false: it would give it nothing now, or the row
 *  does not fit it. */
static bool
given_before(struct fleet_worker *w, const struct policy_set *set,
    const struct policy *p)
{
	const struct issue_replay *r = &w->replay;
	const struct policy_history history = {
	    .turn = r->turn, .servers = r->servers};
	const struct policy_facts facts = {
	    .endpoint = r->rq.endpoint,
	    .from = &r->rq.address,
	    .history = &history,
	};
	struct policy_decided *d = &w->before;

	if (policy_decide_by(set, p, &facts, d) != RC_OK)
		return false;
	if (d->answer != POLICY_GIVEN && r->servers.len == 0)
		return false;
	/* a row of an older version has none: then there were no pools */
	if (r->servers.len > 0 &&
	    (d->answer != POLICY_GIVEN ||
		!has_servers(&d->given, r->servers))) {
		d->given = *p;
		d->given.pools = NULL;
		d->given.pool_count = 0;
		d->override_count = 0;
		d->entry_count = 0;
		d->account_of_count = 0;
		d->turn = 0;
		take_servers(d, r->servers);
		if (policy_decide_overrides(set, &facts, d) != RC_OK)
			return false;
	}
	turn_keys(d, r->turn);
	return true;
}

/* --- what is different ---------------------------------------------------- */

struct noting {
	struct fleet_worker *w;
	enum fleet_outcome outcome;
	struct fleet_line *lines[MEMO_LINES_MAX];
	size_t count;
};

static void
note_line(struct noting *n, struct fleet_line *line)
{
	for (size_t i = 0; i < n->count; i++)
		if (n->lines[i] == line)
			return;
	if (line && n->count < MEMO_LINES_MAX)
		n->lines[n->count++] = line;
}

static void
note_difference(void *ctx, const struct policy_difference *d)
{
	struct noting *n = ctx;

	note_line(n,
	    fleet_line(&n->w->tally, n->outcome, policy_change_name(d->kind),
		d->what, d->before, d->after));
}

static void
note(struct noting *n, const char *change, const char *what, const char *before,
    const char *after)
{
	note_line(n,
	    fleet_line(&n->w->tally, n->outcome, change, what, before, after));
}

static void
name_text(char out[static 256], struct span name)
{
	size_t len = name.len < 255 ? name.len : 255;

	if (len)
		memcpy(out, name.p, len);
	out[len] = '\0';
}

static void
differ_with(struct noting *n, const struct policy_set *set)
{
	struct fleet_worker *w = n->w;
	const struct policy *p = policy_named(set, w->replay.policy);
	char name[256];

	name_text(name, w->replay.policy);
	if (!p || !given_before(w, set, p)) {
		note(n, "unknown", "its row does not fit the policies of then",
		    name, NULL);
		return;
	}
	policy_differ(&w->before.given, &w->decided.given, note_difference, n);
	/* as where its bootstrap account was written already */
	if (n->count == 0 && n->outcome == FLEET_CHANGED)
		note(n, "other",
		    "no difference between the policies: the device came "
		    "otherwise, or another version made its plan",
		    name, w->decided.policy->name);
}

static void
find_lines(struct noting *n)
{
	struct fleet_worker *w = n->w;
	const struct policy_set *set =
	    w->replay.has_set ? fleet_set(w->job->sets, w->replay.set) : NULL;
	char name[256], hex[2 * DIGEST_LEN + 1] = "";
	struct writer h;

	name_text(name, w->replay.policy);
	if (set) {
		differ_with(n, set);
	} else if (n->outcome == FLEET_CHANGED) {
		writer_init(&h, hex, sizeof(hex) - 1);
		if (w->replay.has_set)
			text_hex(&h, span_of(w->replay.set, DIGEST_LEN));
		hex[h.len] = '\0';
		note(n, "unknown",
		    "the policies of then are not kept, or not "
		    "read any more",
		    hex, NULL);
	}
	if (!span_is(w->replay.policy, w->decided.policy->name))
		note(n, "policy", "", name, w->decided.policy->name);
}

static void
put_bytes(struct writer *w, const void *p, size_t len)
{
	writer_put(w, span_of(p, len));
}

/** What its policy of then said for the device alone: that is in no row. */
static void
put_overrides_before(const struct fleet_worker *w, struct writer *key)
{
	const struct policy_override *own[POLICY_OVERRIDES_MAX];
	const struct issue_replay *r = &w->replay;
	const struct policy_set *set =
	    r->has_set ? fleet_set(w->job->sets, r->set) : NULL;
	const struct policy_facts facts = {
	    .endpoint = r->rq.endpoint, .from = &r->rq.address};
	const struct policy *p;
	size_t count = 0;

	if (!set || set->override_count == 0)
		return;
	p = policy_named(set, r->policy);
	if (p && policy_overrides_for(set, p, &facts, own, &count) != RC_OK)
		count = 0;
	put_bytes(key, &count, sizeof(count));
	put_bytes(key, own, count * sizeof(own[0]));
}

/** All that the lines follow from. False: there is too much of it. */
static bool
memo_key(const struct fleet_worker *w, enum fleet_outcome outcome,
    struct writer *key)
{
	const struct issue_replay *r = &w->replay;
	const struct policy_decided *d = &w->decided;
	struct span given = span_str(w->decision.servers);

	put_bytes(key, &outcome, sizeof(outcome));
	put_bytes(key, r->set, sizeof(r->set));
	put_bytes(key, &r->turn, sizeof(r->turn));
	put_bytes(key, &r->policy.len, sizeof(r->policy.len));
	writer_put(key, r->policy);
	put_bytes(key, &r->servers.len, sizeof(r->servers.len));
	writer_put(key, r->servers);
	put_bytes(key, &d->policy, sizeof(d->policy));
	put_bytes(key, &d->turn, sizeof(d->turn));
	put_bytes(key, &d->again, sizeof(d->again));
	put_bytes(key, &d->override_count, sizeof(d->override_count));
	for (size_t i = 0; i < d->override_count; i++)
		put_bytes(key, &d->overrides[i], sizeof(d->overrides[i]));
	put_overrides_before(w, key);
	put_bytes(key, &given.len, sizeof(given.len));
	writer_put(key, given);
	return !key->full;
}

static void
forget_memos(struct fleet_worker *w)
{
	table_fini(&w->memos);
	arena_free(w->memo_arena);
	w->memo_arena = arena_new(0);
	w->rc = w->memo_arena ? table_init(&w->memos) : RC_MEMORY;
}

/** Without the memory it is worked out once more the next time. */
static void
keep_memo(struct fleet_worker *w, struct span key, const struct noting *n)
{
	struct memo *m;

	if (w->memos.count >= MEMOS_MAX)
		forget_memos(w);
	if (w->rc != RC_OK)
		return;
	m = arena_alloc(w->memo_arena, sizeof(*m));
	if (!m)
		return;
	m->item.key = arena_copy(w->memo_arena, key);
	m->lines = arena_array(w->memo_arena, n->count + 1, sizeof(*m->lines));
	if (!m->item.key.p || !m->lines)
		return;
	memcpy(m->lines, n->lines, n->count * sizeof(*m->lines));
	m->count = n->count;
	table_put(&w->memos, &m->item);
}

static void
lines_of(struct fleet_worker *w, enum fleet_outcome outcome, struct noting *n)
{
	uint8_t buf[MEMO_KEY_MAX];
	struct table_item *item = NULL;
	struct writer key;
	bool memo;

	*n = (struct noting){.w = w, .outcome = outcome};
	writer_init(&key, buf, sizeof(buf));
	memo = memo_key(w, outcome, &key);
	if (memo)
		item = table_get(&w->memos, writer_span(&key));
	if (item) {
		const struct memo *m = (const struct memo *)(const void *)item;

		memcpy(n->lines, m->lines, m->count * sizeof(*m->lines));
		n->count = m->count;
		return;
	}
	find_lines(n);
	if (memo)
		keep_memo(w, writer_span(&key), n);
}

static void
refused(struct fleet_worker *w, struct noting *n)
{
	const struct issue_decision *d = &w->decision;
	char name[256];

	*n = (struct noting){.w = w, .outcome = FLEET_REFUSED};
	name_text(name, w->replay.policy);
	note(n, reason_code(d->reason), d->detail, name,
	    d->policy ? d->policy->name : NULL);
}

/* --- its line ------------------------------------------------------------- */

const char fleet_csv_names[] =
    "endpoint,outcome,before,after,policy,servers,reason,changes\r\n";

static void
csv_text(FILE *f, struct span s)
{
	enum { SHOWN_MAX = 1024 };
	char quoted[6 * SHOWN_MAX + 2], field[12 * SHOWN_MAX + 2];
	struct writer q, c;

	s.len = s.len < SHOWN_MAX ? s.len : SHOWN_MAX;
	writer_init(&q, quoted, sizeof(quoted));
	text_quote(&q, s);
	writer_init(&c, field, sizeof(field));
	text_csv(&c, writer_span(&q));
	fwrite(c.buf, 1, c.len, f);
}

static void
csv_hex(FILE *f, const uint8_t digest[static DIGEST_LEN])
{
	char hex[2 * DIGEST_LEN];
	struct writer w;

	writer_init(&w, hex, sizeof(hex));
	text_hex(&w, span_of(digest, DIGEST_LEN));
	fwrite(w.buf, 1, w.len, f);
}

/** Kinds of change, each once, one space between. */
static void
csv_changes(FILE *f, const struct noting *n)
{
	bool any = false;

	for (size_t i = 0; i < n->count; i++) {
		bool said = false;

		for (size_t k = 0; k < i; k++)
			said |= strcmp(n->lines[k]->change,
				    n->lines[i]->change) == 0;
		if (said)
			continue;
		fprintf(f, "%s%s", any ? " " : "", n->lines[i]->change);
		any = true;
	}
}

static void
print_line(const struct fleet_worker *w, const struct noting *n, FILE *f)
{
	const struct issue_decision *d = &w->decision;

	csv_text(f, w->replay.rq.endpoint);
	fprintf(f, ",%s,", fleet_outcome_name(n->outcome));
	csv_hex(f, w->replay.plan);
	fputc(',', f);
	if (d->granted)
		csv_hex(f, d->plan_digest);
	fputc(',', f);
	if (d->policy)
		csv_text(f, span_str(d->policy->name));
	fputc(',', f);
	if (d->granted)
		csv_text(f, span_str(d->servers));
	fprintf(f, ",%s,", d->granted ? "" : reason_code(d->reason));
	csv_changes(f, n);
	fputs("\r\n", f);
}

/* --- all of it ------------------------------------------------------------ */

static enum fleet_outcome
outcome_of(const struct fleet_worker *w)
{
	if (!w->decision.granted)
		return FLEET_REFUSED;
	return memcmp(w->decision.plan_digest, w->replay.plan, DIGEST_LEN) == 0
	    ? FLEET_UNCHANGED
	    : FLEET_CHANGED;
}

void
fleet_device(struct fleet_worker *w, const struct ledger_row *row, FILE *csv)
{
	const struct issuer issuer = {
	    .store = w->store,
	    .rules = w->job->rules,
	    .now_s = w->job->now_s,
	    .server_uri = w->job->server_uri,
	};
	enum fleet_outcome outcome;
	struct noting n;

	if (w->rc != RC_OK)
		return;
	if (issue_replay_read(row, &w->replay) != RC_OK) {
		w->tally.unreadable++;
		return;
	}
	issue_replay(
	    &issuer, &w->job->config, &w->replay, &w->decided, &w->decision);
	/* what says nothing of the device is no report on it */
	if (!w->decision.granted &&
	    (w->decision.reason == REASON_LEDGER_AWAY ||
		w->decision.reason == REASON_BUSY)) {
		w->rc = w->decision.reason == REASON_BUSY ? RC_MEMORY : RC_DB;
		return;
	}
	outcome = outcome_of(w);
	w->tally.counts[outcome]++;
	w->tally.assumed += w->replay.assumed;
	if (outcome == FLEET_REFUSED)
		refused(w, &n);
	else
		lines_of(w, outcome, &n);
	for (size_t i = 0; i < n.count; i++)
		fleet_count(&w->tally, n.lines[i], w->replay.rq.endpoint);
	if (csv)
		print_line(w, &n, csv);
	issue_decision_fini(&w->decision);
	if (w->tally.no_memory)
		w->rc = RC_MEMORY;
}
