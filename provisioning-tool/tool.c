#include "tool.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>

int
tool_error(int code, const char *remedy, const char *fmt, ...)
{
	va_list ap;

	/* what stands on stdout belongs before it, where both are one file */
	fflush(stdout);
	fputs("provisioning-tool: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	if (remedy && remedy[0])
		fprintf(stderr, ": %s", remedy);
	fputc('\n', stderr);
	return code;
}

int
tool_fault(enum rc rc, const char *doing)
{
	if (rc == RC_MEMORY)
		return tool_error(EX_SOFTWARE,
		    "give the process more memory, or a higher RLIMIT_MEMLOCK",
		    "%s: out of memory", doing);
	return tool_error(rc_exit(rc), NULL, "%s: %s", doing, rc_name(rc));
}

const char *
quote(struct quoted *q, struct span s)
{
	struct writer w;
	bool cut = false;

	writer_init(&w, q->text, sizeof(q->text) - sizeof("..."));
	text_quote(&w, s);
	while (w.full) {
		cut = true;
		s.len /= 2;
		writer_init(&w, q->text, sizeof(q->text) - sizeof("..."));
		text_quote(&w, s);
	}
	w.cap = sizeof(q->text) - 1;
	if (cut)
		writer_str(&w, "...");
	q->text[w.len] = '\0';
	return q->text;
}

const char *
quote_str(struct quoted *q, const char *s)
{
	return quote(q, span_str(s));
}

const char *
hex_text(char out[static HEX_TEXT_MAX], struct span bytes)
{
	struct writer w;

	writer_init(&w, out, HEX_TEXT_MAX - 1);
	text_hex(&w, bytes);
	out[w.len] = '\0';
	return out;
}

void
print_span(struct span s)
{
	fwrite(s.p, 1, s.len, stdout);
}
