/*
 * image buffer show: what is in a buffer, by what anybody may read of it, and
 * how much of it its station has used. image buffer free: what was not used
 * may be minted by others again.
 */
#include "base/loop.h"
#include "base/text.h"
#include "buffer_station.h"
#include "record.h"
#include "rows.h"
#include "tool.h"
#include "verbs.h"

#include <stdio.h>

struct use {
	const struct buffer *b;
	bool found;
};

static enum rc
out_of_it(void *ctx, const struct ledger_row *row)
{
	char id[BUFFER_ID_TEXT];
	struct use *u = ctx;
	struct writer w;

	writer_init(&w, id, sizeof(id) - 1);
	if (!ledger_field(row, "buffer", &w) || w.full ||
	    !span_is(writer_span(&w), u->b->id))
		return RC_OK;
	u->found = true;
	return RC_AGAIN;
}

static enum rc
count_used(struct ledger *l, const struct buffer *b, uint32_t *used)
{
	*used = 0;
	for (uint32_t i = 0; i < b->file.head.count; i++) {
		const struct ledger_query q = {
		    .kind = SPAN_LIT("image_minted"),
		    .endpoint = b->entries[i].endpoint,
		};
		struct use u = {.b = b};
		enum rc rc = ledger_read(l, &q, out_of_it, &u);

		if (rc != RC_OK && rc != RC_AGAIN)
			return rc;
		*used += u.found;
	}
	return RC_OK;
}

static void
show_text(const struct buffer *b, const struct ledger *l, uint32_t used)
{
	const struct buffer_head *h = &b->file.head;
	char filled[25], until[25], hex[HEX_TEXT_MAX];
	struct quoted q;

	ledger_time(h->created_s * 1000, filled);
	ledger_time(h->expires_s * 1000, until);
	printf("id           %s\n", b->id);
	printf("station      %s\n", h->station);
	printf("identity     %s\n", quote_str(&q, h->identity));
	if (h->image[0])
		printf("image        %s\n", quote_str(&q, h->image));
	printf("uri          %s\n", quote_str(&q, h->uri));
	printf("policies     %s\n",
	    hex_text(hex, span_of(h->policy_set, DIGEST_LEN)));
	printf("sealed by    %s\n", quote_str(&q, h->master));
	printf("filled       %s\n", filled);
	printf("good until   %s\n", until);
	printf("accounts     %u\n", (unsigned)h->count);
	if (l)
		printf("used         %u, %u left\n", (unsigned)used,
		    (unsigned)(h->count - used));
}

static void
show_json(const struct buffer *b, const struct ledger *l, uint32_t used)
{
	const struct buffer_head *h = &b->file.head;
	char filled[25], until[25];
	struct field f[14];
	size_t n = 0;

	ledger_time(h->created_s * 1000, filled);
	ledger_time(h->expires_s * 1000, until);
	f[n++] = F_TEXT("id", (const char *)b->id);
	f[n++] = F_TEXT("station", h->station);
	f[n++] = F_TEXT("identity", h->identity);
	f[n++] = F_TEXT("image", h->image);
	f[n++] = F_TEXT("uri", h->uri);
	f[n++] = F_BYTES("policy_set", span_of(h->policy_set, DIGEST_LEN));
	f[n++] = F_TEXT("master", h->master);
	f[n++] = F_TEXT("filled", (const char *)filled);
	f[n++] = F_TEXT("expires", (const char *)until);
	f[n++] = F_INT("count", h->count);
	if (l) {
		f[n++] = F_INT("used", used);
		f[n++] = F_INT("left", h->count - used);
	}
	rows_json(f, n);
}

static int
show(const struct options *o, const char *ledger, struct buffer *b,
    struct ledger **l)
{
	int code = buffer_load(o->operands[0], b);
	uint32_t used = 0;
	enum rc rc;

