#include "policy/yaml_scalar.h"

#include <strings.h>

/* What some version of YAML, or of our own grammar, reads as something else
 * than text. */
bool
yaml_scalar_is_word(struct span text)
{
	static const char *const known[] = {"true", "false", "yes", "no", "on",
	    "off", "y", "n", "null", "inf", "infinity", "nan", "none",
	    "unknown"};
	static const char others[] = "0123456789_-./";

	if (text.len == 0)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.p[i], low = c | 0x20;
		bool letter = low >= 'a' && low <= 'z' && c < 0x80;

		if (!letter && (i == 0 || !c || !strchr(others, c)))
			return false;
	}
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (text.len == strlen(known[i]) &&
		    strncasecmp((const char *)text.p, known[i], text.len) == 0)
			return false;
	return true;
}

static size_t
columns(struct span s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += (s.p[i] & 0xc0) != 0x80;
	return n;
}

static bool
has(struct span s, char c)
{
	return s.len > 0 && memchr(s.p, c, s.len);
}

static bool
is_block(const struct layout_node *n)
{
	return n->style == LAYOUT_LITERAL || n->style == LAYOUT_FOLDED;
}

/* Of a block that says where it begins, or keeps its last lines. */
static bool
has_indicator(const struct layout_node *n)
{
	size_t len = strcspn((const char *)n->source.p, "\n #");

	for (size_t i = 1; i < len && i < n->source.len; i++)
		if (n->source.p[i] != '-')
			return true;
	return false;
}

/* The next line of `rest`, without its end. */
static struct span
next_line(struct span *rest)
{
	const uint8_t *end = memchr(rest->p, '\n', rest->len);
	size_t len = end ? (size_t)(end - rest->p) : rest->len;
	struct span line = span_of(rest->p, len);

	*rest = span_from(*rest, len + (end != NULL));
	return line;
}

static size_t
leading(struct span line)
{
	size_t n = 0;

	while (n < line.len && line.p[n] == ' ')
		n++;
	return n;
}

/* A folded text whose lines can be indented anew: it says neither where they
 * begin nor that the last are kept, and none is space alone that counts. */
static bool
folds(const struct layout_node *n)
{
	struct span rest = n->source;
	size_t indent = SIZE_MAX;

	next_line(&rest); /* `>` */
	while (rest.len > 0) {
		struct span line = next_line(&rest);
		size_t space = leading(line);

		if (space == line.len && space > indent)
			return false;
		if (space < line.len && indent == SIZE_MAX)
			indent = space;
	}
	return !has_indicator(n);
}

/* Which of the ways a value is written in. */
enum way {
	AS_IS, /* the bytes of the file, on one line */
	AS_WORD, /* without its quotes */
	AS_DOUBLE, /* in double quotes, nothing in it to escape */
	AS_ESCAPED, /* in double quotes, with escapes */
	AS_LINES, /* the bytes of the file, indented anew */
	AS_BLOCK,
};

/* Nothing that a double-quoted text would have to escape, or that could not be
 * seen: then the file may have had an escape for it. */
static bool
is_simple(struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.p[i];

		if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\')
			return false;
	}
	return true;
}

/* On the one line that it did not have. */
static enum way
joined(const struct layout_node *n)
{
	return yaml_scalar_is_word(n->text) ? AS_WORD : AS_ESCAPED;
}

static enum way
way_of(const struct layout_node *n)
{
	if (is_block(n)) {
		if (n->is_key || n->text.len == 0 ||
		    (n->style == LAYOUT_FOLDED && !folds(n)))
			return joined(n);
		return AS_BLOCK;
	}
	if (has(n->source, '\n')) {
		/* a backslash may stand for what is at the end of its line */
		if (n->is_key ||
		    (n->style == LAYOUT_DOUBLE && has(n->source, '\\')))
			return joined(n);
		return AS_LINES;
	}
	if (n->style == LAYOUT_PLAIN)
		return AS_IS;
	if (yaml_scalar_is_word(n->text))
		return AS_WORD;
	return is_simple(n->text) ? AS_DOUBLE : AS_IS;
}

/* --- on one line ---------------------------------------------------------- */

static void
put(FILE *out, struct span s)
{
	if (s.len)
		fwrite(s.p, 1, s.len, out);
}

