/* Devices that a server is asked to trigger: the requests, made out for whoever
 * has a network, and who may come because of them. */
#include "push.h"
#include "trigger.h"

#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/** One that may come. */
struct triggered {
	struct table_item item; /**< first member */
	uint8_t push[PUSH_ID_LEN];
	uint64_t until_ms;
	size_t name_len;
	/** 'p' or 'n', then the endpoint, as of known_session: who only says to
	 *  be that device does not take its place. */
	uint8_t name[1 + POLICY_ENDPOINT_MAX];
};

static struct span
put_name(uint8_t room[static 1 + POLICY_ENDPOINT_MAX], bool nosec,
    struct span endpoint)
{
	size_t n = endpoint.len < POLICY_ENDPOINT_MAX ? endpoint.len
						      : POLICY_ENDPOINT_MAX;

	room[0] = nosec ? 'n' : 'p';
	memcpy(room + 1, endpoint.p, n);
	return span_of(room, n + 1);
}

static struct triggered *
find(struct keeper *k, bool nosec, struct span endpoint)
{
	uint8_t name[1 + POLICY_ENDPOINT_MAX];

	if (endpoint.len == 0)
		return NULL;
	/* the item is the first member */
	return (struct triggered *)table_get(
	    &k->pushes.triggered, put_name(name, nosec, endpoint));
}

static void
forget(struct keeper *k, struct triggered *t)
{
	table_remove(&k->pushes.triggered, &t->item);
	free(t);
}

static bool
expect(struct keeper *k, const uint8_t *push, bool nosec, struct span endpoint,
    uint64_t until_ms)
{
	struct triggered *t = find(k, nosec, endpoint);

	if (!t) {
		t = calloc(1, sizeof(*t));
		if (!t)
			return false;
		t->item.key = put_name(t->name, nosec, endpoint);
		t->name_len = t->item.key.len;
		table_put(&k->pushes.triggered, &t->item);
	}
	memcpy(t->push, push, PUSH_ID_LEN);
	t->until_ms = until_ms;
	return true;
}

/* --- the requests --------------------------------------------------------- */

static const struct policy *
policy_of(const struct keeper *k, const struct push_last *last)
{
	const struct policy_set *set = k->policies.set;

	for (size_t i = 0; last->policy[0] && i < set->policy_count; i++)
		if (strcmp(set->policies[i].name, last->policy) == 0)
			return &set->policies[i];
	return NULL;
}

bool
push_has_trigger(struct keeper *k, const struct push_last *last)
{
	const struct policy *p = policy_of(k, last);

	for (size_t i = 0; p && i < p->server_count; i++)
		if (p->servers[i].trigger.url)
			return true;
	return false;
}

/** A line of the n-th request. */
static void
put(struct reply *r, size_t n, const char *name, struct span value)
{
	char key[48];

	snprintf(key, sizeof(key), "trigger.%zu.%s", n, name);
	reply_text(r, key, value);
}

/** Whole: who reads it stands in another folder. */
static void
put_path(struct reply *r, size_t n, const char *name, const char *path)
{
	char whole[2 * PATH_MAX], cwd[PATH_MAX] = "";

	if (!path)
		return;
	if (path[0] != '/' && !getcwd(cwd, sizeof(cwd)))
		cwd[0] = '\0';
	snprintf(whole, sizeof(whole), "%s%s%s", cwd, cwd[0] ? "/" : "", path);
	put(r, n, name, span_str(whole));
}

/** The n-th request; on an error nothing of it stays. */
static enum rc
put_request(struct reply *r, size_t n, const struct policy_server *s,
    struct placeholder_values names)
{
	static uint8_t room[TRIGGER_BODY_MAX];
	const struct policy_trigger *t = &s->trigger;
	const struct writer was = r->w;
	struct writer w;
	char key[24];
	enum rc rc;

