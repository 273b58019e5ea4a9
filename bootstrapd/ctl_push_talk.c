/* What is said to the keeper about a push, and what it answers: control.h. */
#include "base/loop.h"
#include "base/text.h"
#include "ctl_push.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	EXIT_FAULT = 70,
	EXIT_IO = 74,
	PATIENCE_MS = 30000, /**< of one answer that nothing waits beside */
	BUSY_MS = 500, /**< times how often it was */
	BUSY_MS_MOST = 3000,
};

static void
give_up(struct push *p, const char *why, int code)
{
	if (p->broken)
		return;
	p->broken = why;
	p->code = code;
}

const char *
push_quoted(struct push *p, struct span s)
{
	size_t cap = s.len * 6 + 2;
	char *text = arena_alloc(p->arena, cap + 1);
	struct writer w;

	if (!text)
		return "";
	writer_init(&w, text, cap);
	text_quote(&w, s);
	text[w.len] = '\0';
	return text;
}

PRINTF_LIKE(2, 0)
static void
tell(struct push *p, const char *fmt, va_list args)
{
	char line[CONTROL_PUSH_LINE_MAX];
	int len = vsnprintf(line, sizeof(line) - 1, fmt, args);
	size_t sent = 0;

	if (p->fd < 0 || len < 0 || (size_t)len >= sizeof(line) - 1) {
		give_up(p, "the daemon broke off", EXIT_AWAY);
		return;
	}
	line[len++] = '\n';
	while (sent < (size_t)len) {
		ssize_t n =
		    send(p->fd, line + sent, (size_t)len - sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			give_up(p, "the daemon broke off", EXIT_AWAY);
			return;
		}
		sent += (size_t)n;
	}
}

void
push_tell(struct push *p, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	tell(p, fmt, args);
	va_end(args);
}

void
push_ask(struct push *p, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	tell(p, fmt, args);
	va_end(args);
	p->owed++;
}

/* --- blocks --------------------------------------------------------------- */

const char *
block_get(const struct block *b, const char *key)
{
	for (size_t i = 0; i < b->count; i++)
		if (strcmp(b->lines[i].key, key) == 0)
			return (const char *)b->lines[i].value.p;
	return NULL;
}

/** `key<TAB>value`, in its place: what is unquoted is never longer. */
static void
read_line(struct block *b, char *line)
{
	char *value = strchr(line, '\t');
	struct writer w;
	size_t len;

	if (!value || b->count == sizeof(b->lines) / sizeof(b->lines[0]))
		return;
	*value++ = '\0';
	len = strlen(value);
	if (value[0] == '"') {
		char *plain = malloc(len + 1);

		if (!plain)
			return;
		writer_init(&w, plain, len);
		if (text_unquote(&w, span_of(value, len)) != RC_OK)
			w.len = 0;
		memcpy(value, plain, w.len);
		value[w.len] = '\0';
		len = w.len;
		free(plain);
	}
	b->lines[b->count].key = line;
	b->lines[b->count].value = span_of(value, len);
	b->count++;
}

/** The first block that is whole; its bytes stay until the next call. False:
 *  none. */
static bool
next_block(struct push *p, size_t *at, struct block *b)
{
	char *start = p->in + *at;
	char *end = memmem(start, p->in_len - *at, "\n\n", 2);

	if (!end)
		return false;
	*at = (size_t)(end + 2 - p->in);
	*end = '\0';
	b->count = 0;
	while (start && *start) {
		char *next = strchr(start, '\n');

		if (next)
			*next++ = '\0';
		read_line(b, start);
		start = next;
	}
	return true;
}

