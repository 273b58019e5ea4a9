#include "reply.h"

#include "base/text.h"
#include "ledger/ledger.h"

void
reply_init(struct reply *r)
{
	writer_init(&r->w, r->buf, sizeof(r->buf));
}

void
reply_text(struct reply *r, const char *key, struct span value)
{
	writer_fmt(&r->w, "%s\t", key);
	text_quote(&r->w, value);
	writer_str(&r->w, "\n");
}

void
reply_str(struct reply *r, const char *key, const char *value)
{
	reply_text(r, key, span_str(value));
}

void
reply_number(struct reply *r, const char *key, uint64_t value)
{
	writer_fmt(&r->w, "%s\t%llu\n", key, (unsigned long long)value);
}

void
reply_hex(struct reply *r, const char *key, struct span bytes)
{
	writer_fmt(&r->w, "%s\t\"", key);
	text_hex(&r->w, bytes);
	writer_str(&r->w, "\"\n");
}

void
reply_time(struct reply *r, const char *key, int64_t ms)
{
	char text[25];

	ledger_time(ms, text);
	reply_str(r, key, text);
}

int
reply_refuse(struct reply *r, const char *what, const char *remedy, int code)
{
	reply_str(r, "error", what);
	if (remedy)
		reply_str(r, "remedy", remedy);
	return code;
}
