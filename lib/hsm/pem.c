/* RFC 7468: base64 in lines of 64 between two lines that name it. */
#include "hsm/pem.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum {
	LINE_BYTES = 48, /* 64 characters of base64 */
	LABEL_MAX = 64,
};

void
pem_write(struct writer *w, const char *label, struct span der)
{
	writer_fmt(w, "-----BEGIN %s-----\n", label);
	while (der.len) {
		size_t n = der.len < LINE_BYTES ? der.len : LINE_BYTES;

		text_base64(w, span_of(der.p, n));
		writer_str(w, "\n");
		der = span_from(der, n);
	}
	writer_fmt(w, "-----END %s-----\n", label);
}

static struct span
find(struct span in, const char *what)
{
	const uint8_t *at = NULL;

	if (in.p)
		at = memmem(in.p, in.len, what, strlen(what));
	return at ? span_from(in, (size_t)(at - in.p)) : span_of(NULL, 0);
}

static bool
blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Four characters at a time, so that no line needs an end of its own. */
static enum rc
decode(struct span body, struct writer *der)
{
	size_t before = der->len, n = 0;
	uint8_t quad[4];
	bool last = false;

	for (size_t i = 0; i < body.len; i++) {
		enum rc rc;

		if (blank(body.p[i]))
			continue;
		quad[n++] = body.p[i];
		if (n < sizeof(quad))
			continue;
		rc = last ? RC_MALFORMED
			  : text_unbase64(der, span_of(quad, sizeof(quad)));
		if (rc) {
			der->len = before;
			return rc;
		}
		last = quad[3] == '=';
		n = 0;
	}
	if (n == 0 && der->len > before)
		return RC_OK;
	der->len = before;
	return RC_MALFORMED;
}

enum rc
pem_next(struct span *rest, const char *label, struct writer *der)
{
	char begin[LABEL_MAX + 24], end[LABEL_MAX + 24];
	struct span from, to;

	snprintf(begin, sizeof(begin), "-----BEGIN %s-----", label);
	snprintf(end, sizeof(end), "-----END %s-----", label);
	from = find(*rest, begin);
	if (!from.len)
		return RC_NOT_FOUND;
	from = span_from(from, strlen(begin));
	to = find(from, end);
	if (!to.len)
		return RC_MALFORMED;
	*rest = span_from(to, strlen(end));
	return decode(span_of(from.p, from.len - to.len), der);
}
