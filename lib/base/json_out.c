#include "base/json_out.h"

#include "base/text.h"

#include <math.h>
#include <stdlib.h>

enum {
	ROOM = 1024, /* for usual texts, without asking for memory */
	WORST = 6, /* bytes of one, quoted */
};

void
put_quoted(FILE *f, struct span text)
{
	size_t cap = text.len * WORST + 2;
	char room[ROOM], *big = cap > ROOM ? malloc(cap) : NULL;
	struct writer w;

	/* without memory the front of it, which is quoted, too */
	writer_init(&w, big ? big : room, big ? cap : ROOM);
	text_quote(&w,
	    big || cap <= ROOM ? text : span_of(text.p, (ROOM - 2) / WORST));
	(void)fwrite(big ? big : room, 1, w.len, f);
	free(big);
}

static void
begin_member(struct json_out *j, const char *name)
{
	if (j->behind)
		putc(',', j->f);
	j->behind = true;
	if (name)
		fprintf(j->f, "\"%s\":", name);
}

void
jout_begin(struct json_out *j, const char *name, char bracket)
{
	begin_member(j, name);
	putc(bracket, j->f);
	j->behind = false;
}

void
jout_end(struct json_out *j, char bracket)
{
	putc(bracket, j->f);
	j->behind = true;
}

void
jout_text(struct json_out *j, const char *name, struct span text)
{
	begin_member(j, name);
	put_quoted(j->f, text);
}

void
jout_str(struct json_out *j, const char *name, const char *text)
{
	if (text)
		jout_text(j, name, span_str(text));
	else
		jout_raw(j, name, SPAN_LIT("null"));
}

void
jout_int(struct json_out *j, const char *name, int64_t number)
{
	begin_member(j, name);
	fprintf(j->f, "%lld", (long long)number);
}

void
jout_real(struct json_out *j, const char *name, double number)
{
	begin_member(j, name);
	/* JSON has no others */
	if (isfinite(number))
		fprintf(j->f, "%.17g", number);
	else
		fputs("null", j->f);
}

void
jout_bool(struct json_out *j, const char *name, bool truth)
{
	begin_member(j, name);
	fputs(truth ? "true" : "false", j->f);
}

void
jout_hex(struct json_out *j, const char *name, struct span bytes)
{
	begin_member(j, name);
	putc('"', j->f);
	for (size_t i = 0; i < bytes.len; i++)
		fprintf(j->f, "%02x", bytes.p[i]);
	putc('"', j->f);
}

void
jout_raw(struct json_out *j, const char *name, struct span json)
{
	begin_member(j, name);
	(void)fwrite(json.p, 1, json.len, j->f);
}
