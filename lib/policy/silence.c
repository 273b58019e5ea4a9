#include "policy/silence.h"

#include "policy/code.h"
#include "policy/nearest.h"
#include "policy/yaml.h"

enum {
	BECAUSE_MAX = 256, /* bytes of a reason that are kept */
	SUGGESTIONS_MAX = 1000, /* findings after which nobody reads them */
};

static const char mark[] = "check:";

static struct span
skip_space(struct span s)
{
	while (s.len > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = span_from(s, 1);
	return s;
}

/* The next word of `rest`, that ends at a space. */
static struct span
take_word(struct span *rest)
{
	struct span word = skip_space(*rest);
	size_t n = 0;

	while (n < word.len && word.p[n] != ' ' && word.p[n] != '\t')
		n++;
	*rest = skip_space(span_from(word, n));
	word.len = n;
	return word;
}

static struct span
take_line(struct span *rest)
{
	const uint8_t *end = memchr(rest->p, '\n', rest->len);
	size_t len = end ? (size_t)(end - rest->p) : rest->len;
	struct span line = span_of(rest->p, len);

	*rest = span_from(*rest, len + (end != NULL));
	while (line.len > 0 && strchr(" \t\r", line.p[line.len - 1]))
		line.len--;
	return line;
}

/* What is behind `# check:`; false: it is another line. */
static bool
is_ours(struct span line, struct span *rest)
{
	line = skip_space(line);
	if (line.len == 0 || line.p[0] != '#')
		return false;
	line = skip_space(span_from(line, 1));
	if (!span_starts(line, span_str(mark)))
		return false;
	*rest = span_from(line, strlen(mark));
	return true;
}

static const char *
nearest_code(struct span word)
{
	const char *names[512] = {0};
	const struct code *c;

	for (size_t i = 0; i < 511 && (c = code_at(i)); i++)
		names[i] = c->name;
	return nearest_of(word, names);
}

static void
unknown_code(struct diag *d, const char *file, unsigned line, struct span word)
{
	const char *near =
	    diag_total(d) < SUGGESTIONS_MAX ? nearest_code(word) : NULL;

	diag_add(d, DIAG_WARNING, file, line, 0, "check-ignore",
	    "no finding has the code %s%s%s%s", YAML_SHOW(word),
	    near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static void
read_one(struct diag *d, const char *file, unsigned line, unsigned about,
    struct span rest)
{
	struct span verb = take_word(&rest), word = take_word(&rest);
	struct span because = take_word(&rest);
	const struct code *code = code_find(word);
	char reason[BECAUSE_MAX];

	if (!span_is(verb, "ignore") || !span_is(because, "because") ||
	    rest.len == 0) {
		diag_add(d, DIAG_WARNING, file, line, 0, "check-ignore",
		    "silences nothing; `# check: ignore CODE because REASON` "
		    "is expected");
		return;
	}
	if (!code) {
		unknown_code(d, file, line, word);
		return;
	}
	snprintf(reason, sizeof(reason), "%.*s", SPAN_FMT(rest));
	diag_silence(d, file, line, about, code->name, reason);
}

/* Those of the lines from `first` on, all of which are about `about`. */
static void
read_run(struct diag *d, const char *file, struct span text, unsigned first,
    unsigned about)
{
	for (; first < about; first++) {
		struct span rest;

		if (is_ours(take_line(&text), &rest))
			read_one(d, file, first, about, rest);
	}
}

void
silence_read(struct diag *d, const char *file, struct span text)
{
	struct span run = {0};
	unsigned line = 1, first = 0; /* of a run of them; 0: none */

	if (text.len == 0 || !memmem(text.p, text.len, mark, strlen(mark)))
		return;
	for (; text.len > 0; line++) {
		struct span rest, here = text;
		bool ours = is_ours(take_line(&text), &rest);

		if (ours && !first) {
			run = here;
			first = line;
		} else if (!ours && first) {
			read_run(d, file, run, first, line);
			first = 0;
		}
	}
	if (first)
		read_run(d, file, run, first, line);
}
