#include "issue/renewal.h"

#include "base/text.h"
#include "issue/claim.h"
#include "issue/revoked.h"

static void
set_hex(char *out, size_t cap, struct span bytes)
{
	struct writer w;

	writer_init(&w, out, cap - 1);
	text_hex(&w, bytes);
	out[w.len] = '\0';
}

/* --- what a new account takes the place of -------------------------------- */

/** The key that the device came by. */
static enum rc
name_psk(const struct issuer *i, const struct issue_request *rq,
    struct issue_replaced *out)
{
	uint8_t fingerprint[HSM_FINGERPRINT_LEN];
	struct secret key = {0};
	struct claim c;
	size_t n = 0;
	bool revoked;
	enum rc rc = claim_find(i, rq->credential, rq->epoch, &c);

	if (rc)
		return rc;
	while (c.identity && n < c.count && c.keys[n].epoch != rq->epoch)
		n++;
	if (!c.identity || n == c.count)
		return RC_OK;
	rc = claim_open(i, &c, n, &key, &revoked);
	if (rc == RC_OK && !revoked)
		rc = hsm_fingerprint(&key, fingerprint);
	secret_fini(&key);
	/* one too short to have a fingerprint cannot be taken back by it */
	if (rc == RC_MALFORMED || revoked)
		return RC_OK;
	if (rc == RC_OK)
		set_hex(out->fingerprint, sizeof(out->fingerprint),
		    span_of(fingerprint, sizeof(fingerprint)));
	return rc;
}

static enum rc
name_old(const struct issuer *i, const struct issue_request *rq,
    const struct issue_peer *peer, struct issue_replaced *out)
{
	switch (rq->proof) {
	case PROOF_NONE:
		break; /* nothing that could be taken back */
	case PROOF_PSK:
		return name_psk(i, rq, out);
	case PROOF_CERTIFICATE:
		if (peer->has_issuer_key && peer->serial.len) {
			set_hex(out->serial, sizeof(out->serial), peer->serial);
			set_hex(out->issuer_key, sizeof(out->issuer_key),
			    span_of(peer->issuer_key, DIGEST_LEN));
		}
		/* fallthrough */
	case PROOF_RAW_KEY:
		set_hex(out->fingerprint, sizeof(out->fingerprint),
		    span_of(peer->sha256, DIGEST_LEN));
		break;
	}
	return RC_OK;
}

static enum rc
note_replaced(const struct issuer *i, const struct issue_request *rq,
    struct issue_decision *d)
{
	if (d->policy->account.change != ACCOUNT_ROTATE)
		return RC_OK;
	for (size_t n = 0; n < d->credential_count; n++)
		if (d->credentials[n].short_server_id == 0)
			return name_old(i, rq, &d->peer, &d->replaces);
	return RC_OK;
}

/* --- the new one was used ------------------------------------------------- */

enum { ROWS_MAX = 4 * ISSUE_CREDENTIALS_MAX };

struct search {
	const struct issue_request *rq;
	const struct issue_peer *peer;
	bool done;
	struct issue_replaced found;
	/** What it was given since: fingerprints, in hex. */
	char since[ROWS_MAX][2 * DIGEST_LEN + 1];
	size_t since_count;
};

static bool
field(const struct ledger_row *row, const char *name, char *out, size_t cap)
{
	struct writer w;

	writer_init(&w, out, cap - 1);
	out[0] = '\0';
	if (!ledger_field(row, name, &w) || w.full)
		return false;
	out[w.len] = '\0';
	return true;
}

/** Is what the row tells of what the device has come by? */
static bool
came_by(const struct search *s, const struct ledger_row *row)
{
	char text[2 * DIGEST_LEN + 1], mine[2 * DIGEST_LEN + 1];
	int64_t epoch;

	if (s->rq->proof == PROOF_PSK)
		return field(row, "master", text, sizeof(text)) &&
		    s->peer->identity->kind == IDENTITY_PSK &&
		    strcmp(text, s->peer->identity->master) == 0 &&
		    ledger_field_int(row, "epoch", &epoch) &&
		    epoch == s->rq->epoch;
	set_hex(mine, sizeof(mine), span_of(s->peer->sha256, DIGEST_LEN));
	return field(row, "fingerprint", text, sizeof(text)) &&
	    strcmp(text, mine) == 0;
}

