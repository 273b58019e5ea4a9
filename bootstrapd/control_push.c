/* The lines of a push, as control.h has them. */
#include "push.h"

#include "base/text.h"

#include <stdlib.h>

/** What a client has begun, or goes on with. */
struct push_run {
	uint8_t id[PUSH_ID_LEN];
	uint64_t planned; /**< that stand in the ledger */
	size_t count; /**< that do not yet */
	struct {
		uint8_t len;
		uint8_t bytes[POLICY_ENDPOINT_MAX];
	} plan[CONTROL_PLAN_MOST];
};

/* --- words of a line ------------------------------------------------------ */

static struct span
take_word(struct span *rest)
{
	const uint8_t *space =
	    rest->len > 0 ? memchr(rest->p, ' ', rest->len) : NULL;
	struct span word =
	    span_of(rest->p, space ? (size_t)(space - rest->p) : rest->len);

	*rest = span_from(*rest, word.len + (space != NULL));
	return word;
}

/** A JSON string, unquoted into `w`. False: there is none, or no room. */
static bool
take_quoted(struct span *rest, struct writer *w)
{
	size_t end = 1;

	if (rest->len < 2 || rest->p[0] != '"')
		return false;
	while (end < rest->len && rest->p[end] != '"')
		end += rest->p[end] == '\\' ? 2 : 1;
	if (end >= rest->len ||
	    text_unquote(w, span_of(rest->p, end + 1)) != RC_OK)
		return false;
	*rest = span_from(*rest, end + 1);
	if (rest->len > 0 && rest->p[0] == ' ')
		*rest = span_from(*rest, 1);
	return true;
}

/** An endpoint as a device may have it. */
static bool
take_endpoint(struct span *rest, struct writer *w)
{
	return take_quoted(rest, w) && w->len > 0 &&
	    text_utf8_valid(writer_span(w));
}

/* --- begin, or go on ------------------------------------------------------ */

static struct push_run *
run_new(struct keeper *k)
{
	struct push_run *run = k->pushes.runs < CONTROL_PUSHES_MAX
	    ? calloc(1, sizeof(*run))
	    : NULL;

	k->pushes.runs += run != NULL;
	return run;
}

static int
run_busy(struct reply *r)
{
	return reply_refuse(r, "too many pushes are being carried out",
	    "wait until one of them has ended", 69);
}

static int
run_refused(struct client *c, struct reply *r)
{
	control_push_gone(c);
	return reply_refuse(r, "the ledger cannot be written: nothing was sent",
	    "see `bootstrapctl status`", 74);
}

static void
put_run(struct keeper *k, struct client *c, struct reply *r)
{
	reply_hex(r, "push", span_of(c->run->id, PUSH_ID_LEN));
	reply_number(r, "window_s", k->config->push_window_ms / 1000);
}

int
control_push_start(
    struct keeper *k, struct client *c, struct span arg, struct reply *r)
{
	uint8_t selection[CONTROL_LINE_MAX];
	enum push_way way;
	struct address address;
	struct field f[8];
	struct writer w;
	struct span to;
	uint64_t count;
	size_t n = 0;

	writer_init(&w, selection, sizeof(selection));
	if (!span_decimal(take_word(&arg), UINT32_MAX, &count) || count == 0 ||
	    !push_way_read(take_word(&arg), &way))
		return reply_refuse(r, "malformed", NULL, 64);
	to = take_word(&arg);
	if ((!span_is(to, "-") && address_parse(to, &address) != RC_OK) ||
	    !take_quoted(&arg, &w) || arg.len > 0)
		return reply_refuse(r, "malformed", NULL, 64);
	c->run = run_new(k);
	if (!c->run)
		return run_busy(r);
	random_bytes(c->run->id, sizeof(c->run->id));
	f[n++] = F_INT("uid", c->uid);
	f[n++] = F_TEXT("selection", writer_span(&w));
	f[n++] = F_INT("count", count);
	f[n++] = F_TEXT("via", push_way_name(way));
	f[n++] = F_TEXT("to", to);
	f[n++] =
	    F_BYTES("policy_set", span_of(k->policies.set->digest, DIGEST_LEN));
	f[n++] = F_TEXT("instance", k->args->instance);
	if (push_record(
		k, "push_started", c->run->id, (struct span){0}, f, n) != RC_OK)
		return run_refused(c, r);
	LOG(LOG_NOTICE, "push_started", F_INT("uid", c->uid),
	    F_BYTES("push", span_of(c->run->id, PUSH_ID_LEN)),
	    F_TEXT("selection", writer_span(&w)), F_INT("count", count));
	put_run(k, c, r);
	return 0;
}

