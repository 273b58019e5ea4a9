#include "issue/san_text.h"

#include "hsm/cert.h"

static const struct span more = {(const uint8_t *)"...", 3};

/** Goes into one word, and comes out of it again. */
static bool
is_word(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f)
			return false;
	return s.len > 0;
}

void
san_text(struct writer *w, struct span san)
{
	/* "DNS:" or "URI:", a space before it, and room for " ..." behind */
	enum { BESIDE = 4 + 1 + 4 };
	size_t begin = w->len;
	struct cert_name n;
	bool left_out = false;

	while (cert_name_next(&san, &n)) {
		if (n.kind != CERT_NAME_DNS && n.kind != CERT_NAME_URI)
			continue;
		if (!is_word(n.value) ||
		    w->len - begin + n.value.len + BESIDE > SAN_TEXT_MAX) {
			left_out = true;
			continue;
		}
		if (w->len > begin)
			writer_str(w, " ");
		writer_str(w, n.kind == CERT_NAME_DNS ? "DNS:" : "URI:");
		writer_put(w, n.value);
	}
	if (!left_out)
		return;
	if (w->len > begin)
		writer_str(w, " ");
	writer_put(w, more);
}

/** The next word; empty at the end. */
static struct span
next_word(struct span *rest)
{
	struct span word;
	size_t len = 0;

	while (rest->len > 0 && rest->p[0] == ' ')
		*rest = span_from(*rest, 1);
	while (len < rest->len && rest->p[len] != ' ')
		len++;
	word = span_of(rest->p, len);
	*rest = span_from(*rest, len);
	return word;
}

bool
san_text_next(struct span *rest, struct span *name)
{
	struct span word;

	while ((word = next_word(rest)).len > 0) {
		if (!span_starts(word, SPAN_LIT("DNS:")) &&
		    !span_starts(word, SPAN_LIT("URI:")))
			continue;
		*name = span_from(word, 4);
		return true;
	}
	return false;
}

struct span
san_text_urn(struct span words)
{
	struct span word, found = {0};

	while ((word = next_word(&words)).len > 0) {
		if (span_equal(word, more))
			return span_of(NULL, 0);
		if (!span_starts(word, SPAN_LIT("URI:urn:")))
			continue;
		if (found.len > 0)
			return span_of(NULL, 0);
		found = span_from(word, 4);
	}
	return found;
}
