#include "buffer_row.h"

#include "base/text.h"
#include "image_credential.h"
#include "record.h"
#include "tool.h"

#include <stdio.h>

void
buffer_id_text(
    const uint8_t id[static BUFFER_ID_LEN], char out[static BUFFER_ID_TEXT])
{
	struct writer w;

	writer_init(&w, out, BUFFER_ID_TEXT - 1);
	text_hex(&w, span_of(id, BUFFER_ID_LEN));
	out[w.len] = '\0';
}

static void
take(const struct ledger_row *row, const char *name, char *out, size_t cap)
{
	struct writer w;

	writer_init(&w, out, cap - 1);
	if (!ledger_field(row, name, &w) || w.full)
		w.len = 0;
	out[w.len] = '\0';
}

struct named {
	const char *buffer;
	bool found;
};

static enum rc
is_named(void *ctx, const struct ledger_row *row)
{
	char buffer[BUFFER_ID_TEXT];
	struct named *n = ctx;

	take(row, "buffer", buffer, sizeof(buffer));
	if (strcmp(buffer, n->buffer) != 0)
		return RC_OK;
	n->found = true;
	return RC_AGAIN;
}

enum rc
buffer_row_find(struct ledger *l, const char *kind, const char *buffer)
{
	const struct ledger_query q = {.kind = span_str(kind)};
	struct named n = {.buffer = buffer};
	enum rc rc = ledger_read(l, &q, is_named, &n);

	if (rc != RC_OK && rc != RC_AGAIN)
		return rc;
	return n.found ? RC_OK : RC_NOT_FOUND;
}

/** A reservation that holds, and is not of the buffer that is minted from. */
struct search {
	struct ledger *l;
	const char *buffer; /* NULL: none */
	bool found;
	uint64_t seq;
	char id[BUFFER_ID_TEXT];
	char station[LEDGER_STATION_MAX + 1];
};

static enum rc
look(void *ctx, const struct ledger_row *row)
{
	char fingerprint[2 * DIGEST_LEN + 1];
	struct ledger_query q = {
	    .kind = SPAN_LIT("credential_revoked"),
	    .limit = 1,
	};
	struct search *s = ctx;
	bool revoked = false;
	enum rc rc;

	take(row, "buffer", s->id, sizeof(s->id));
	if (s->buffer && strcmp(s->buffer, s->id) == 0)
		return RC_OK;
	rc = buffer_row_find(s->l, "buffer_released", s->id);
	if (rc != RC_NOT_FOUND)
		return rc;
	take(row, "fingerprint", fingerprint, sizeof(fingerprint));
	q.fingerprint = span_str(fingerprint);
	rc = fingerprint[0] ? record_any(s->l, &q, &revoked) : RC_OK;
	if (rc != RC_OK || revoked)
		return rc;
	s->found = true;
	s->seq = row->seq;
	take(row, "station", s->station, sizeof(s->station));
	return RC_AGAIN; /* enough */
}

enum rc
buffer_row_admit(struct ledger *l, const char *buffer, struct span endpoint,
    struct image_fault *f)
{
	const struct ledger_query q = {
	    .kind = SPAN_LIT("image_reserved"),
	    .endpoint = endpoint,
	    .newest_first = true,
	};
	struct search s = {.l = l, .buffer = buffer};
	struct quoted ep;
	enum rc rc = ledger_read(l, &q, look, &s);

	if (rc != RC_OK && rc != RC_AGAIN)
		return rc;
	if (!s.found)
		return RC_OK;
	f->code = EX_DATAERR;
	f->stops = false;
	snprintf(f->text, sizeof(f->text),
	    "%s is reserved for station %s, in row %llu of buffer %s",
	    quote(&ep, endpoint), s.station, (unsigned long long)s.seq, s.id);
	snprintf(f->remedy, sizeof(f->remedy),
	    "it may have made the image already: merge its ledger, then image "
	    "buffer free gives free what was not used");
	return RC_DENIED;
}

enum rc
buffer_row_reserve(struct ledger *l, const struct identity *id,
    const struct buffer_head *head, const struct buffer_entry *e)
{
	struct field f[IMAGE_CREDENTIAL_FIELDS + 4];
	char buffer[BUFFER_ID_TEXT], text[32];
	struct writer until;
	size_t n = 0;

	writer_init(&until, text, sizeof(text));
	buffer_id_text(head->id, buffer);
	f[n++] = F_TEXT("identity", id->name);
	n += image_credential_fields(id, &e->credential, f + n, &until);
	f[n++] = F_TEXT("buffer", (const char *)buffer);
	f[n++] = F_INT("entry", e->number);
	f[n++] = F_TEXT("station", head->station);
	return ledger_append(l,
	    &(struct ledger_event){
		.kind = "image_reserved",
		.endpoint = e->endpoint,
		.fields = f,
		.field_count = n,
	    },
	    NULL);
}

enum rc
buffer_row_filled(struct ledger *l, const struct buffer_head *head,
    const uint8_t sha256[static DIGEST_LEN], uint64_t *seq)
{
	char buffer[BUFFER_ID_TEXT], expires[25];
	struct field f[9];
	size_t n = 0;

	buffer_id_text(head->id, buffer);
	ledger_time(head->expires_s * 1000, expires);
	f[n++] = F_TEXT("buffer", (const char *)buffer);
	f[n++] = F_TEXT("station", head->station);
	f[n++] = F_TEXT("identity", head->identity);
	if (head->image[0])
		f[n++] = F_TEXT("image", head->image);
	f[n++] = F_INT("count", head->count);
	f[n++] = F_TEXT("expires", (const char *)expires);
	f[n++] = F_BYTES("sha256", span_of(sha256, DIGEST_LEN));
	f[n++] = F_BYTES("policy_set", span_of(head->policy_set, DIGEST_LEN));
	return ledger_append(l,
	    &(struct ledger_event){
		.kind = "buffer_filled",
		.fields = f,
		.field_count = n,
	    },
	    seq);
}