/** False: there is no more, ever. */
static bool
receive(struct push *p)
{
	ssize_t n;

	do
		n = recv(p->fd, p->in + p->in_len, sizeof(p->in) - p->in_len,
		    MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		p->in_len += (size_t)n;
	return n > 0 || (n < 0 && errno == EAGAIN);
}

static void
drop(struct push *p, size_t done)
{
	memmove(p->in, p->in + done, p->in_len - done);
	p->in_len -= done;
}

/* --- answers about devices ------------------------------------------------ */

static void
was_busy(struct push *p, struct target *t)
{
	unsigned wait = ++t->busy * BUSY_MS;

	if (t->busy > PUSH_BUSY_MOST)
		return;
	t->not_before_ms =
	    clock_now_ms() + (wait < BUSY_MS_MOST ? wait : BUSY_MS_MOST);
	*p->due_last = t;
	p->due_last = &t->next_due;
	t->next_due = NULL;
}

static void
take_state(struct push *p, struct target *t, const char *state, struct block *b)
{
	p->asked -= t->asked;
	t->asked = false;
	/* what was done is read from the ledger, all of it */
	if (strcmp(state, "trigger") == 0)
		push_trigger_take(p, t, b);
	else if (strcmp(state, "busy") == 0)
		was_busy(p, t);
	else if (strcmp(state, "lost") == 0)
		give_up(p, "the ledger cannot be written", EXIT_IO);
	else if (strcmp(state, "error") == 0)
		give_up(p,
		    "the daemon does not know that device as one of "
		    "this push",
		    EXIT_FAULT);
}

static void
take_block(struct push *p, struct block *b)
{
	const char *state = block_get(b, "state");
	struct target *t = NULL;

	for (size_t i = 0; i < b->count; i++)
		if (strcmp(b->lines[i].key, "device") == 0)
			t = push_find(p, b->lines[i].value);
	p->owed -= state && p->owed > 0;
	if (t && state)
		take_state(p, t, state, b);
	else if (block_get(b, "error"))
		give_up(p, "the daemon refused a line, or could not record it",
		    EXIT_IO);
}

void
push_listen(struct push *p)
{
	struct block b;
	size_t at = 0;
	bool more;

	if (p->fd < 0)
		return;
	more = receive(p);
	while (next_block(p, &at, &b))
		take_block(p, &b);
	drop(p, at);
	if (p->in_len == sizeof(p->in))
		more = false;
	if (!more) {
		push_close(p);
		give_up(p, "the daemon broke off", EXIT_AWAY);
	}
}

/* --- the begin ------------------------------------------------------------ */

/** The next block, waited for. False: none came. */
static bool
await(struct push *p, size_t *at, struct block *b)
{
	struct pollfd ready = {.fd = p->fd, .events = POLLIN};
	uint64_t end_ms = clock_now_ms() + PATIENCE_MS;

	drop(p, *at);
	*at = 0;
	while (!next_block(p, at, b)) {
		uint64_t now_ms = clock_now_ms();

		if (p->broken || now_ms >= end_ms)
			return false;
		if (poll(&ready, 1, (int)(end_ms - now_ms)) < 0)
			return false;
		if (!receive(p)) {
			/* what it said last has no empty line behind it */
			if (p->in_len + 2 > sizeof(p->in) || p->in_len == 0)
				return false;
			memcpy(p->in + p->in_len, "\n\n", 2);
			p->in_len += 2;
			return next_block(p, at, b);
		}
	}
	return true;
}

static int
refused(const struct block *b)
{
	const char *code = block_get(b, "exit");
	const char *remedy = block_get(b, "remedy");

	fputs("bootstrapctl: ", stderr);
	fputs(block_get(b, "error"), stderr);
	fputc('\n', stderr);
	if (remedy)
		fprintf(stderr, "  remedy: %s\n", remedy);
	return code ? atoi(code) : EXIT_FAULT;
}

static int
broke_off(const struct push *p)
{
	fprintf(stderr,
	    "bootstrapctl: %s: it is ending, or busy with others\n"
	    "  remedy: try again\n",
	    p->broken ? p->broken : "the daemon broke off");
	return EXIT_AWAY;
}

static int
begin(struct push *p, size_t *at, bool resume)
{
	struct block b;
	struct writer w;
	const char *id, *window;

	if (resume)
		push_tell(p, "push-resume %s", p->id);
	else
		push_tell(p, "push %zu %s %s %s", p->count, p->via,
		    p->to ? p->to : "-",
		    push_quoted(p, span_str(p->selection)));
	if (!await(p, at, &b))
		return broke_off(p);
	if (block_get(&b, "error"))
		return refused(&b);
	id = block_get(&b, "push");
	window = block_get(&b, "window_s");
	writer_init(&w, p->id_bytes, sizeof(p->id_bytes));
	if (!id || text_unhex(&w, span_str(id)) != RC_OK ||
	    w.len != sizeof(p->id_bytes) || !window ||
	    !span_decimal(span_str(window), UINT32_MAX, &p->window_s))
		return broke_off(p);
	snprintf(p->id, sizeof(p->id), "%s", id);
	return 0;
}

/** All of them stand in the ledger before the first is sent. */
static int
plan(struct push *p, size_t *at)
{
	struct target *t = p->first;
	struct block b;

	while (t) {
		for (size_t i = 0; t && i < CONTROL_PLAN_MOST; i++) {
			push_tell(p, "plan %s", push_quoted(p, t->item.key));
			t = t->next;
		}
		push_tell(p, "planned");
		if (!await(p, at, &b))
			return broke_off(p);
		if (!block_get(&b, "planned")) {
			fprintf(stderr,
			    "bootstrapctl: the devices could not be recorded: "
			    "nothing was sent\n");
			return EXIT_IO;
		}
	}
	return 0;
}

int
push_open(struct push *p)
{
	bool resume = p->id[0] != '\0';
	size_t at = 0;
	int code = 0;

	p->fd = ctl_connect(p->ctl, &code);
	if (p->fd < 0)
		return code;
	code = begin(p, &at, resume);
	if (code == 0 && !resume)
		code = plan(p, &at);
	drop(p, at);
	if (code)
		push_close(p);
	return code;
}

void
push_close(struct push *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}
