#include "dtls/pem.h"

#include "base/text.h"
#include "dtls/der.h"

#include <stdio.h>

enum {
	LINE_MAX_LEN = 64 + 16, /* bytes of a BEGIN line */
};

/* Whole objects and nothing else. */
static bool
is_der(struct span in)
{
	struct der d;

	while (in.len > 0)
		if (!der_next_tag(&in, DER_SEQUENCE, &d))
			return false;
	return true;
}

static const uint8_t *
find(struct span in, const char *text)
{
	return in.p ? memmem(in.p, in.len, text, strlen(text)) : NULL;
}

/* The lines between BEGIN and END, without their ends. */
static enum rc
decode(struct span lines, struct writer *der)
{
	size_t before = der->len;
	struct span piece;

	while (lines.len > 0) {
		const uint8_t *end = memchr(lines.p, '\n', lines.len);
		enum rc rc;

		piece = end ? span_of(lines.p, (size_t)(end - lines.p)) : lines;
		lines = span_from(lines, piece.len + (end ? 1 : 0));
		while (
		    piece.len > 0 && memchr(" \t\r", piece.p[piece.len - 1], 3))
			piece.len--;
		/* Lines of whole groups of four (RFC 7468 2): one by one. */
		rc = text_unbase64(der, piece);
		if (rc)
			return rc;
	}
	piece = span_from(writer_span(der), before);
	return piece.len > 0 && is_der(piece) ? RC_OK : RC_MALFORMED;
}

enum rc
pem_unpack(struct span in, const char *label, struct writer *der)
{
	char begin[LINE_MAX_LEN], end[LINE_MAX_LEN];
	size_t count = 0;

	if (in.len == 0)
		return RC_NOT_FOUND;
	if (is_der(in)) {
		writer_put(der, in);
		return der->full ? RC_TOO_LARGE : RC_OK;
	}
	(void)snprintf(begin, sizeof(begin), "-----BEGIN %s-----", label);
	(void)snprintf(end, sizeof(end), "-----END %s-----", label);
	for (;;) {
		const uint8_t *from = find(in, begin), *to;
		enum rc rc;

		if (!from)
			break;
		in = span_from(in, (size_t)(from - in.p) + strlen(begin));
		to = find(in, end);
		if (!to)
			return RC_MALFORMED;
		rc = decode(span_of(in.p, (size_t)(to - in.p)), der);
		if (rc)
			return rc;
		in = span_from(in, (size_t)(to - in.p) + strlen(end));
		count++;
	}
	if (find(in, end))
		return RC_MALFORMED;
	/* Something, but no PEM at all. */
	if (count == 0 && !find(in, "-----BEGIN "))
		return RC_MALFORMED;
	return count ? RC_OK : RC_NOT_FOUND;
}
