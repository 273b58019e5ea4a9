#include "rows.h"

#include "tool.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void
no_memory(void)
{
	tool_fault(RC_MEMORY, "output");
	exit(EX_SOFTWARE);
}

/**
 * Quote `s` into a fresh buffer; a field of a ledger's row can be large. Six
 * bytes a byte and the quotes always fit.
 */
static char *
quoted_copy(struct span s, struct span *out)
{
	size_t cap = s.len * 6 + 2;
	char *buf = malloc(cap);
	struct writer w;

	if (!buf)
		no_memory();
	writer_init(&w, buf, cap);
	text_quote(&w, s);
	*out = writer_span(&w);
	return buf;
}

void
rows_json_text(struct span s)
{
	struct span text;
	char *buf = quoted_copy(s, &text);

	print_span(text);
	free(buf);
}

static void
print_hex(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		printf("%02x", s.p[i]);
}

void
rows_json_member(const struct field *f)
{
	printf("\"%s\":", f->name);
	switch (f->kind) {
	case FIELD_TEXT:
		rows_json_text(f->span);
		break;
	case FIELD_BYTES:
		putchar('"');
		print_hex(f->span);
		putchar('"');
		break;
	case FIELD_INT:
		printf("%lld", (long long)f->number);
		break;
	case FIELD_BOOL:
		fputs(f->number ? "true" : "false", stdout);
		break;
	}
}

void
rows_json(const struct field *fields, size_t count)
{
	putchar('{');
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			putchar(',');
		rows_json_member(&fields[i]);
	}
	puts("}");
}

static void
csv_text(struct span s)
{
	size_t cap = s.len * 6 + 2;
	struct span text;
	char *buf = quoted_copy(s, &text), *field = malloc(cap);
	struct writer w;

	if (!field)
		no_memory();
	writer_init(&w, field, cap);
	text_csv(&w, text);
	print_span(writer_span(&w));
	free(field);
	free(buf);
}

void
rows_csv_names(const struct field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++)
		printf("%s%s", i ? "," : "", fields[i].name);
	fputs("\r\n", stdout);
}

void
rows_csv(const struct field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct field *f = &fields[i];

		if (i > 0)
			putchar(',');
		if (f->kind == FIELD_TEXT)
			csv_text(f->span);
		else if (f->kind == FIELD_BYTES)
			print_hex(f->span);
		else if (f->kind == FIELD_BOOL)
			fputs(f->number ? "true" : "false", stdout);
		else
			printf("%lld", (long long)f->number);
	}
	fputs("\r\n", stdout);
}