	if (code == EX_OK && ledger)
		code = record_open(ledger, LEDGER_READ, l);
	if (code == EX_OK && *l) {
		rc = count_used(*l, b, &used);
		if (rc != RC_OK)
			code = tool_fault(rc, "the station's ledger");
	}
	if (code == EX_OK && strcmp(o->format, "json") == 0)
		show_json(b, *l, used);
	else if (code == EX_OK)
		show_text(b, *l, used);
	return code;
}

int
image_buffer_show(const struct options *o)
{
	struct ledger *l = NULL;
	struct buffer b = {0};
	struct settings s;
	int code = settings_load(o, 0, &s);

	if (code == EX_OK)
		code = show(o, s.ledger, &b, &l);
	ledger_close(l);
	buffer_free(&b);
	settings_fini(&s);
	return code;
}

/** The row buffer_filled of a buffer. */
struct filled {
	const char *id;
	bool found;
	char expires[25];
};

static enum rc
look_at_filled(void *ctx, const struct ledger_row *row)
{
	char id[BUFFER_ID_TEXT];
	struct filled *f = ctx;
	struct writer w;

	writer_init(&w, id, sizeof(id) - 1);
	if (!ledger_field(row, "buffer", &w) || w.full ||
	    !span_is(writer_span(&w), f->id))
		return RC_OK;
	f->found = true;
	writer_init(&w, f->expires, sizeof(f->expires) - 1);
	(void)ledger_field(row, "expires", &w);
	return RC_AGAIN;
}

/** Is it one of ours, and one that no station mints from any more? */
static int
check_release(struct ledger *l, const char *id, const char *path, bool force)
{
	const struct ledger_query q = {.kind = SPAN_LIT("buffer_filled")};
	struct filled f = {.id = id};
	struct quoted file, name;
	char now[25];
	enum rc rc = ledger_read(l, &q, look_at_filled, &f);

	if (rc != RC_OK && rc != RC_AGAIN)
		return tool_fault(rc, "ledger");
	if (!f.found)
		return tool_error(EX_DATAERR,
		    "image buffer show says the id of a buffer",
		    "ledger %s knows of no buffer %s", quote_str(&file, path),
		    quote_str(&name, id));
	/* both of one form */
	ledger_time(clock_wall_ms(), now);
	if (!force && strcmp(now, f.expires) < 0)
		return tool_error(EX_NOPERM,
		    "wait until then; or destroy it, merge the station's "
		    "ledger, and give --force",
		    "the station may mint from buffer %s until %s", id,
		    f.expires);
	return EX_OK;
}

static int
release(struct ledger *l, const char *id, const char *path, bool force)
{
	const struct field f[] = {F_TEXT("buffer", id)};
	const struct ledger_event e = {
	    .kind = "buffer_released",
	    .fields = f,
	    .field_count = 1,
	};
	struct quoted q;
	uint64_t seq;
	int code = check_release(l, id, path, force);
	enum rc rc;

	if (code != EX_OK)
		return code;
	rc = buffer_row_find(l, "buffer_released", id);
	if (rc == RC_OK) {
		fprintf(stderr, "buffer %s is released already\n", id);
		return EX_OK;
	}
	if (rc != RC_NOT_FOUND)
		return tool_fault(rc, "ledger");
	code = record_row(l, &e, &seq, "nothing was given free");
	if (code == EX_OK)
		fprintf(stderr, "ledger       %s row %llu\n",
		    quote_str(&q, path), (unsigned long long)seq);
	return code;
}

int
image_buffer_release(const struct options *o)
{
	struct ledger *l = NULL;
	struct settings s;
	int code = settings_load(o, SETTINGS_LEDGER, &s);

	if (code == EX_OK)
		code = record_open(s.ledger, LEDGER_WRITE, &l);
	if (code == EX_OK)
		code = release(l, o->operands[0], s.ledger, o->force);
	ledger_close(l);
	settings_fini(&s);
	return code;
}
