#include "batch_summary.h"
#include "build_config.h"

#include "csv_record.h"
#include "label.h"
#include "order.h"
#include "tool.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum column {
	BATCH,
	ORDER,
	STATION,
	INDEX,
	ROW,
	SERIAL,
	ENDPOINT,
	MODEL,
	LOT,
	MODE,
	PSK_IDENTITY,
	KEY,
	EPOCH,
	FINGERPRINT,
	CERT_SERIAL,
	CERT_NOT_AFTER,
	IMAGE_FORMAT,
	IMAGE_FILE,
	IMAGE_SIZE,
	IMAGE_SHA256,
	LABEL_TEXT,
	CREATED,
	TOOL,
	COLUMNS
};

static const char names[] =
    "batch,order,station,index,row,serial,endpoint,model,lot,mode,"
    "psk_identity,key,epoch,fingerprint,cert_serial,cert_not_after,"
    "image_format,image_file,image_size,image_sha256,label_payload,"
    "created_utc,tool_version\r\n";

/* a payload of quotes alone is four times as long here */
enum { LINE_MAX_LEN = 8192 + 4 * LABEL_PAYLOAD_MAX };

enum rc
batch_summary_begin(struct batch_folder *b)
{
	return batch_file_put(&b->summary, span_str(names));
}

size_t
batch_summary_names_len(void)
{
	return sizeof(names) - 1;
}

static void
text(struct writer *w, struct span s)
{
	uint8_t buf[2 * LABEL_PAYLOAD_MAX + 2];
	struct writer quoted;

	if (s.len) {
		writer_init(&quoted, buf, sizeof(buf));
		text_quote(&quoted, s);
		text_csv(w, writer_span(&quoted));
	}
}

bool
batch_summary_is(const char *cell, struct span s)
{
	uint8_t buf[12 * POLICY_ENDPOINT_MAX + 4];
	struct span rest;
	struct writer w;

	writer_init(&w, buf, sizeof(buf));
	text(&w, s);
	rest = writer_span(&w);
	if (rest.len)
		rest = span_of(rest.p + 1, rest.len - 2);
	for (; rest.len > 0; cell++) {
		if (rest.p[0] == '"')
			rest = span_from(rest, 1);
		if (rest.len == 0 || (char)rest.p[0] != *cell)
			return false;
		rest = span_from(rest, 1);
	}
	return !w.full && *cell == '\0';
}

static void
put_text(struct writer *w, struct span s)
{
	text(w, s);
	writer_str(w, ",");
}

static void
hex(struct writer *w, struct span s)
{
	text_hex(w, s);
	writer_str(w, ",");
}

static void
put_credential(
    struct writer *w, const struct image_recipe *r, const struct batch_job *j)
{
	static const char *const modes[] = {
	    [IDENTITY_PSK] = "psk",
	    [IDENTITY_CERTIFICATE] = "certificate",
	    [IDENTITY_NOSEC] = "nosec",
	};
	const struct issue_credential *c = &j->credential;
	enum identity_kind kind = r->identity->kind;

	put_text(w, span_str(modes[kind]));
	put_text(w, span_of(j->psk_identity, j->psk_identity_len));
	if (kind == IDENTITY_PSK) {
		put_text(w, span_str(c->master));
		writer_fmt(w, "%u,", (unsigned)c->epoch);
		hex(w, span_of(c->fingerprint, HSM_FINGERPRINT_LEN));
		writer_str(w, ",,");
	} else if (kind == IDENTITY_CERTIFICATE) {
		put_text(w, span_str(c->ca));
		writer_str(w, ",");
		hex(w, span_of(c->sha256, DIGEST_LEN));
		hex(w, span_of(c->serial, CERT_SERIAL_LEN));
		der_print_time(w, c->not_after_s);
		writer_str(w, ",");
	} else {
		writer_str(w, ",,,,,");
	}
}

