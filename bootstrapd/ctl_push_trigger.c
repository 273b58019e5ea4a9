/* Triggers: what the keeper has made out is sent, one server after the other
 * until one takes it, and what each said goes back to the ledger. */
#include "ctl_push.h"

#include <stdio.h>

/** The strings of a block end with it. */
static const char *
keep(struct trigger *g, const struct block *b, size_t n, const char *name)
{
	char key[48];
	const char *value;

	snprintf(key, sizeof(key), "trigger.%zu.%s", n, name);
	value = block_get(b, key);
	return value ? arena_str(g->arena, value) : NULL;
}

/** False: there is no such request. */
static bool
keep_request(struct trigger *g, const struct block *b, size_t n)
{
	struct trigger_request *r = &g->requests[n];
	struct http_request *h = &r->http;
	char key[24];

	r->server = keep(g, b, n, "server");
	h->method = keep(g, b, n, "method");
	h->url = keep(g, b, n, "url");
	h->body = keep(g, b, n, "body");
	h->authorization_file = keep(g, b, n, "authorization_file");
	h->ca_file = keep(g, b, n, "ca_file");
	for (size_t i = 0; i < POLICY_HEADERS_MAX; i++) {
		const char *line;

		snprintf(key, sizeof(key), "header.%zu", i);
		line = keep(g, b, n, key);
		if (!line)
			break;
		h->headers[h->header_count++] = line;
	}
	return r->server && h->method && h->url;
}

void
push_trigger_take(struct push *p, struct target *t, const struct block *b)
{
	struct arena *arena = arena_new(0);
	struct trigger *g = arena ? arena_alloc(arena, sizeof(*g)) : NULL;

	if (!g) {
		arena_free(arena);
		return; /* it stands as sent, and is resumed */
	}
	g->arena = arena;
	g->target = t;
	while (g->count < POLICY_SERVERS_MAX && keep_request(g, b, g->count))
		g->count++;
	if (g->count == 0) {
		arena_free(arena);
		return;
	}
	t->trigger = g;
	p->triggers++;
	*p->waiting_last = g;
	p->waiting_last = &g->next;
}

static void
end(struct push *p, struct trigger *g)
{
	g->target->trigger = NULL;
	p->triggers--;
	arena_free(g->arena);
}

static struct trigger *
take_waiting(struct push *p)
{
	struct trigger *g = p->waiting;

	p->waiting = g->next;
	if (!p->waiting)
		p->waiting_last = &p->waiting;
	g->next = NULL;
	return g;
}

/** First in the line: its device is being waited for already. */
static void
wait_first(struct push *p, struct trigger *g)
{
	g->next = p->waiting;
	if (!p->waiting)
		p->waiting_last = &g->next;
	p->waiting = g;
}

static void
answered(struct push *p, const struct http_result *r)
{
	struct trigger *g = r->owner;
	const char *endpoint = push_quoted(p, g->target->item.key);
	const char *detail = push_quoted(p, span_str(r->detail));

	push_ask(p, "answered %u %s %s %s", r->status,
	    push_quoted(p, span_str(g->requests[g->at].server)), endpoint,
	    detail);
	if (r->status >= 200 && r->status < 300) {
		end(p, g);
	} else if (++g->at < g->count) {
		wait_first(p, g);
	} else {
		push_ask(p, "failed %s %s", endpoint, detail);
		end(p, g);
	}
}

void
push_trigger_work(struct push *p)
{
	struct http_result result;

	while (http_next(p->http, &result))
		answered(p, &result);
	while (p->waiting) {
		struct trigger *g = take_waiting(p);
		enum rc rc = http_start(p->http, &g->requests[g->at].http, g);

		if (rc == RC_OK)
			continue;
		wait_first(p, g);
		break;
	}
}

static void
drop(void *ctx, struct table_item *item)
{
	struct target *t = (struct target *)item;

	if (t->trigger)
		end(ctx, t->trigger);
}

void
push_trigger_drop(struct push *p)
{
	table_each(&p->by_endpoint, drop, p);
	p->waiting = NULL;
	p->waiting_last = &p->waiting;
}
