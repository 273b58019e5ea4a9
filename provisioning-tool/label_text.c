#include "label.h"

#include "base/text.h"

#include <stdio.h>

static const struct {
	const char *word;
	size_t offset; /* in struct label_values */
} words[] = {
    {"endpoint", offsetof(struct label_values, endpoint)},
    {"serial", offsetof(struct label_values, serial)},
    {"fingerprint", offsetof(struct label_values, fingerprint)},
    {"identity", offsetof(struct label_values, identity)},
    {"image", offsetof(struct label_values, image)},
    {"batch", offsetof(struct label_values, batch)},
    {"order", offsetof(struct label_values, order)},
    {"station", offsetof(struct label_values, station)},
    {"model", offsetof(struct label_values, model)},
    {"lot", offsetof(struct label_values, lot)},
};
enum { WORDS = sizeof(words) / sizeof(words[0]) };

const char *const label_words[] = {"endpoint", "serial", "fingerprint",
    "identity", "image", "batch", "order", "station", "model", "lot", NULL};

static bool
in_word(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/** The word in braces that `s` begins with; empty: none. `*len`: bytes with
 *  its braces; `*twice`: they are doubled. */
static struct span
word_at(struct span s, size_t *len, bool *twice)
{
	size_t open, n = 0;

	*twice = s.len > 1 && s.p[0] == '{' && s.p[1] == '{';
	open = *twice ? 2 : 1;
	if (s.len == 0 || s.p[0] != '{')
		return span_of(NULL, 0);
	while (open + n < s.len && in_word(s.p[open + n]))
		n++;
	*len = open + n + open;
	if (n == 0 || *len > s.len || s.p[open + n] != '}' ||
	    s.p[*len - 1] != '}')
		return span_of(NULL, 0);
	return span_of(s.p + open, n);
}

/** The value of a word; NULL: it is none. */
static const struct span *
value_of(const struct label_values *v, struct span word)
{
	for (size_t i = 0; i < WORDS; i++)
		if (span_is(word, words[i].word))
			return (const struct span *)((const char *)v +
			    words[i].offset);
	return NULL;
}

bool
label_words_known(struct span text, struct span *word)
{
	static const struct label_values none;
	size_t len;
	bool twice;

	for (; text.len > 0; text = span_from(text, len)) {
		*word = word_at(text, &len, &twice);
		if (word->len == 0)
			len = 1;
		else if (!twice && !value_of(&none, *word))
			return false;
	}
	return true;
}

/** RFC 3986 section 2.3: unreserved characters stand as they are. */
static void
put_percent(struct writer *w, struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.p[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || c == '-' || c == '.' ||
		    c == '_' || c == '~')
			writer_be(w, c, 1);
		else
			writer_fmt(w, "%%%02X", c);
	}
}

static enum rc
put_word(struct writer *w, struct span word, const struct label_values *v,
    bool url, char *fault)
{
	const struct span *value = value_of(v, word);

	if (!value) {
		snprintf(fault, LABEL_FAULT_MAX,
		    "{%.*s} is no placeholder of a label", SPAN_FMT(word));
		return RC_NOT_FOUND;
	}
	if (value->len == 0) {
		snprintf(fault, LABEL_FAULT_MAX,
		    "nothing is known to stand for {%.*s}", SPAN_FMT(word));
		return RC_NOT_FOUND;
	}
	if (url)
		put_percent(w, *value);
	else
		writer_put(w, *value);
	return RC_OK;
}

enum rc
label_expand(struct writer *w, struct span text, const struct label_values *v,
    bool url, char *fault)
{
	size_t from = w->len, len;
	enum rc rc = RC_OK;
	bool twice;

	for (; text.len > 0 && rc == RC_OK; text = span_from(text, len)) {
		struct span word = word_at(text, &len, &twice);

		if (word.len == 0) {
			len = 1;
			writer_be(w, text.p[0], 1);
		} else if (twice) {
			writer_fmt(w, "{%.*s}", SPAN_FMT(word));
		} else {
			rc = put_word(w, word, v, url, fault);
		}
	}
	if (rc == RC_OK && w->full) {
		snprintf(
		    fault, LABEL_FAULT_MAX, "a text of the label is too long");
		rc = RC_TOO_LARGE;
	}
	/* what a printer or a reader takes for a command, or what reorders
	 * what stands around it, is on no label */
	if (rc == RC_OK && !text_printable(span_from(writer_span(w), from))) {
		snprintf(fault, LABEL_FAULT_MAX,
		    "a text of the label holds what does not print, or is not "
		    "UTF-8");
		rc = RC_MALFORMED;
	}
	return rc;
}

static bool
is_url(struct span text)
{
	return span_starts(text, SPAN_LIT("https://")) ||
	    span_starts(text, SPAN_LIT("http://"));
}

enum rc
label_expand_payload(struct writer *w, struct span text,
    const struct label_values *v, char *fault)
{
	return label_expand(w, text, v, is_url(text), fault);
}