	names.name = span_str(s->name);
	names.ssid = s->short_server_id;
	put(r, n, "server", span_str(s->name));
	writer_init(&w, room, sizeof(room));
	rc = trigger_method(&w, t);
	put(r, n, "method", writer_span(&w));
	if (rc == RC_OK) {
		writer_init(&w, room, sizeof(room));
		rc = trigger_url(&w, t, &names);
		put(r, n, "url", writer_span(&w));
	}
	for (size_t i = 0; rc == RC_OK && i < t->header_count; i++) {
		writer_init(&w, room, sizeof(room));
		rc = trigger_header(&w, t->headers[i], &names);
		snprintf(key, sizeof(key), "header.%zu", i);
		put(r, n, key, writer_span(&w));
	}
	if (rc == RC_OK && t->body) {
		writer_init(&w, room, sizeof(room));
		rc = trigger_body(&w, t, &names);
		put(r, n, "body", writer_span(&w));
	}
	put_path(r, n, "authorization_file", t->authorization_file);
	put_path(r, n, "ca_file", t->ca_file);
	if (rc == RC_OK && r->w.full)
		rc = RC_TOO_LARGE;
	if (rc != RC_OK)
		r->w = was;
	return rc;
}

/** All requests of the policy that can be made out. `names` receives the
 *  servers; the number of requests. */
static size_t
put_requests(struct reply *r, const struct policy_set *set,
    const struct policy *p, struct span endpoint, struct writer *names)
{
	struct placeholder_values values = placeholder_device(set, endpoint);
	size_t n = 0;

	values.policy = span_str(p->name);

	for (size_t i = 0; i < p->server_count; i++) {
		if (!p->servers[i].trigger.url ||
		    put_request(r, n, &p->servers[i], values) != RC_OK)
			continue;
		writer_fmt(names, "%s%s", n ? " " : "", p->servers[i].name);
		n++;
	}
	return n;
}

/** Before the request: what is not on record is not sent. */
static enum rc
record_sent(struct keeper *k, const struct push_wish *w,
    const struct push_last *last, struct span servers, bool again)
{
	const struct triggered *old = find(k, last->nosec, w->endpoint);
	uint64_t window_s = k->config->push_window_ms / 1000;
	struct ledger_event e[2];
	struct field f[8], g[4];
	char until[25];
	size_t n = 0, count = 0;

	ledger_time(
	    clock_wall_ms() + (int64_t)k->config->push_window_ms, until);
	f[n++] = F_TEXT("way", push_way_name(PUSH_TRIGGER));
	f[n++] = F_TEXT("kind", last->nosec ? "nosec" : "proved");
	f[n++] = F_TEXT("policy", (const char *)last->policy);
	f[n++] = F_TEXT("servers", servers);
	f[n++] = F_TEXT("until", (const char *)until);
	f[n++] = F_INT("window_s", window_s);
	if (again)
		f[n++] = F_BOOL("again", true);
	f[n++] = F_TEXT("instance", k->args->instance);
	e[count++] = (struct ledger_event){
	    .kind = "push_sent",
	    .session = span_of(w->push, PUSH_ID_LEN),
	    .endpoint = w->endpoint,
	    .fields = f,
	    .field_count = n,
	};
	g[0] = F_TEXT("reason", push_reason_code(PUSH_SUPERSEDED));
	g[1] = F_TEXT("sentence", push_reason_sentence(PUSH_SUPERSEDED));
	g[2] = F_TEXT("remedy", push_reason_remedy(PUSH_SUPERSEDED));
	g[3] = F_TEXT("instance", k->args->instance);
	if (old && memcmp(old->push, w->push, PUSH_ID_LEN) != 0)
		e[count++] = (struct ledger_event){
		    .kind = "push_failed",
		    .session = span_of(old->push, PUSH_ID_LEN),
		    .endpoint = w->endpoint,
		    .fields = g,
		    .field_count = 4,
		};
	return record_events(k, e, count);
}

