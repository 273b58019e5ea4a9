#include "psk_file.h"

#include "csv_record.h"
#include "json_line.h"

#include <errno.h>
#include <unistd.h>

static const char too_long[] =
    "the record is longer than 8192 bytes, or a quote is not closed";

enum rc
psk_file_begin(struct psk_file *f, int fd, enum psk_format format)
{
	enum rc rc;

	*f = (struct psk_file){.fd = fd, .format = format, .line = 1};
	for (size_t i = 0; i < PSK_COLUMNS; i++)
		f->columns[i] = PSK_NO_COLUMN;
	rc = secret_reserve(&f->window, SECRET_MAX);
	if (rc == RC_OK)
		rc = secret_reserve(&f->room, PSK_RECORD_MAX);
	if (rc != RC_OK)
		psk_file_end(f);
	return rc;
}

void
psk_file_end(struct psk_file *f)
{
	secret_fini(&f->window);
	secret_fini(&f->room);
}

/* A record's worth and more in the window, or all that there is. */
static bool
fill(struct psk_file *f)
{
	ssize_t n;

	if (f->ended || f->to - f->from > PSK_RECORD_MAX)
		return true;
	memmove(f->window.bytes, f->window.bytes + f->from, f->to - f->from);
	f->to -= f->from;
	f->from = 0;
	while (!f->ended && f->to - f->from <= PSK_RECORD_MAX) {
		n = read(f->fd, f->window.bytes + f->to, f->window.cap - f->to);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		f->to += (size_t)n;
		f->ended = n == 0;
	}
	return true;
}

/* At most a record of what is in the window. */
static struct span
ahead(const struct psk_file *f)
{
	size_t len = f->to - f->from;

	return span_of(f->window.bytes + f->from,
	    len < PSK_RECORD_MAX ? len : PSK_RECORD_MAX);
}

/* Does nothing come behind ahead()? */
static bool
is_last(const struct psk_file *f)
{
	return f->ended && f->to - f->from <= PSK_RECORD_MAX;
}

static void
skip(struct psk_file *f, size_t len)
{
	for (size_t i = 0; i < len; i++)
		f->line += f->window.bytes[f->from + i] == '\n';
	f->from += len;
	f->taken += len;
}

/* Up to the next line, however far that is. */
static bool
skip_line(struct psk_file *f)
{
	for (;;) {
		struct span s = ahead(f);
		const uint8_t *end = s.len ? memchr(s.p, '\n', s.len) : NULL;

		skip(f, end ? (size_t)(end - s.p) + 1 : s.len);
		if (end || is_last(f))
			return true;
		if (!fill(f))
			return false;
	}
}

static struct writer
empty_room(struct psk_file *f)
{
	struct writer w;

	writer_init(&w, f->room.bytes, f->room.cap);
	return w;
}

/* The line of names. */
static void
name_column(void *ctx, size_t column, struct span name)
{
	struct psk_file *f = ctx;
	enum psk_encoding encoding;
	enum psk_column which = psk_column_of(name, &encoding);

	f->column_count = column + 1;
	if (which == PSK_OTHER)
		return;
	/* -2: it stands there twice */
	f->columns[which] =
	    f->columns[which] == PSK_NO_COLUMN ? (int)column : -2;
	if (which == PSK_KEY)
		f->encoding = encoding;
}

static void
find_separator(struct psk_file *f)
{
	struct span s = ahead(f);

	f->separator = ',';
	for (size_t i = 0; i < s.len && s.p[i] != '\n'; i++) {
		if (!memchr(",;\t", s.p[i], 3))
			continue;
		f->separator = s.p[i];
		return;
	}
}

static const char *
read_names(struct psk_file *f)
{
	struct writer room = empty_room(f);
	const char *fault;
	size_t used;
	enum rc rc;

	find_separator(f);
	rc = csv_record_take(ahead(f), is_last(f), f->separator, &room,
	    name_column, f, &used, &fault);
	if (rc == RC_AGAIN)
		return too_long;
	if (rc != RC_OK)
		return fault;
	for (size_t i = 0; i < PSK_COLUMNS; i++)
		if (f->columns[i] == -2)
			return "two columns have names for the same; rename "
			       "the one that is not to be read";
	if (f->columns[PSK_ENDPOINT] == PSK_NO_COLUMN ||
	    f->columns[PSK_KEY] == PSK_NO_COLUMN)
		return "no line of column names that has an endpoint and a "
		       "key; put \"endpoint,identity,key\" above the list, in "
		       "its order";
	skip(f, used);
	return NULL;
}