static enum rc
is_start(void *ctx, const struct ledger_row *row)
{
	(void)row;
	*(bool *)ctx = true;
	return RC_OK;
}

int
control_push_resume(
    struct keeper *k, struct client *c, struct span arg, struct reply *r)
{
	uint8_t id[PUSH_ID_LEN];
	struct ledger_query q = {
	    .session = span_of(id, sizeof(id)),
	    .kind = SPAN_LIT("push_started"),
	    .limit = 1,
	};
	struct field f[2];
	struct writer w;
	bool found = false;

	writer_init(&w, id, sizeof(id));
	if (text_unhex(&w, arg) != RC_OK || w.len != sizeof(id))
		return reply_refuse(r, "no number of a push", NULL, 64);
	if (ledger_read(k->ledger, &q, is_start, &found) != RC_OK)
		return reply_refuse(r, "the ledger cannot be read", NULL, 74);
	if (!found)
		return reply_refuse(
		    r, "the ledger knows no such push", NULL, 66);
	c->run = run_new(k);
	if (!c->run)
		return run_busy(r);
	memcpy(c->run->id, id, sizeof(id));
	f[0] = F_INT("uid", c->uid);
	f[1] = F_TEXT("instance", k->args->instance);
	if (push_record(k, "push_resumed", id, (struct span){0}, f, 2) != RC_OK)
		return run_refused(c, r);
	put_run(k, c, r);
	return 0;
}

void
control_push_gone(struct client *c)
{
	struct keeper *k = client_keeper(c);

	if (!c->run)
		return;
	push_client_gone(k, c);
	k->pushes.runs--;
	free(c->run);
	c->run = NULL;
}

/* --- lines ---------------------------------------------------------------- */

static bool
do_plan(struct keeper *k, struct client *c, struct span rest)
{
	struct push_run *run = c->run;
	struct writer w;

	(void)k;
	if (run->count == CONTROL_PLAN_MOST)
		return false;
	writer_init(
	    &w, run->plan[run->count].bytes, sizeof(run->plan[0].bytes));
	if (!take_endpoint(&rest, &w) || rest.len > 0)
		return false;
	run->plan[run->count].len = (uint8_t)w.len;
	run->count++;
	return true;
}

static bool
do_planned(struct keeper *k, struct client *c, struct span rest)
{
	struct ledger_event events[CONTROL_PLAN_MOST];
	const struct field f[] = {F_INT("uid", c->uid)};
	struct push_run *run = c->run;
	struct reply *r;

	for (size_t i = 0; i < run->count; i++)
		events[i] = (struct ledger_event){
		    .kind = "push_planned",
		    .session = span_of(run->id, PUSH_ID_LEN),
		    .endpoint = span_of(run->plan[i].bytes, run->plan[i].len),
		    .fields = f,
		    .field_count = 1,
		};
	if (rest.len > 0 ||
	    (run->count > 0 && record_events(k, events, run->count) != RC_OK))
		return false;
	run->planned += run->count;
	run->count = 0;
	r = calloc(1, sizeof(*r));
	if (!r)
		return false;
	reply_init(r);
	reply_number(r, "planned", run->planned);
	writer_str(&r->w, "\n");
	client_say(c, r);
	free(r);
	return true;
}

static bool
do_send(struct keeper *k, struct client *c, struct span rest)
{
	uint8_t endpoint[POLICY_ENDPOINT_MAX];
	struct push_wish wish = {.push = c->run->id};
	struct span to;
	struct writer w;

	writer_init(&w, endpoint, sizeof(endpoint));
	if (!push_way_read(take_word(&rest), &wish.way))
		return false;
	to = take_word(&rest);
	if (!span_is(to, "-") && address_parse(to, &wish.to) != RC_OK)
		return false;
	if (!take_endpoint(&rest, &w) || rest.len > 0)
		return false;
	wish.endpoint = writer_span(&w);
	push_send(k, c, &wish);
	return true;
}

