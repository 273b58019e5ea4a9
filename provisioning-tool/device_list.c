#include "device_list.h"

#include "csv_record.h"
#include "json_line.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

static const char too_long[] =
    "the record is longer than 8192 bytes, or a quote is not closed";

enum {
	COLUMNS_MAX = sizeof(((struct device_list *)0)->columns) /
	    sizeof(enum device_column)
};

void
device_list_begin(struct device_list *l, int fd)
{
	memset(l, 0, sizeof(*l));
	l->fd = fd;
	l->line = 1;
}

static struct span
ahead(const struct device_list *l)
{
	size_t len = l->to - l->from;

	return span_of(l->window + l->from,
	    len < DEVICE_RECORD_MAX ? len : DEVICE_RECORD_MAX);
}

/** Does nothing come behind ahead()? */
static bool
is_last(const struct device_list *l)
{
	return l->ended && l->to - l->from <= DEVICE_RECORD_MAX;
}

static void
skip(struct device_list *l, size_t len)
{
	for (size_t i = 0; i < len; i++)
		l->line += l->window[l->from + i] == '\n';
	l->from += len;
	l->taken += len;
}

/** More bytes into the window. False: none in time; *failed: errno. */
static bool
fill(struct device_list *l, int wait_ms, bool *failed)
{
	struct pollfd p = {.fd = l->fd, .events = POLLIN};
	ssize_t n;
	int ready;

	memmove(l->window, l->window + l->from, l->to - l->from);
	l->to -= l->from;
	l->from = 0;
	ready = poll(&p, 1, wait_ms);
	if (ready <= 0) {
		*failed = ready < 0 && errno != EINTR;
		return false;
	}
	n = read(l->fd, l->window + l->to, sizeof(l->window) - l->to);
	if (n < 0) {
		*failed = errno != EINTR && errno != EAGAIN;
		return false;
	}
	l->to += (size_t)n;
	l->ended = n == 0;
	return true;
}

static struct writer
empty_room(struct device_list *l)
{
	struct writer w;

	writer_init(&w, l->room, sizeof(l->room));
	return w;
}

static void
name_column(void *ctx, size_t column, struct span name)
{
	struct device_list *l = ctx;

	l->column_count = column + 1;
	if (column < COLUMNS_MAX)
		l->columns[column] = device_column_of(name);
}

static const char *
check_columns(const struct device_list *l)
{
	unsigned seen = 0;

	if (l->column_count > COLUMNS_MAX)
		return "more than 64 columns; is it a list of devices?";
	for (size_t i = 0; i < l->column_count; i++) {
		unsigned bit = 1U << l->columns[i];

		if (l->columns[i] != DEVICE_OTHER && seen & bit)
			return "two columns have names for the same; rename "
			       "the one that is not to be read";
		seen |= bit;
	}
	if (!(seen & (1U << DEVICE_ENDPOINT | 1U << DEVICE_SERIAL)))
		return "no column of the first line is called endpoint or "
		       "serial; name them there";
	return NULL;
}

static uint8_t
separator_of(struct span s)
{
	for (size_t i = 0; i < s.len && s.p[i] != '\n'; i++)
		if (memchr(",;\t", s.p[i], 3))
			return s.p[i];
	return 0;
}

/** One column, without a separator: a line of names, or the first device? */
static bool
is_plain(struct span s)
{
	const uint8_t *end = s.len ? memchr(s.p, '\n', s.len) : NULL;
	struct span first = span_of(s.p, end ? (size_t)(end - s.p) : s.len);

	if (separator_of(s))
		return false;
	if (first.len && first.p[first.len - 1] == '\r')
		first.len--;
	if (first.len >= 2 && first.p[0] == '"' &&
	    first.p[first.len - 1] == '"')
		first = span_of(first.p + 1, first.len - 2);
	return device_column_of(first) == DEVICE_OTHER;
}

/** By the first line, which stands in the window. NULL, or what is wrong. */
static const char *
begin(struct device_list *l, bool *more)
{
	struct writer room = empty_room(l);
	const char *fault = NULL;
	struct span s;
	size_t used, i = 0;
	enum rc rc;

	*more = false;
	/* the rest of what is no UTF-8 is told where it stands */
	if (l->taken == 0 && ahead(l).len > 0 &&
	    (ahead(l).p[0] == 0 || ahead(l).p[0] >= 0xfe ||
		(ahead(l).len > 1 && ahead(l).p[1] == 0)))
		return device_list_encoding(ahead(l), true);
	if (span_starts(ahead(l), SPAN_LIT("\xef\xbb\xbf")))
		skip(l, 3);
	for (s = ahead(l); i < s.len && memchr(" \t\r\n", s.p[i], 4);)
		i++;
	skip(l, i);
	s = ahead(l);
	if (!memchr(s.p, '\n', s.len) && !is_last(l) &&
	    s.len < DEVICE_RECORD_MAX) {
		*more = true;
		return NULL;
	}
	if (s.len == 0)
		l->form = DEVICE_LIST_PLAIN;
	else if (s.p[0] == '{')
		l->form = DEVICE_LIST_JSON;
	else
		l->form = is_plain(s) ? DEVICE_LIST_PLAIN : DEVICE_LIST_CSV;
	if (l->form != DEVICE_LIST_CSV)
		return NULL;
	l->separator = separator_of(s) ? separator_of(s) : ',';
	rc = csv_record_take(
	    s, is_last(l), l->separator, &room, name_column, l, &used, &fault);
	if (rc == RC_AGAIN)
		return too_long;
	if (rc == RC_OK)
		fault = check_columns(l);
	if (!fault)
		skip(l, used);
	return fault;
}