static const char *
begin_reading(struct psk_file *f)
{
	struct span s = ahead(f);

	f->begun = true;
	if (s.len >= 2 &&
	    ((s.p[0] == 0xff && s.p[1] == 0xfe) ||
		(s.p[0] == 0xfe && s.p[1] == 0xff)))
		return "it is UTF-16; save it as UTF-8";
	if (span_starts(s, SPAN_LIT("\xef\xbb\xbf")))
		skip(f, 3);
	s = ahead(f);
	while (s.len > 0 && memchr("\r\n", s.p[0], 2)) {
		skip(f, 1);
		s = ahead(f);
	}
	if (s.len == 0)
		return "it is empty";
	for (size_t i = 0; f->format == PSK_FORMAT_SNIFF; i++)
		if (i == s.len || !memchr(" \t", s.p[i], 2))
			f->format = i < s.len && s.p[i] == '{'
			    ? PSK_FORMAT_JSONL
			    : PSK_FORMAT_CSV;
	return f->format == PSK_FORMAT_CSV ? read_names(f) : NULL;
}

struct taking {
	const struct psk_file *f;
	struct psk_record *out;
	size_t columns;
};

static void
take_cell(void *ctx, size_t column, struct span cell)
{
	struct taking *t = ctx;

	for (size_t i = 0; i < PSK_COLUMNS; i++)
		if (t->f->columns[i] == (int)column)
			t->out->cells[i] = cell;
	t->columns = column + 1;
}

/* What the CSV record takes of the window; 0: more than there is. */
static size_t
take_csv(struct psk_file *f, struct psk_record *out)
{
	struct taking t = {f, out, 0};
	struct writer room = empty_room(f);
	size_t used;

	out->encoding = f->encoding;
	if (csv_record_take(ahead(f), is_last(f), f->separator, &room,
		take_cell, &t, &used, &out->fault) == RC_AGAIN)
		return 0;
	if (!out->fault && t.columns != f->column_count)
		out->fault = "the line has not as many columns as there are "
			     "names; put what holds a separator into quotes";
	return used;
}

static void
take_json_member(void *ctx, struct span name, bool text, struct span value)
{
	struct taking *t = ctx;
	enum psk_encoding encoding;
	enum psk_column which = psk_column_of(name, &encoding);

	if (which == PSK_OTHER)
		return;
	if (!text)
		t->out->fault = "endpoint, identity and key are texts; put "
				"them into quotes";
	else if (t->columns & 1u << which)
		t->out->fault = "two members are names for the same; take "
				"the one away that is not to be read";
	t->columns |= 1u << which;
	t->out->cells[which] = value;
	if (which == PSK_KEY)
		t->out->encoding = encoding;
}

static size_t
take_json(struct psk_file *f, struct psk_record *out)
{
	struct taking t = {f, out, 0};
	struct writer room = empty_room(f);
	struct span s = ahead(f);
	const uint8_t *end = memchr(s.p, '\n', s.len);
	const char *fault;

	if (!end && !is_last(f))
		return 0;
	if (end)
		s.len = (size_t)(end - s.p);
	fault = json_line_take(s, &room, take_json_member, &t);
	if (fault)
		out->fault = fault;
	return s.len + (end != NULL);
}

static bool
at_empty_line(const struct psk_file *f)
{
	struct span s = ahead(f);
	size_t i = 0;

	while (i < s.len && memchr(" \t\r", s.p[i], 3))
		i++;
	return i < s.len ? s.p[i] == '\n' : is_last(f);
}

enum psk_next
psk_file_next(struct psk_file *f, struct psk_record *out)
{
	size_t used;

	*out = (struct psk_record){.line = f->line};
	if (!fill(f))
		return PSK_UNREADABLE;
	if (!f->begun) {
		out->fault = begin_reading(f);
		out->line = f->line;
		if (out->fault)
			return PSK_UNUSABLE;
		if (!fill(f))
			return PSK_UNREADABLE;
	}
	while (f->to > f->from && at_empty_line(f))
		if (!skip_line(f) || !fill(f))
			return PSK_UNREADABLE;
	out->line = f->line;
	if (f->to == f->from)
		return PSK_END;
	used =
	    f->format == PSK_FORMAT_CSV ? take_csv(f, out) : take_json(f, out);
	if (used > 0) {
		skip(f, used);
		return PSK_RECORD;
	}
	out->fault = too_long;
	return skip_line(f) ? PSK_RECORD : PSK_UNREADABLE;
}
