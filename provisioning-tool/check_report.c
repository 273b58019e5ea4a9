#include "check_report.h"

#include "finding_source.h"
#include "rows.h"
#include "tool.h"

#include "policy/code.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	SHOWN = 100, /* characters of a line */
	BEFORE = 60, /* of them before the caret */
};

static const char *const levels[] = {
    [DIAG_NOTE] = "note",
    [DIAG_WARNING] = "warning",
    [DIAG_ERROR] = "error",
};

/* --- for people ----------------------------------------------------------- */

static struct span
skip_characters(struct span s, size_t n)
{
	for (; n > 0 && s.len > 0; n--) {
		s = span_from(s, 1);
		while (s.len > 0 && (s.p[0] & 0xc0) == 0x80)
			s = span_from(s, 1);
	}
	return s;
}

/** The line, or a part of it, and where in it. */
static void
print_source(const struct diag_finding *f, struct span line)
{
	size_t column = f->column ? f->column - 1 : 0;
	size_t skip = column > BEFORE ? column - BEFORE : 0;
	struct span rest = skip_characters(line, skip);

	rest.len -= skip_characters(rest, SHOWN).len;
	printf("%6u | ", f->line);
	print_span(rest);
	if (f->column)
		printf("\n       | %*s^", (int)(column - skip), "");
	putchar('\n');
}

static void
print_place(const struct diag_finding *f)
{
	if (f->file[0])
		printf("%s:", f->file);
	if (f->file[0] && f->line)
		printf("%u:", f->line);
	if (f->file[0] && f->line && f->column)
		printf("%u:", f->column);
	if (f->file[0])
		putchar(' ');
}

static void
text_findings(const struct check_report *r, const struct diag *d)
{
	struct finding_source source = {0};

	for (size_t i = 0; i < diag_total(d); i++) {
		const struct diag_finding *f = diag_get(d, i);
		const struct code *code = code_find(span_str(f->code));
		struct span line;

		if (f->silenced)
			continue;
		print_place(f);
		printf("%s: %s [%s]\n", levels[f->level], f->text, f->code);
		if (!r->terminal)
			continue;
		line = finding_source_line(&source, d, i);
		if (line.p)
			print_source(f, line);
		if (code)
			printf("       = %s\n", code->remedy);
	}
	finding_source_fini(&source);
}

/* --- for machines --------------------------------------------------------- */

static void
json_findings(const struct diag *d)
{
	for (size_t i = 0; i < diag_total(d); i++) {
		const struct diag_finding *f = diag_get(d, i);
		const struct code *code = code_find(span_str(f->code));
		struct field fields[8] = {
		    F_TEXT("finding", levels[f->level]),
		    F_TEXT("file", span_str(f->file)),
		    F_INT("line", f->line),
		    F_INT("column", f->column),
		    F_TEXT("code", f->code),
		    F_TEXT("text", span_str(f->text)),
		};
		size_t n = 6;

		if (code)
			fields[n++] = F_TEXT("remedy", code->remedy);
		if (f->silenced)
			fields[n++] = F_TEXT("silenced", span_str(f->silenced));
		rows_json(fields, n);
	}
}

/* --- all ------------------------------------------------------------------ */

void
check_report_begin(struct check_report *r, const struct options *o)
{
	*r = (struct check_report){.o = o};
	if (strcmp(o->format, "json") == 0)
		r->form = CHECK_JSON;
	else if (strcmp(o->format, "sarif") == 0)
		r->form = CHECK_SARIF;
	r->terminal = r->form == CHECK_TEXT && isatty(STDOUT_FILENO) == 1;
	if (r->form == CHECK_SARIF)
		check_sarif_begin(r);
}

/** Files with a finding that is not silenced. */
static size_t
count_files(const struct diag *d)
{
	const char *last = NULL;
	size_t n = 0;

	for (size_t i = 0; i < diag_total(d); i++) {
		const struct diag_finding *f = diag_get(d, i);

		if (f->silenced || (last && strcmp(last, f->file) == 0))
			continue;
		last = f->file;
		n++;
	}
	return n;
}

void
check_report_findings(
    struct check_report *r, size_t operand, const struct diag *d)
{
	size_t errors = diag_count(d, DIAG_ERROR);

	r->errors += errors;
	r->warnings += diag_count(d, DIAG_WARNING) - errors;
	r->silenced += diag_silenced(d);
	r->files += count_files(d);
	switch (r->form) {
	case CHECK_TEXT:
		text_findings(r, d);
		break;
	case CHECK_JSON:
		json_findings(d);
		break;
	case CHECK_SARIF:
		check_sarif_findings(r, operand, d);
		break;
	}
}

void
check_report_end(const struct check_report *r)
{
	if (r->form == CHECK_SARIF)
		check_sarif_end();
	if (r->form != CHECK_TEXT)
		return;
	printf("%zu error%s, %zu warning%s in %zu file%s", r->errors,
	    r->errors == 1 ? "" : "s", r->warnings, r->warnings == 1 ? "" : "s",
	    r->files, r->files == 1 ? "" : "s");
	if (r->silenced > 0)
		printf(", %zu silenced", r->silenced);
	putchar('\n');
}
