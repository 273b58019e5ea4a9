#include "issue/revoked.h"

#include "base/text.h"

enum { HEX_MAX = 2 * DIGEST_LEN };

static const struct span kind = {
    (const uint8_t *)"credential_revoked", sizeof("credential_revoked") - 1};

static enum rc
found(void *ctx, const struct ledger_row *row)
{
	(void)row;
	*(bool *)ctx = true;
	return RC_OK;
}

enum rc
revoked_fingerprint(struct ledger *store, struct span fingerprint, bool *out)
{
	char hex[HEX_MAX];
	struct ledger_query q = {.kind = kind, .limit = 1};
	struct writer w;

	*out = false;
	if (!store)
		return RC_OK;
	writer_init(&w, hex, sizeof(hex));
	text_hex(&w, fingerprint);
	q.fingerprint = writer_span(&w);
	return ledger_read(store, &q, found, out);
}

enum rc
revoked_key(struct ledger *store, const struct secret *key, bool *out)
{
	uint8_t fingerprint[HSM_FINGERPRINT_LEN];
	enum rc rc;

	*out = false;
	if (!store)
		return RC_OK;
	rc = hsm_fingerprint(key, fingerprint);
	if (rc)
		return rc == RC_MALFORMED ? RC_OK : rc;
	return revoked_fingerprint(
	    store, span_of(fingerprint, sizeof(fingerprint)), out);
}

enum rc
revoked_any(struct ledger *store, struct span endpoint, bool *out)
{
	const struct ledger_query q = {
	    .kind = kind,
	    .endpoint = endpoint,
	    .limit = 1,
	};

	*out = false;
	return store ? ledger_read(store, &q, found, out) : RC_OK;
}

struct serial_search {
	struct span issuer_key;
	bool found;
};

static enum rc
of_issuer(void *ctx, const struct ledger_row *row)
{
	struct serial_search *s = ctx;
	char text[HEX_MAX], hex[HEX_MAX];
	struct writer w, mine;

	writer_init(&w, text, sizeof(text));
	if (!ledger_field(row, "issuer_key", &w)) {
		s->found = true;
		return RC_OK;
	}
	writer_init(&mine, hex, sizeof(hex));
	text_hex(&mine, s->issuer_key);
	s->found |= span_equal(writer_span(&mine), writer_span(&w));
	return RC_OK;
}

enum rc
revoked_serial(struct ledger *store, struct span serial,
    const uint8_t issuer_key[static DIGEST_LEN], bool *out)
{
	struct serial_search s = {span_of(issuer_key, DIGEST_LEN), false};
	char hex[2 * CERT_SERIAL_MAX];
	struct ledger_query q = {.kind = kind};
	struct writer w;
	enum rc rc = RC_OK;

	writer_init(&w, hex, sizeof(hex));
	text_hex(&w, serial);
	q.serial = writer_span(&w);
	if (store && q.serial.len)
		rc = ledger_read(store, &q, of_issuer, &s);
	*out = s.found;
	return rc;
}
