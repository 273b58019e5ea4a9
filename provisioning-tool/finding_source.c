#include "finding_source.h"

#include "base/text.h"
#include "policy/file.h"
#include "policy/secret.h"
#include "policy/yaml.h"

#include <string.h>

static void
open_file(struct finding_source *s, const char *file)
{
	struct file_bytes bytes = {0};
	const char *why;

	finding_source_fini(s);
	s->file = file;
	s->line = 1;
	s->arena = arena_new(0);
	if (s->arena &&
	    file_read(s->arena, file, YAML_FILE_MAX, &bytes, &why) == RC_OK)
		s->text = span_of(bytes.p, bytes.len);
	s->rest = s->text;
}

static struct span
next_line(struct finding_source *s)
{
	const uint8_t *end =
	    s->rest.len ? memchr(s->rest.p, '\n', s->rest.len) : NULL;
	size_t len = end ? (size_t)(end - s->rest.p) : s->rest.len;
	struct span line = span_of(s->rest.p, len);

	s->rest = span_from(s->rest, len + (end != NULL));
	s->line++;
	if (line.len > 0 && line.p[line.len - 1] == '\r')
		line.len--;
	return line;
}

/** Findings are sorted, so those of a line are neighbours. */
static bool
is_secret(const struct diag *d, size_t i)
{
	const struct diag_finding *f = diag_get(d, i);
	size_t first = i;

	while (first > 0 && diag_get(d, first - 1)->line == f->line &&
	    strcmp(diag_get(d, first - 1)->file, f->file) == 0)
		first--;
	for (; first < diag_total(d); first++) {
		const struct diag_finding *o = diag_get(d, first);

		if (o->line != f->line || strcmp(o->file, f->file) != 0)
			return false;
		if (strncmp(o->code, "policy-secret", 13) == 0)
			return true;
	}
	return false;
}

struct span
finding_source_line(struct finding_source *s, const struct diag *d, size_t i)
{
	const struct diag_finding *f = diag_get(d, i);
	struct span line = span_of(NULL, 0);

	if (f->line == 0 || is_secret(d, i))
		return line;
	if (!s->file || strcmp(s->file, f->file) != 0 || f->line < s->line)
		open_file(s, f->file);
	while (s->rest.len > 0 && s->line <= f->line)
		line = next_line(s);
	if (s->line != f->line + 1 || !text_printable(line) ||
	    secret_in_text(line))
		return span_of(NULL, 0);
	/* two findings of one line: it is read again */
	s->line--;
	s->rest = span_of(line.p, (size_t)(s->text.p + s->text.len - line.p));
	return line;
}

void
finding_source_fini(struct finding_source *s)
{
	arena_free(s->arena);
	*s = (struct finding_source){0};
}
