#include "policy/placeholder.h"

enum {
	WORD_MAX = 32, /* bytes; longer ones are text */
};

enum {
	OF_DEVICE = 1u << PLACEHOLDER_ENDPOINT | 1u << PLACEHOLDER_MODEL |
	    1u << PLACEHOLDER_BATCH,
	OF_POLICY = OF_DEVICE | 1u << PLACEHOLDER_POLICY,
	OF_SERVER = OF_POLICY | 1u << PLACEHOLDER_NAME | 1u << PLACEHOLDER_SSID,
};

static const char *const words[PLACEHOLDERS + 1] = {
    [PLACEHOLDER_ENDPOINT] = "endpoint",
    [PLACEHOLDER_MODEL] = "model",
    [PLACEHOLDER_BATCH] = "batch",
    [PLACEHOLDER_POLICY] = "policy",
    [PLACEHOLDER_NAME] = "name",
    [PLACEHOLDER_SSID] = "ssid",
};

static const char *const of_identity[] = {"endpoint", NULL};
static const char *const of_device[] = {"endpoint", "model", "batch", NULL};
static const char *const of_policy[] = {
    "endpoint", "model", "batch", "policy", NULL};

/* A certificate is made for images too, where there is no policy; an object is
 * of no server. */
static const struct {
	unsigned known; /* 1 << enum placeholder */
	const char *const *words;
	const char *list;
} places[] = {
    [PLACE_IDENTITY] = {1u << PLACEHOLDER_ENDPOINT, of_identity, "{endpoint}"},
    [PLACE_SERVER_IDENTITY] = {OF_SERVER, words,
	"{endpoint}, {model}, {batch}, {policy}, {name} and {ssid}"},
    [PLACE_URI] = {OF_SERVER, words,
	"{endpoint}, {model}, {batch}, {policy}, {name} and {ssid}"},
    [PLACE_OBJECT] = {OF_POLICY, of_policy,
	"{endpoint}, {model}, {batch} and {policy}"},
    [PLACE_CERTIFICATE] = {OF_DEVICE, of_device,
	"{endpoint}, {model} and {batch}"},
    [PLACE_TRIGGER] = {OF_SERVER, words,
	"{endpoint}, {model}, {batch}, {policy}, {name} and {ssid}"},
};

const char *
placeholder_word(enum placeholder p)
{
	return words[p];
}

const char *const *
placeholder_words(enum placeholder_place place)
{
	return places[place].words;
}

const char *
placeholder_list(enum placeholder_place place)
{
	return places[place].list;
}

bool
placeholder_stands(enum placeholder p, enum placeholder_place place)
{
	return places[place].known & 1u << p;
}

/* --- of what a text consists ---------------------------------------------- */

static bool
is_letter(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* "{word}" in front: the length of the word; 0: it is something else. */
static size_t
word_in_braces(struct span text)
{
	size_t n = 1;

	if (text.len == 0 || text.p[0] != '{')
		return 0;
	while (n < text.len && n <= WORD_MAX && is_letter(text.p[n]))
		n++;
	return n > 1 && n < text.len && text.p[n] == '}' ? n - 1 : 0;
}

static bool
find_word(struct span word, enum placeholder *out)
{
	for (unsigned i = 0; i < PLACEHOLDERS; i++)
		if (span_is(word, words[i])) {
			*out = (enum placeholder)i;
			return true;
		}
	return false;
}

bool
piece_next(struct span *rest, struct piece *out)
{
	struct span text = *rest;
	size_t n = word_in_braces(text);
	size_t doubled = text.len ? word_in_braces(span_from(text, 1)) : 0;

	*out = (struct piece){.kind = PIECE_TEXT};
	if (text.len == 0)
		return false;
	if (n > 0) {
		out->text = span_of(text.p + 1, n);
		out->kind = find_word(out->text, &out->name) ? PIECE_NAME
							     : PIECE_UNKNOWN;
		*rest = span_from(text, n + strlen("{}"));
		return true;
	}
	if (text.p[0] == '{' && doubled > 0 && doubled + 3 < text.len &&
	    text.p[doubled + 3] == '}') {
		out->text = span_of(text.p + 1, doubled + strlen("{}"));
		*rest = span_from(text, doubled + strlen("{{}}"));
		return true;
	}
	for (n = 1; n < text.len && text.p[n] != '{';)
		n++;
	out->text = span_of(text.p, n);
	*rest = span_from(text, n);
	return true;
}

size_t
placeholder_at(struct span text)
{
	size_t n = word_in_braces(text);
	enum placeholder name;

	return n > 0 && find_word(span_of(text.p + 1, n), &name)
	    ? n + strlen("{}")
	    : 0;
}

unsigned
placeholder_uses(struct span text)
{
	unsigned uses = 0;
	struct piece p;

	while (piece_next(&text, &p))
		if (p.kind == PIECE_NAME)
			uses |= 1u << p.name;
	return uses;
}

size_t
placeholder_length(struct span text, const size_t lengths[static PLACEHOLDERS])
{
	size_t len = 0;
	struct piece p;

	while (piece_next(&text, &p))
		len += p.kind == PIECE_NAME ? lengths[p.name] : p.text.len;
	return len;
}