void
push_trigger(struct keeper *k, struct client *c, const struct push_wish *w,
    const struct push_last *last, bool again)
{
	/* not after what the row says */
	uint64_t until_ms = clock_now_ms() + k->config->push_window_ms;
	const struct policy *p = policy_of(k, last);
	struct reply *r = calloc(1, sizeof(*r));
	uint8_t room[1024];
	struct writer names;

	if (!r || !c || k->pushes.triggered.count >= PUSH_TRIGGERED_MOST) {
		push_say(c, "busy", w->endpoint);
		free(r);
		return;
	}
	writer_init(&names, room, sizeof(room));
	reply_init(r);
	reply_text(r, "device", w->endpoint);
	reply_str(r, "state", "trigger");
	if (!p ||
	    put_requests(r, k->policies.set, p, w->endpoint, &names) == 0) {
		push_fail(k, c, w, PUSH_TRIGGER_UNSAFE, NULL);
	} else if (record_sent(k, w, last, writer_span(&names), again) !=
	    RC_OK) {
		push_lost(c, w->endpoint);
	} else if (!expect(k, w->push, last->nosec, w->endpoint, until_ms)) {
		push_lost(c, w->endpoint);
	} else {
		writer_str(&r->w, "\n");
		client_say(c, r);
	}
	free(r);
}

/* --- who comes ------------------------------------------------------------ */

void
push_tie(struct keeper *k, struct job *j)
{
	struct triggered *t =
	    find(k, j->request.proof == PROOF_NONE, j->decision.peer.endpoint);

	if (!t || clock_now_ms() > t->until_ms)
		return;
	memcpy(j->push, t->push, PUSH_ID_LEN);
	j->request.push = span_of(j->push, PUSH_ID_LEN);
}

void
push_untie(struct keeper *k, bool nosec, struct span endpoint)
{
	struct triggered *t = find(k, nosec, endpoint);

	if (t)
		forget(k, t);
}

struct sweeping {
	struct keeper *keeper;
	uint64_t now_ms;
};

static void
sweep_one(void *ctx, struct table_item *item)
{
	struct sweeping *s = ctx;
	struct triggered *t = (struct triggered *)item;

	if (s->now_ms > t->until_ms)
		forget(s->keeper, t);
}

void
push_sweep(struct keeper *k, uint64_t now_ms)
{
	struct sweeping s = {k, now_ms};

	table_each(&k->pushes.triggered, sweep_one, &s);
}

/* --- a keeper that was started anew --------------------------------------- */

struct restoring {
	struct keeper *keeper;
	int64_t now_ms; /**< UTC */
};

/** Newest first; RC_CONFLICT: all that are older have had their time. */
static enum rc
restore_one(void *ctx, const struct ledger_row *row)
{
	struct restoring *r = ctx;
	struct keeper *k = r->keeper;
	int64_t window_s = 0, left_ms;
	uint8_t room[16];
	struct push_seen seen;
	struct writer kind;
	bool nosec;
	enum rc rc;

	/* the window is at most a day */
	if (row->time_ms + CONFIG_PUSH_WINDOW_MS_MAX < r->now_ms)
		return RC_CONFLICT;
	if (row->session.len != PUSH_ID_LEN || row->endpoint.len == 0 ||
	    row->endpoint.len > POLICY_ENDPOINT_MAX ||
	    !ledger_field_int(row, "window_s", &window_s))
		return RC_OK;
	left_ms = row->time_ms + window_s * 1000 - r->now_ms;
	writer_init(&kind, room, sizeof(room));
	nosec = ledger_field(row, "kind", &kind) &&
	    span_is(writer_span(&kind), "nosec");
	if (left_ms <= 0 || find(k, nosec, row->endpoint) ||
	    k->pushes.triggered.count >= PUSH_TRIGGERED_MOST)
		return RC_OK;
	rc = push_look(k, row->session.p, row->endpoint, &seen);
	if (rc != RC_OK || seen.failed || seen.ended_ok)
		return rc;
	return expect(k, row->session.p, nosec, row->endpoint,
		   clock_now_ms() + (uint64_t)left_ms)
	    ? RC_OK
	    : RC_MEMORY;
}

enum rc
push_restore(struct keeper *k)
{
	struct restoring r = {k, clock_wall_ms()};
	const struct ledger_query q = {
	    .kind = SPAN_LIT("push_sent"),
	    .newest_first = true,
	};
	enum rc rc = ledger_read(k->ledger, &q, restore_one, &r);

	return rc == RC_CONFLICT ? RC_OK : rc;
}
