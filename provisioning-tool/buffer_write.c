#include "buffer_file.h"

enum { KIND_PSK = 1, KIND_CERTIFICATE = 2 };

static void
put_text(struct writer *w, struct span text)
{
	writer_be(w, text.len, 2);
	writer_put(w, text);
	writer_be(w, 0, 1);
}

static bool
texts_fit(const struct buffer_head *h)
{
	const struct {
		const char *text;
		size_t max;
	} texts[] = {
	    {h->station, LEDGER_STATION_MAX},
	    {h->identity, 256},
	    {h->image, 256},
	    {h->uri, 255},
	    {h->master, HSM_LABEL_MAX},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strlen(texts[i].text) > texts[i].max)
			return false;
	return true;
}

enum rc
buffer_put_head(struct writer *w, const struct buffer_head *h)
{
	uint8_t room[BUFFER_HEAD_MAX];
	struct writer head;

	if (!texts_fit(h))
		return RC_TOO_LARGE;
	if (!ledger_station_valid(span_str(h->station)) || h->count == 0 ||
	    h->count > BUFFER_COUNT_MAX)
		return RC_MALFORMED;
	writer_init(&head, room, sizeof(room));
	put_text(&head, span_str(h->station));
	writer_put(&head, span_of(h->id, BUFFER_ID_LEN));
	put_text(&head, span_str(h->identity));
	put_text(&head, span_str(h->image));
	put_text(&head, span_str(h->uri));
	writer_put(&head, span_of(h->policy_set, DIGEST_LEN));
	writer_put(&head, span_of(h->ledger, DIGEST_LEN));
	writer_be(&head, h->instance, 2);
	writer_be(&head, (uint64_t)h->hold_off_s, 8);
	writer_be(&head, (uint64_t)h->created_s, 8);
	writer_be(&head, (uint64_t)h->expires_s, 8);
	writer_be(&head, h->count, 4);
	put_text(&head, span_str(h->master));
	writer_put(w, SPAN_LIT("bsbuffer\0\1"));
	writer_be(w, head.len, 4);
	writer_put(w, writer_span(&head));
	return head.full || w->full ? RC_TOO_LARGE : RC_OK;
}

static enum rc
put_facts(struct writer *w, const struct buffer_entry *e)
{
	const struct issue_credential *c = &e->credential;

	put_text(w, e->endpoint);
	if (c->kind == CREDENTIAL_PSK && c->master) {
		writer_be(w, KIND_PSK, 1);
		writer_be(w, c->epoch, 4);
		put_text(w, span_str(c->master));
		writer_put(w, span_of(c->fingerprint, HSM_FINGERPRINT_LEN));
	} else if (c->kind == CREDENTIAL_CERTIFICATE && c->ca && c->profile) {
		writer_be(w, KIND_CERTIFICATE, 1);
		writer_put(w, span_of(c->sha256, DIGEST_LEN));
		writer_put(w, span_of(c->serial, CERT_SERIAL_LEN));
		writer_put(w, span_of(c->issuer_key, DIGEST_LEN));
		writer_be(w, (uint64_t)c->not_after_s, 8);
		put_text(w, span_str(c->ca));
		put_text(w, span_str(c->profile));
	} else {
		return RC_UNSUPPORTED;
	}
	return w->full ? RC_TOO_LARGE : RC_OK;
}

static void
put_entry_aad(
    struct writer *w, const uint8_t head[static DIGEST_LEN], struct span facts)
{
	writer_put(w, SPAN_LIT("bootstrapd-buffer-1\0"));
	writer_put(w, span_of(head, DIGEST_LEN));
	writer_put(w, facts);
}

enum { AAD_MAX = 20 + DIGEST_LEN + BUFFER_FACTS_MAX };

enum rc
buffer_put_entry(struct writer *w, const struct secret *key,
    const uint8_t head[static DIGEST_LEN], const struct buffer_entry *e,
    const struct secret *plan)
{
	uint8_t room[BUFFER_FACTS_MAX], aad_room[AAD_MAX];
	struct writer facts, aad;
	size_t before = w->len;
	enum rc rc;

	writer_init(&facts, room, sizeof(room));
	rc = put_facts(&facts, e);
	if (rc)
		return rc;
	if (plan->len > SECRET_MAX - SEAL_DATA_OVERHEAD)
		return RC_TOO_LARGE;
	writer_init(&aad, aad_room, sizeof(aad_room));
	put_entry_aad(&aad, head, writer_span(&facts));
	writer_be(w, facts.len, 4);
	writer_put(w, writer_span(&facts));
	writer_be(w, plan->len + SEAL_DATA_OVERHEAD, 4);
	rc = w->full ? RC_TOO_LARGE
		     : seal_data_close(key, e->number, writer_span(&aad),
			   secret_expose(plan), w);
	if (rc)
		w->len = before;
	return rc;
}

#define END_AAD SPAN_LIT("bootstrapd-buffer-1 end\0")

enum rc
buffer_put_end(struct writer *w, const struct secret *key,
    const uint8_t all[static DIGEST_LEN])
{
	return seal_data_close(key, 0, END_AAD, span_of(all, DIGEST_LEN), w);
}

struct seal_place
buffer_key_place(const char *master, const uint8_t head[static DIGEST_LEN])
{
	return (struct seal_place){
	    .master = master,
	    .version = 1,
	    .table = "buffer",
	    .column = "data key",
	    .record = span_of(head, DIGEST_LEN),
	};
}

enum rc
buffer_check(const struct buffer_file *f, const struct secret *key)
{
	struct secret all = {0};
	uint8_t digest[DIGEST_LEN];
	enum rc rc = seal_data_open(key, 0, END_AAD, f->end, &all);

	if (rc == RC_MALFORMED)
		rc = RC_DENIED;
	digest_of(span_of(f->bytes.p, f->bytes.len - f->end.len), digest);
	if (rc == RC_OK &&
	    (all.len != DIGEST_LEN ||
		memcmp(all.bytes, digest, DIGEST_LEN) != 0))
		rc = RC_DENIED;
	secret_fini(&all);
	return rc;
}

enum rc
buffer_open_entry(const struct buffer_file *f, const struct secret *key,
    const struct buffer_entry *e, struct secret *out)
{
	uint8_t room[AAD_MAX];
	struct writer aad;

	writer_init(&aad, room, sizeof(room));
	put_entry_aad(&aad, f->head_digest, e->facts);
	return seal_data_open(
	    key, e->number, writer_span(&aad), e->sealed, out);
}
