#include "csv_record.h"

struct csv {
	struct span in;
	bool whole;
	uint8_t separator;
	struct writer *room;
	size_t at;
	const char *fault;
};

/* Does a line break, or the end of all, stand at `at`? */
static bool
at_break(const struct csv *c, size_t at)
{
	if (at < c->in.len && c->in.p[at] == '\r')
		at++;
	return at < c->in.len ? c->in.p[at] == '\n' : c->whole;
}

static enum rc
take_quoted(struct csv *c)
{
	c->at++;
	while (c->at < c->in.len) {
		if (c->in.p[c->at] != '"') {
			writer_be(c->room, c->in.p[c->at++], 1);
			continue;
		}
		if (++c->at == c->in.len && !c->whole)
			return RC_AGAIN;
		if (c->at == c->in.len || c->in.p[c->at] != '"')
			return RC_OK;
		writer_be(c->room, '"', 1);
		c->at++;
	}
	if (!c->whole)
		return RC_AGAIN;
	/* what was taken for its text may be the rest of the list */
	c->at = 0;
	c->fault = "a quote is not closed; close it, or double a quote that "
		   "belongs to the text";
	return RC_MALFORMED;
}

static enum rc
take_plain(struct csv *c)
{
	while (c->at < c->in.len && !at_break(c, c->at) &&
	    c->in.p[c->at] != c->separator) {
		if (c->in.p[c->at] == '"') {
			c->fault = "a quote stands within a field; put the "
				   "whole field into quotes and double it";
			return RC_MALFORMED;
		}
		writer_be(c->room, c->in.p[c->at++], 1);
	}
	return c->at == c->in.len && !c->whole ? RC_AGAIN : RC_OK;
}

static enum rc
take_record(struct csv *c, csv_field_fn each, void *ctx)
{
	for (size_t column = 0;; column++) {
		size_t from = c->room->len;
		enum rc rc;

		rc = c->at < c->in.len && c->in.p[c->at] == '"' ? take_quoted(c)
								: take_plain(c);
		if (rc)
			return rc;
		each(ctx, column, span_from(writer_span(c->room), from));
		if (at_break(c, c->at))
			return RC_OK;
		if (c->at >= c->in.len ||
		    (c->in.p[c->at] == '\r' && c->at + 1 == c->in.len))
			return RC_AGAIN;
		if (c->in.p[c->at] != c->separator) {
			c->fault = "text stands behind a closing quote; put "
				   "the whole field into quotes";
			return RC_MALFORMED;
		}
		c->at++;
	}
}

enum rc
csv_record_take(struct span in, bool whole, uint8_t separator,
    struct writer *room, csv_field_fn each, void *ctx, size_t *used,
    const char **fault)
{
	struct csv c = {in, whole, separator, room, 0, NULL};
	enum rc rc = take_record(&c, each, ctx);

	*fault = c.fault;
	*used = c.at;
	if (rc == RC_AGAIN)
		return rc;
	while (*used < in.len && in.p[*used] != '\n')
		++*used;
	if (*used == in.len)
		return whole ? rc : RC_AGAIN;
	++*used;
	return rc;
}