/** Newest first. It may have been given others since, which it did not take: of
 *  an attempt that failed, or of a question that was asked twice. */
static enum rc
take(void *ctx, const struct ledger_row *row)
{
	struct search *s = ctx;
	struct issue_replaced *out = &s->found;
	char purpose[16];

	if (s->done || !field(row, "purpose", purpose, sizeof(purpose)) ||
	    strcmp(purpose, "bootstrap") != 0)
		return RC_OK;
	if (!came_by(s, row)) {
		if (s->since_count < ROWS_MAX)
			(void)field(row, "fingerprint",
			    s->since[s->since_count++], sizeof(s->since[0]));
		return RC_OK;
	}
	s->done = true;
	(void)field(
	    row, "replaces", out->fingerprint, sizeof(out->fingerprint));
	(void)field(row, "replaces_serial", out->serial, sizeof(out->serial));
	(void)field(row, "replaces_issuer_key", out->issuer_key,
	    sizeof(out->issuer_key));
	return RC_OK;
}

/** A policy that goes back to an older epoch: the key before is the one that
 *  the device comes by next, or may have by now. */
static bool
is_given_again(const struct search *s, const struct issue_decision *d)
{
	const char *old = s->found.fingerprint;
	char given[2 * HSM_FINGERPRINT_LEN + 1];

	for (size_t i = 0; i < s->since_count; i++)
		if (strcmp(s->since[i], old) == 0)
			return true;
	for (size_t i = 0; i < d->credential_count; i++) {
		const struct issue_credential *c = &d->credentials[i];

		if (c->short_server_id != 0 || c->kind != CREDENTIAL_PSK)
			continue;
		set_hex(given, sizeof(given),
		    span_of(c->fingerprint, sizeof(c->fingerprint)));
		if (strcmp(given, old) == 0)
			return true;
	}
	return false;
}

/** Where nothing was ever renewed there is no need to look. */
static bool
may_be_renewed(const struct issue_request *rq, const struct issue_decision *d)
{
	const struct identity *id = d->peer.identity;

	return rq->proof != PROOF_NONE &&
	    (d->policy->account.change == ACCOUNT_ROTATE ||
		id->kind == IDENTITY_CERTIFICATE || id->epoch_count > 1);
}

static enum rc
note_used(const struct issuer *i, const struct issue_request *rq,
    struct issue_decision *d)
{
	const struct ledger_query q = {
	    .kind = SPAN_LIT("credential_issued"),
	    .endpoint = d->peer.endpoint,
	    .limit = ROWS_MAX,
	    .newest_first = true,
	};
	struct search s = {.rq = rq, .peer = &d->peer};
	uint8_t bytes[DIGEST_LEN];
	struct writer w;
	bool revoked;
	enum rc rc;

	if (!i->store || !may_be_renewed(rq, d))
		return RC_OK;
	rc = ledger_read(i->store, &q, take, &s);
	if (rc || !s.found.fingerprint[0] || is_given_again(&s, d))
		return rc;
	writer_init(&w, bytes, sizeof(bytes));
	if (text_unhex(&w, span_str(s.found.fingerprint)) != RC_OK)
		return RC_OK;
	rc = revoked_fingerprint(i->store, writer_span(&w), &revoked);
	if (rc == RC_OK && !revoked)
		d->takes_back = s.found;
	return rc;
}

enum rc
renewal_note(const struct issuer *i, const struct issue_request *rq,
    struct issue_decision *d)
{
	enum rc rc;

	/* nothing is handed out, so nothing takes the place of anything */
	if (!i->hsm)
		return RC_OK;
	rc = note_replaced(i, rq, d);
	return rc == RC_OK ? note_used(i, rq, d) : rc;
}