struct taking {
	const struct device_list *l;
	struct device_record *out;
	size_t columns;
};

static void
take_cell(void *ctx, size_t column, struct span cell)
{
	struct taking *t = ctx;

	if (column < t->l->column_count &&
	    t->l->columns[column] != DEVICE_OTHER)
		t->out->cells[t->l->columns[column]] = cell;
	t->columns = column + 1;
}

static size_t
take_csv(struct device_list *l, struct device_record *out)
{
	struct taking t = {l, out, 0};
	struct writer room = empty_room(l);
	size_t used;

	if (csv_record_take(ahead(l), is_last(l), l->separator, &room,
		take_cell, &t, &used, &out->fault) == RC_AGAIN)
		return 0;
	if (!out->fault && t.columns != l->column_count)
		out->fault = "the line has not as many columns as there are "
			     "names; put what holds a separator into quotes";
	return used;
}

static void
take_member(void *ctx, struct span name, bool text, struct span value)
{
	struct taking *t = ctx;
	enum device_column which = device_column_of(name);

	if (which == DEVICE_OTHER)
		return;
	if (!text)
		t->out->fault = "endpoint, serial, model and batch are texts; "
				"put them into quotes";
	else if (t->columns & 1U << which)
		t->out->fault = "two members are names for the same; take the "
				"one away that is not to be read";
	t->columns |= 1U << which;
	t->out->cells[which] = value;
}

static size_t
take_line(struct device_list *l, struct device_record *out)
{
	struct taking t = {l, out, 0};
	struct writer room = empty_room(l);
	struct span s = ahead(l);
	const uint8_t *end = s.len ? memchr(s.p, '\n', s.len) : NULL;
	const char *fault;

	if (!end && !is_last(l))
		return 0;
	if (end)
		s.len = (size_t)(end - s.p);
	if (l->form == DEVICE_LIST_JSON) {
		fault = json_line_take(s, &room, take_member, &t);
		if (fault)
			out->fault = fault;
	} else {
		out->cells[DEVICE_NAME] = s;
		if (s.len && s.p[s.len - 1] == '\r')
			out->cells[DEVICE_NAME].len--;
	}
	return s.len + (end != NULL);
}

/** 0: not yet; else the bytes of an empty line. */
static size_t
empty_line(const struct device_list *l)
{
	struct span s = ahead(l);
	size_t i = 0;

	while (i < s.len && memchr(" \t\r", s.p[i], 3))
		i++;
	if (i < s.len && s.p[i] == '\n')
		return i + 1;
	return i == s.len && is_last(l) ? i : 0;
}

/** The rest of a record that was too long. True: it is over. */
static bool
skip_rest(struct device_list *l)
{
	struct span s = ahead(l);
	const uint8_t *end = s.len ? memchr(s.p, '\n', s.len) : NULL;

	skip(l, end ? (size_t)(end - s.p) + 1 : s.len);
	l->skipping = !end;
	return end != NULL;
}

/** What can be had of the window. False: more is needed. */
static bool
take(struct device_list *l, struct device_record *out, enum device_next *next)
{
	size_t used;

	while ((used = empty_line(l)) > 0)
		skip(l, used);
	out->line = l->line;
	if (l->from == l->to) {
		*next = DEVICE_END;
		return l->ended;
	}
	used =
	    l->form == DEVICE_LIST_CSV ? take_csv(l, out) : take_line(l, out);
	*next = DEVICE_RECORD;
	if (used > 0) {
		skip(l, used);
		device_record_check(out);
		return true;
	}
	if (ahead(l).len < DEVICE_RECORD_MAX)
		return false;
	out->fault = too_long;
	(void)skip_rest(l);
	return true;
}

enum device_next
device_list_next(struct device_list *l, int wait_ms, struct device_record *out)
{
	enum device_next next = DEVICE_END;
	bool failed = false, more;

	for (;;) {
		*out = (struct device_record){.line = l->line};
		while (l->skipping && l->from < l->to)
			(void)skip_rest(l);
		more = l->skipping;
		if (!more && !l->begun && (l->to > 0 || l->ended)) {
			out->fault = begin(l, &more);
			out->line = l->line;
			if (out->fault)
				return DEVICE_UNUSABLE;
			l->begun = !more;
		}
		if (l->begun && !l->skipping && take(l, out, &next))
			return next;
		if (l->ended)
			return DEVICE_END;
		if (!fill(l, wait_ms, &failed))
			return failed ? DEVICE_UNREADABLE : DEVICE_PAUSE;
	}
}