/* YAML 1.1, 5.6; what is not ASCII stays. */
static size_t
put_escaped(FILE *out, struct span s)
{
	size_t width = 2;

	if (out)
		fputc('"', out);
	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.p[i];
		char text[8] = {(char)c};

		if (c == '\n')
			strcpy(text, "\\n");
		else if (c == '\t')
			strcpy(text, "\\t");
		else if (c == '"' || c == '\\')
			snprintf(text, sizeof(text), "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			snprintf(text, sizeof(text), "\\x%02x", c);
		width += (c & 0xc0) != 0x80 ? strlen(text) : 0;
		if (out)
			fputs(text, out);
	}
	if (out)
		fputc('"', out);
	return width;
}

size_t
yaml_scalar_width(const struct layout_node *n)
{
	switch (way_of(n)) {
	case AS_IS:
		return columns(n->source);
	case AS_WORD:
		return n->text.len;
	case AS_DOUBLE:
		return n->text.len + 2;
	case AS_ESCAPED:
		return put_escaped(NULL, n->text);
	case AS_LINES:
	case AS_BLOCK:
		break;
	}
	return LAYOUT_WIDE;
}

void
yaml_scalar_put(FILE *out, const struct layout_node *n)
{
	switch (way_of(n)) {
	case AS_IS:
		put(out, n->source);
		break;
	case AS_WORD:
		put(out, n->text);
		break;
	case AS_DOUBLE:
		fputc('"', out);
		put(out, n->text);
		fputc('"', out);
		break;
	case AS_ESCAPED:
	case AS_LINES:
	case AS_BLOCK:
		put_escaped(out, n->text);
		break;
	}
}

/* --- on several ----------------------------------------------------------- */

static bool
ends_in_break(struct span s)
{
	return s.len > 0 && s.p[s.len - 1] == '\n';
}

/* The first line with something in it is what the indentation is found by. */
static bool
begins_with_space(struct span text)
{
	while (text.len > 0 && text.p[0] == '\n')
		text = span_from(text, 1);
	return text.len == 0 || text.p[0] == ' ';
}

bool
yaml_scalar_keeps(const struct layout_node *n)
{
	const struct span text = n->text;

	return n->style == LAYOUT_LITERAL && ends_in_break(text) &&
	    (text.len == 1 || text.p[text.len - 2] == '\n');
}

size_t
yaml_scalar_head(FILE *out, const struct layout_node *n)
{
	char head[4];
	size_t len = 0;

	head[len++] = n->style == LAYOUT_LITERAL ? '|' : '>';
	if (n->style == LAYOUT_LITERAL && begins_with_space(n->text))
		head[len++] = '2';
	if (!ends_in_break(n->text))
		head[len++] = '-';
	else if (yaml_scalar_keeps(n))
		head[len++] = '+';
	head[len] = '\0';
	fputs(head, out);
	return len;
}

/* Its value is its lines. */
static void
literal_body(FILE *out, struct span rest, size_t indent)
{
	while (rest.len > 0) {
		struct span line = next_line(&rest);

		if (line.len > 0)
			fprintf(out, "%*s", (int)indent, "");
		put(out, line);
		fputc('\n', out);
	}
}

/* How its value came from its lines depends on where they are broken. */
static void
folded_body(FILE *out, struct span rest, size_t indent)
{
	size_t was = 0, empty = 0;
	bool first = true;

	next_line(&rest); /* `>` */
	while (rest.len > 0) {
		struct span line = next_line(&rest);
		size_t space = leading(line);

		if (space == line.len) {
			empty++;
			continue;
		}
		if (first)
			was = space;
		first = false;
		for (; empty > 0; empty--)
			fputc('\n', out);
		fprintf(out, "%*s", (int)indent, "");
		put(out, span_from(line, was));
		fputc('\n', out);
	}
}

void
yaml_scalar_body(FILE *out, const struct layout_node *n, size_t indent)
{
	if (n->style == LAYOUT_LITERAL)
		literal_body(out, n->text, indent);
	else
		folded_body(out, n->source, indent);
}

size_t
yaml_scalar_lines(FILE *out, const struct layout_node *n, size_t indent)
{
	struct span rest = n->source;
	size_t width = 0;
	bool first = true;

	while (rest.len > 0) {
		struct span line = next_line(&rest);

		if (!first) {
			fputc('\n', out);
			line = span_from(line, leading(line));
		}
		while (line.len > 0 && line.p[line.len - 1] == ' ')
			line.len--;
		if (!first && line.len > 0)
			fprintf(out, "%*s", (int)indent, "");
		put(out, line);
		width = indent + columns(line);
		first = false;
	}
	return width;
}