enum rc
batch_summary_put(struct batch_folder *b, const struct image_recipe *r,
    const struct batch_job *j, struct span label, int64_t time_ms)
{
	const struct order *o = b->order;
	char buf[LINE_MAX_LEN], time[25];
	struct writer w;

	ledger_time(time_ms, time);
	writer_init(&w, buf, sizeof(buf));
	put_text(&w, span_str(b->id));
	put_text(&w, o ? span_str(o->name) : (struct span){0});
	put_text(&w, b->station ? span_str(b->station) : (struct span){0});
	writer_fmt(&w, "%llu,%llu,", (unsigned long long)j->index,
	    (unsigned long long)j->seq);
	put_text(&w, span_str(j->unit));
	put_text(&w, span_of(j->endpoint, j->endpoint_len));
	put_text(&w, span_str(j->model));
	put_text(&w, span_str(j->lot));
	put_credential(&w, r, j);
	put_text(&w, span_str(r->format->name));
	put_text(&w, span_str(j->name));
	writer_fmt(&w, "%zu,", j->image.len);
	hex(&w, span_of(j->sha256, DIGEST_LEN));
	put_text(&w, label);
	writer_fmt(&w, "%s," PROJECT_VERSION "\r\n", time);
	return w.full ? RC_TOO_LARGE
		      : batch_file_put(&b->summary, writer_span(&w));
}

/* --- reading -------------------------------------------------------------- */

void
batch_reader_begin(struct batch_reader *r, int fd)
{
	memset(r, 0, sizeof(*r));
	r->fd = fd;
}

static enum rc
fill(struct batch_reader *r)
{
	ssize_t n;

	memmove(r->window, r->window + r->from, r->to - r->from);
	r->to -= r->from;
	r->from = 0;
	do {
		n = pread(r->fd, r->window + r->to, sizeof(r->window) - r->to,
		    (off_t)(r->taken + r->to));
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return RC_IO;
	r->to += (size_t)n;
	r->ended = n == 0;
	return RC_OK;
}

struct taking {
	struct summary_line *out;
	size_t columns;
	bool bad;
};

static void
take_number(struct taking *t, uint64_t *out, struct span s)
{
	t->bad |= !span_decimal(s, INT64_MAX, out);
}

static void
take_text(struct taking *t, char *out, size_t cap, struct span s)
{
	t->bad |= s.len >= cap || s.len == 0 || memchr(s.p, 0, s.len);
	if (t->bad)
		return;
	memcpy(out, s.p, s.len);
	out[s.len] = '\0';
}

/** It may be empty. */
static void
take_cell(struct taking *t, char *out, size_t cap, struct span s)
{
	if (s.len)
		take_text(t, out, cap, s);
}

static void
take(void *ctx, size_t column, struct span s)
{
	struct taking *t = ctx;

	t->columns = column + 1;
	if (column == INDEX)
		take_number(t, &t->out->index, s);
	else if (column == ROW)
		take_number(t, &t->out->row, s);
	else if (column == IMAGE_SIZE)
		take_number(t, &t->out->size, s);
	else if (column == SERIAL)
		take_cell(t, t->out->unit, sizeof(t->out->unit), s);
	else if (column == ENDPOINT)
		take_cell(t, t->out->endpoint, sizeof(t->out->endpoint), s);
	else if (column == FINGERPRINT)
		take_cell(
		    t, t->out->fingerprint, sizeof(t->out->fingerprint), s);
	else if (column == IMAGE_FILE)
		take_text(t, t->out->file, sizeof(t->out->file), s);
	else if (column == IMAGE_SHA256)
		take_text(t, t->out->sha256, sizeof(t->out->sha256), s);
}

/** The line of names is the one that stands in front. */
static enum rc
take_names(struct batch_reader *r)
{
	const size_t len = sizeof(names) - 1;

	if (r->to - r->from < len ||
	    memcmp(r->window + r->from, names, len) != 0)
		return r->to == r->from ? RC_NOT_FOUND : RC_MALFORMED;
	r->from += len;
	r->taken += len;
	r->begun = true;
	return RC_OK;
}

enum rc
batch_reader_next(struct batch_reader *r, struct summary_line *out)
{
	struct taking t = {.out = out};
	const char *fault;
	struct writer room;
	size_t used;
	enum rc rc = RC_OK;

	*out = (struct summary_line){0};
	if (!r->ended && r->to - r->from < LINE_MAX_LEN)
		rc = fill(r);
	if (rc == RC_OK && !r->begun)
		rc = take_names(r);
	if (rc != RC_OK)
		return rc;
	if (r->from == r->to)
		return RC_NOT_FOUND;
	/* a line that broke off has no line break, so it is not whole */
	writer_init(&room, r->room, sizeof(r->room));
	rc = csv_record_take(span_of(r->window + r->from, r->to - r->from),
	    false, ',', &room, take, &t, &used, &fault);
	if (rc != RC_OK || t.bad || t.columns != COLUMNS)
		return RC_MALFORMED;
	r->from += used;
	r->taken += used;
	out->end = r->taken;
	return RC_OK;
}
