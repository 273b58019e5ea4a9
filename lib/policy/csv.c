#include "policy/csv.h"

void
csv_init(struct csv *c, struct arena *a, struct span text)
{
	/* Spreadsheets write one in front of UTF-8. */
	if (span_starts(text, SPAN_LIT("\xef\xbb\xbf")))
		text = span_from(text, 3);
	*c = (struct csv){.rest = text, .arena = a};
}

bool
csv_record(struct csv *c, struct span *record)
{
	while (c->rest.len > 0) {
		const uint8_t *end = memchr(c->rest.p, '\n', c->rest.len);
		size_t len = end ? (size_t)(end - c->rest.p) : c->rest.len;

		*record = span_of(c->rest.p, len);
		c->rest = span_from(c->rest, len + 1);
		c->line++;
		if (len > 0 && record->p[len - 1] == '\r')
			record->len--;
		if (record->len > 0 && record->p[0] != '#')
			return true;
	}
	return false;
}

/*
 * A field in quotes, `*rest` behind the first of them: to the closing one,
 * doubled ones once. False: it is not closed.
 */
static bool
take_quoted(struct csv *c, struct span *rest, struct span *field)
{
	uint8_t *buf = NULL;
	size_t len = 0;

	for (size_t i = 0; i < rest->len; i++) {
		if (rest->p[i] == '"' && i + 1 < rest->len &&
		    rest->p[i + 1] == '"') {
			if (!buf) {
				buf = arena_alloc(c->arena, rest->len);
				if (!buf) {
					c->no_memory = true;
					return false;
				}
				memcpy(buf, rest->p, i);
			}
			i++;
		} else if (rest->p[i] == '"') {
			*field = span_of(buf ? buf : rest->p, len);
			*rest = span_from(*rest, i + 1);
			return true;
		}
		if (buf)
			buf[len] = rest->p[i];
		len++;
	}
	return false;
}

const char *
csv_field(struct csv *c, struct span *record, struct span *field, bool *last)
{
	struct span *rest = record;
	const uint8_t *comma;

	if (rest->len > 0 && rest->p[0] == '"') {
		*rest = span_from(*rest, 1);
		if (!take_quoted(c, rest, field))
			return "a quote is not closed on its line";
		if (rest->len > 0 && rest->p[0] != ',')
			return "a comma is expected behind a closing quote";
	} else {
		comma = rest->len ? memchr(rest->p, ',', rest->len) : NULL;
		*field =
		    comma ? span_of(rest->p, (size_t)(comma - rest->p)) : *rest;
		*rest = span_from(*rest, field->len);
		if (field->len > 0 && memchr(field->p, '"', field->len))
			return "a quote in a field that does not begin with "
			       "one; the whole field goes in quotes, those in "
			       "it doubled";
	}
	*last = rest->len == 0;
	*rest = span_from(*rest, 1);
	return NULL;
}

size_t
csv_most(struct span text)
{
	size_t count = 1;

	for (size_t i = 0; i < text.len; i++)
		count += text.p[i] == '\n';
	return count;
}
