/*
 * libyaml takes more than we do: tabs in most places, NEL and the line and
 * paragraph separators as line breaks (no editor counts those as lines, so
 * its positions would be wrong), and %TAG directives, which it compares each
 * with all before it: a megabyte of them keeps it busy for minutes.
 */
#include "policy/yaml_bytes.h"

#include "base/text.h"
#include "policy/yaml.h"

struct place {
	struct diag *diag;
	const char *file;
	unsigned line, column;
	bool comment; /* nothing but space before a '#' on this line */
	bool blank; /* nothing but space so far on this line */
	bool tab; /* found on this line */
};

static enum yaml_bytes
bad(const struct place *at, const char *code, const char *text)
{
	diag_add(at->diag, DIAG_ERROR, at->file, at->line, at->column, code,
	    "%s", text);
	return YAML_BYTES_BAD;
}

/* The length of the character at the start of `s`, 0 if it is no UTF-8. */
static size_t
character_len(struct span s)
{
	uint8_t c = s.p[0];
	size_t len = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

	/* No character of YAML is a NUL, which text_utf8_valid refuses. */
	if (len > s.len || !text_utf8_valid(span_of(s.p, len)))
		return 0;
	return len;
}

/* C0, DEL, C1; a byte order mark inside, U+FFFE, U+FFFF (YAML 1.1, 5.1). */
static bool
is_control(struct span c)
{
	if (c.len == 1)
		return c.p[0] < 0x20 || c.p[0] == 0x7f;
	if (c.len == 2)
		return c.p[0] == 0xc2 && c.p[1] < 0xa0;
	return span_is(c, "\xef\xbb\xbf") || span_is(c, "\xef\xbf\xbe") ||
	    span_is(c, "\xef\xbf\xbf");
}

/* NEL, LINE SEPARATOR, PARAGRAPH SEPARATOR. */
static bool
is_odd_break(struct span c)
{
	return span_is(c, "\xc2\x85") || span_is(c, "\xe2\x80\xa8") ||
	    span_is(c, "\xe2\x80\xa9");
}

static void
next_line(struct place *at)
{
	at->line++;
	at->column = 1;
	at->comment = false;
	at->blank = true;
	at->tab = false;
}

static enum yaml_bytes
check_character(struct place *at, struct span c, struct span behind)
{
	bool cr_lf = c.p[0] == '\r' && behind.len && behind.p[0] == '\n';

	if ((c.p[0] == '\r' && !cr_lf) || is_odd_break(c))
		return bad(at, "yaml-line-break",
		    "a line break that is neither LF nor CR LF; save the file "
		    "with Unix line ends");
	if (c.p[0] == '%' && at->column == 1)
		return bad(at, "yaml-directive",
		    "a line that begins with % is a YAML directive, and none "
		    "is accepted; remove it, or indent the text");
	if (c.p[0] == '\t') {
		if (at->comment || at->tab)
			return YAML_BYTES_GOOD;
		at->tab = true;
		bad(at, "yaml-tab",
		    "a tab; indent and separate with spaces (in quoted text "
		    "write \"\\t\")");
		return YAML_BYTES_TABS;
	}
	if (c.p[0] != '\n' && !cr_lf && is_control(c))
		return bad(at, "yaml-control",
		    "a control character; in quoted text write \"\\x..\"");
	if (at->blank && c.p[0] == '#')
		at->comment = true;
	if (c.p[0] != ' ')
		at->blank = false;
	return YAML_BYTES_GOOD;
}

enum yaml_bytes
yaml_bytes_check(struct diag *d, const char *file, struct span text)
{
	struct place at = {.diag = d, .file = file};
	enum yaml_bytes all = YAML_BYTES_GOOD;

	if (text.len > YAML_FILE_MAX)
		return bad(
		    &at, "yaml-limit", "more than 1 MiB; split the file");
	next_line(&at);
	/* A byte order mark is the one thing that editors add unasked. */
	if (span_starts(text, SPAN_LIT("\xef\xbb\xbf")))
		text = span_from(text, 3);
	while (text.len > 0) {
		size_t len = character_len(text);
		struct span c = span_of(text.p, len);
		enum yaml_bytes one;

		if (len == 0)
			return bad(&at, "yaml-utf8",
			    "not UTF-8; save the file as UTF-8");
		text = span_from(text, len);
		one = check_character(&at, c, text);
		if (one == YAML_BYTES_BAD)
			return one;
		if (one == YAML_BYTES_TABS)
			all = one;
		at.column++;
		if (c.p[0] == '\n')
			next_line(&at);
	}
	return all;
}

bool
yaml_bytes_tab(struct span text, size_t line)
{
	while (text.len > 0) {
		const uint8_t *end = memchr(text.p, '\n', text.len);
		size_t len = end ? (size_t)(end - text.p) : text.len;

		if (--line == 0)
			return memchr(text.p, '\t', len) != NULL;
		text = span_from(text, len + 1);
	}
	return false;
}
