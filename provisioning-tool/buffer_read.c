#include "buffer_file.h"

enum { KIND_PSK = 1, KIND_CERTIFICATE = 2 };

/* Never NULL; what is no text fails the reader. */
static const char *
take_text(struct reader *r, size_t max)
{
	size_t len = (size_t)reader_be(r, 2);
	struct span s;

	if (len > max)
		reader_fail(r);
	s = reader_take(r, len + 1);
	if (r->bad || s.p[len] != 0 || memchr(s.p, 0, len)) {
		reader_fail(r);
		return "";
	}
	return (const char *)s.p;
}

static void
take_bytes(struct reader *r, uint8_t *out, size_t len)
{
	struct span s = reader_take(r, len);

	if (!r->bad)
		memcpy(out, s.p, len);
}

/* Years that can be printed. */
static bool
is_time(int64_t time_s)
{
	return time_s >= 0 && time_s <= INT64_C(253402300799);
}

static bool
read_head(struct span bytes, struct buffer_head *h)
{
	struct reader r;

	reader_init(&r, bytes);
	h->station = take_text(&r, LEDGER_STATION_MAX);
	take_bytes(&r, h->id, BUFFER_ID_LEN);
	h->identity = take_text(&r, 256);
	h->image = take_text(&r, 256);
	h->uri = take_text(&r, 255);
	take_bytes(&r, h->policy_set, DIGEST_LEN);
	take_bytes(&r, h->ledger, DIGEST_LEN);
	h->instance = (uint16_t)reader_be(&r, 2);
	h->hold_off_s = (int64_t)reader_be(&r, 8);
	h->created_s = (int64_t)reader_be(&r, 8);
	h->expires_s = (int64_t)reader_be(&r, 8);
	h->count = (uint32_t)reader_be(&r, 4);
	h->master = take_text(&r, HSM_LABEL_MAX);
	return !r.bad && reader_left(&r) == 0 && is_time(h->created_s) &&
	    is_time(h->expires_s) &&
	    ledger_station_valid(span_str(h->station)) && h->count > 0 &&
	    h->count <= BUFFER_COUNT_MAX;
}

static bool
read_facts(struct span bytes, struct buffer_entry *e)
{
	struct issue_credential *c = &e->credential;
	struct reader r;

	*c = (struct issue_credential){0};
	reader_init(&r, bytes);
	e->endpoint = span_str(take_text(&r, LEDGER_NAME_MAX));
	switch (reader_be(&r, 1)) {
	case KIND_PSK:
		c->kind = CREDENTIAL_PSK;
		c->epoch = (uint32_t)reader_be(&r, 4);
		c->master = take_text(&r, HSM_LABEL_MAX);
		take_bytes(&r, c->fingerprint, HSM_FINGERPRINT_LEN);
		break;
	case KIND_CERTIFICATE:
		c->kind = CREDENTIAL_CERTIFICATE;
		take_bytes(&r, c->sha256, DIGEST_LEN);
		take_bytes(&r, c->serial, CERT_SERIAL_LEN);
		take_bytes(&r, c->issuer_key, DIGEST_LEN);
		c->not_after_s = (int64_t)reader_be(&r, 8);
		c->ca = take_text(&r, 256);
		c->profile = take_text(&r, 256);
		break;
	default:
		return false;
	}
	return !r.bad && reader_left(&r) == 0 && e->endpoint.len > 0;
}

static bool
read_entry(struct reader *r, struct buffer_entry *e)
{
	size_t len = (size_t)reader_be(r, 4);

	if (len > BUFFER_FACTS_MAX)
		return false;
	e->facts = reader_take(r, len);
	len = (size_t)reader_be(r, 4);
	if (len <= SEAL_DATA_OVERHEAD || len > SECRET_MAX)
		return false;
	e->sealed = reader_take(r, len);
	return !r->bad && read_facts(e->facts, e);
}

bool
buffer_next(struct span *rest, struct buffer_entry *e)
{
	struct reader r;

	reader_init(&r, *rest);
	if (rest->len == 0 || !read_entry(&r, e))
		return false;
	e->number++;
	*rest = reader_rest(&r);
	return true;
}

enum rc
buffer_read(struct span bytes, struct buffer_file *out)
{
	struct buffer_entry e = {0};
	struct span head, rest;
	struct reader r;

	*out = (struct buffer_file){.bytes = bytes};
	reader_init(&r, bytes);
	if (!span_is(reader_take(&r, 8), "bsbuffer") ||
	    bytes.len > BUFFER_FILE_MAX)
		return RC_MALFORMED;
	if (reader_be(&r, 2) != 1)
		return r.bad ? RC_MALFORMED : RC_UNSUPPORTED;
	head = reader_take(&r, (size_t)reader_be(&r, 4));
	if (r.bad || head.len > BUFFER_HEAD_MAX || !read_head(head, &out->head))
		return RC_MALFORMED;
	digest_of(span_of(bytes.p, (size_t)(head.p + head.len - bytes.p)),
	    out->head_digest);
	out->sealed_key = reader_take(&r, BUFFER_KEY_LEN);
	rest = reader_rest(&r);
	if (r.bad || rest.len < BUFFER_END_LEN)
		return RC_MALFORMED;
	out->entries = span_of(rest.p, rest.len - BUFFER_END_LEN);
	out->end = span_from(rest, out->entries.len);
	rest = out->entries;
	while (buffer_next(&rest, &e))
		;
	return rest.len == 0 && e.number == out->head.count ? RC_OK
							    : RC_MALFORMED;
}
