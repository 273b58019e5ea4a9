/* What went wrong, as lines of bounded length. */
#include "base/text.h"
#include "hsm/hsm_internal.h"

#include <stdarg.h>
#include <stdio.h>

PRINTF_LIKE(3, 0)
static void
line(char *buf, size_t cap, const char *fmt, va_list ap)
{
	int n = vsnprintf(buf, cap, fmt, ap);

	if (n < 0)
		buf[0] = '\0';
	else if ((size_t)n >= cap)
		memcpy(buf + cap - 4, "...", 4);
}

void
hsm_error_text(struct hsm_error *err, unsigned long ckr, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return;
	err->ckr = ckr;
	va_start(ap, fmt);
	line(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
}

void
hsm_error_remedy(struct hsm_error *err, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return;
	va_start(ap, fmt);
	line(err->remedy, sizeof(err->remedy), fmt, ap);
	va_end(ap);
}

void
hsm_error_clear(struct hsm_error *err)
{
	if (!err)
		return;
	err->ckr = 0;
	err->text[0] = '\0';
	err->remedy[0] = '\0';
}

const char *
hsm_quote(char *buf, size_t cap, struct span s)
{
	struct writer w;

	writer_init(&w, buf, cap - 1);
	text_quote(&w, s);
	if (w.full) {
		/* Too long to be one of ours; its beginning will do. */
		writer_init(&w, buf, cap - 1);
		text_quote(&w, span_of(s.p, (cap - 6) / 6));
		writer_str(&w, "...");
	}
	buf[w.len] = '\0';
	return buf;
}