static bool
do_again(struct keeper *k, struct client *c, struct span rest)
{
	uint8_t endpoint[POLICY_ENDPOINT_MAX];
	struct push_wish wish = {.push = c->run->id, .way = PUSH_TRIGGER};
	struct push_seen seen;
	struct push_last last;
	struct writer w;

	writer_init(&w, endpoint, sizeof(endpoint));
	if (!take_endpoint(&rest, &w) || rest.len > 0)
		return false;
	wish.endpoint = writer_span(&w);
	if (push_look(k, wish.push, wish.endpoint, &seen) != RC_OK ||
	    push_last_of(k, wish.endpoint, &last) != RC_OK)
		push_lost(c, wish.endpoint);
	else if (!seen.sent || seen.way != PUSH_TRIGGER || seen.begun ||
	    seen.failed || seen.answered)
		push_say(c, "done", wish.endpoint);
	else if (!push_has_trigger(k, &last))
		push_fail(k, c, &wish, PUSH_NO_TRIGGER, NULL);
	else
		push_trigger(k, c, &wish, &last, true);
	return true;
}

/** 2xx: it will have the device come. */
static const char *
result_of(uint64_t status)
{
	if (status == 0)
		return "unreachable";
	return status >= 200 && status < 300 ? "taken" : "refused";
}

static bool
do_answered(struct keeper *k, struct client *c, struct span rest)
{
	uint8_t endpoint[POLICY_ENDPOINT_MAX], server[256], detail[512];
	struct writer e, s, d;
	struct field f[6];
	uint64_t status;
	size_t n = 0;

	writer_init(&e, endpoint, sizeof(endpoint));
	writer_init(&s, server, sizeof(server));
	writer_init(&d, detail, sizeof(detail));
	if (!span_decimal(take_word(&rest), 999, &status) ||
	    !take_quoted(&rest, &s) || !take_endpoint(&rest, &e) ||
	    !take_quoted(&rest, &d) || rest.len > 0)
		return false;
	f[n++] = F_TEXT("server", writer_span(&s));
	f[n++] = F_TEXT("result", result_of(status));
	if (status)
		f[n++] = F_INT("status", status);
	if (d.len)
		f[n++] = F_TEXT("detail", writer_span(&d));
	f[n++] = F_INT("uid", c->uid);
	if (push_record(
		k, "push_answered", c->run->id, writer_span(&e), f, n) == RC_OK)
		push_say(c, "noted", writer_span(&e));
	else
		push_lost(c, writer_span(&e));
	return true;
}

static bool
do_failed(struct keeper *k, struct client *c, struct span rest)
{
	uint8_t endpoint[POLICY_ENDPOINT_MAX], detail[512];
	struct push_wish wish = {.push = c->run->id};
	struct push_seen seen;
	struct writer e, d;

	writer_init(&e, endpoint, sizeof(endpoint));
	writer_init(&d, detail, sizeof(detail) - 1);
	if (!take_endpoint(&rest, &e) || !take_quoted(&rest, &d) ||
	    rest.len > 0)
		return false;
	detail[d.len] = '\0';
	wish.endpoint = writer_span(&e);
	if (push_look(k, wish.push, wish.endpoint, &seen) != RC_OK)
		push_lost(c, wish.endpoint);
	else if (!seen.sent || seen.way != PUSH_TRIGGER || seen.failed)
		push_say(c, "error", wish.endpoint);
	else
		push_fail(
		    k, c, &wish, PUSH_TRIGGER_FAILED, (const char *)detail);
	return true;
}

static const struct line {
	const char *word;
	bool (*take)(struct keeper *k, struct client *c, struct span rest);
} lines[] = {
    {"plan", do_plan},
    {"planned", do_planned},
    {"send", do_send},
    {"again", do_again},
    {"answered", do_answered},
    {"failed", do_failed},
};

void
control_push_line(struct client *c, struct span line)
{
	struct span word = take_word(&line);
	struct reply *r;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (span_is(word, lines[i].word) &&
		    lines[i].take(client_keeper(c), c, line))
			return;
	/* one of ours never says it; or a row could not be written */
	r = calloc(1, sizeof(*r));
	if (!r)
		return;
	reply_init(r);
	reply_str(r, "error", "the line is wrong, or could not be recorded");
	writer_fmt(&r->w, "exit\t%d\n\n", 74);
	client_say(c, r);
	free(r);
}
