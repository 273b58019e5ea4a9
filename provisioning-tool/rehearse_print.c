/* What a rehearsal came to, for people and for machines. */
#include "base/text.h"
#include "rehearse.h"
#include "rows.h"
#include "tool.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

void
rehearse_begin(struct rehearse_result *r, const char *name)
{
	struct writer w;
	struct span s = span_str(name);

	*r = (struct rehearse_result){0};
	writer_init(&w, r->name, sizeof(r->name) - 1);
	if (text_printable(s))
		writer_put(&w, text_cut(s, 900, 900));
	else
		text_quote(&w, text_cut(s, 150, 150));
	r->name[w.len] = '\0';
}

void
rehearse_find(struct rehearse_result *r, bool warning, const char *code,
    const char *remedy, const char *fmt, ...)
{
	struct rehearse_finding *f;
	va_list args;

	if (r->finding_count == REHEARSE_FINDINGS_MAX)
		return;
	f = &r->findings[r->finding_count++];
	*f = (struct rehearse_finding){.warning = warning};
	snprintf(f->code, sizeof(f->code), "%s", code);
	snprintf(f->remedy, sizeof(f->remedy), "%s", remedy);
	va_start(args, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, args);
	va_end(args);
}

bool
rehearse_has_errors(const struct rehearse_result *r)
{
	for (size_t i = 0; i < r->finding_count; i++)
		if (!r->findings[i].warning)
			return true;
	return false;
}

void
rehearse_print_text(const struct rehearse_result *r, bool details)
{
	if (r->ok && details)
		printf("%s: ok, %u datagrams, %" PRIu64
		       " bytes: %s%s%s has %u server%s after %" PRIu64 " ms\n",
		    r->name, r->datagrams, r->bytes, r->endpoint,
		    r->security[0] ? ", by " : "", r->security, r->servers,
		    r->servers == 1 ? "" : "s", r->ms);
	for (size_t i = 0; i < r->finding_count; i++) {
		const struct rehearse_finding *f = &r->findings[i];

		printf("%s: %s: %s [%s%s%s]\n", r->name,
		    f->warning ? "warning" : "error", f->text, f->code,
		    f->server[0] ? ": " : "", f->server);
		if (f->remedy[0])
			printf("    %s\n", f->remedy);
	}
}

/* The first of the errors, else of the warnings. */
static const struct rehearse_finding *
first(const struct rehearse_result *r)
{
	for (size_t i = 0; i < r->finding_count; i++)
		if (!r->findings[i].warning)
			return &r->findings[i];
	return r->finding_count ? &r->findings[0] : NULL;
}

/* The text that an array holds. */
#define TEXT_OF(array) span_of((array), strnlen((array), sizeof(array)))

static void
print_finding(const struct rehearse_finding *f)
{
	const struct field fields[] = {
	    F_TEXT("level", f->warning ? "warning" : "error"),
	    F_TEXT("code", TEXT_OF(f->code)),
	    F_TEXT("server", TEXT_OF(f->server)),
	    F_TEXT("text", TEXT_OF(f->text)),
	    F_TEXT("remedy", TEXT_OF(f->remedy)),
	};

	fputc('{', stdout);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (i > 0)
			fputc(',', stdout);
		rows_json_member(&fields[i]);
	}
	fputc('}', stdout);
}

void
rehearse_print_json(const struct rehearse_result *r)
{
	const struct rehearse_finding *f = first(r);
	const struct field fields[] = {
	    F_TEXT("image", TEXT_OF(r->name)),
	    F_TEXT("endpoint", TEXT_OF(r->endpoint)),
	    F_BOOL("ok", r->ok),
	    F_TEXT("code", f && !f->warning ? (const char *)f->code : ""),
	    F_INT("datagrams", r->datagrams),
	    F_INT("bytes", r->bytes),
	    F_INT("ms", r->ms),
	    F_INT("commands", r->commands),
	    F_INT("servers", r->servers),
	    F_TEXT("security", TEXT_OF(r->security)),
	};

	fputc('{', stdout);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (i > 0)
			fputc(',', stdout);
		rows_json_member(&fields[i]);
	}
	fputs(",\"findings\":[", stdout);
	for (size_t i = 0; i < r->finding_count; i++) {
		if (i > 0)
			fputc(',', stdout);
		print_finding(&r->findings[i]);
	}
	fputs("]}\n", stdout);
}
