/* The key of a PSK handshake. */
#include "issue/issue.h"

#include "hsm/psk_test.h"
#include "issue/claim.h"

static void
of_claim(struct issue_psk_answer *out, const struct claim *c, size_t n)
{
	struct span endpoint = c->keys[n].endpoint;

	out->peer.identity = c->identity;
	out->epoch = c->keys[n].epoch;
	out->peer.endpoint = endpoint;
	if (c->identity->kind != IDENTITY_IMPORTED)
		return;
	memcpy(out->peer.room, endpoint.p, endpoint.len);
	out->peer.endpoint = span_of(out->peer.room, endpoint.len);
}

static enum rc
nobody(const struct issuer *i, struct span psk_identity,
    struct issue_psk_answer *out)
{
	out->peer.why = REASON_NO_IDENTITY;
	claim_open_in_vain(i, psk_identity);
	return RC_NOT_FOUND;
}

/** A key that was taken back is as if it were not there: the next one in turn
 *  is tried, once round. */
static enum rc
open_in_turn(const struct issuer *i, const struct claim *c, unsigned attempt,
    struct issue_psk_answer *out)
{
	for (size_t k = 0; k < c->count; k++) {
		size_t n = (attempt + k) % c->count;
		bool revoked;
		enum rc rc = claim_open(i, c, n, &out->key, &revoked);

		of_claim(out, c, n);
		if (rc == RC_NOT_FOUND &&
		    c->identity->kind == IDENTITY_IMPORTED)
			out->peer.why = REASON_KEY_MISSING;
		if (rc || !revoked)
			return rc;
	}
	out->peer.why = REASON_REVOKED;
	return RC_NOT_FOUND;
}

enum rc
issue_psk(const struct issuer *i, struct span psk_identity, uint32_t first,
    unsigned attempt, struct issue_psk_answer *out)
{
	struct claim c;
	enum rc rc;

	*out = (struct issue_psk_answer){0};
	rc = claim_find(i, psk_identity, first, &c);
	if (rc)
		return rc;
	if (!c.identity)
		return nobody(i, psk_identity, out);
	return open_in_turn(i, &c, attempt, out);
}

static enum rc
find_opening(const struct issuer *i, const struct claim *c,
    struct psk_test *test, struct issue_psk_answer *out)
{
	for (size_t n = 0; n < c->count; n++) {
		bool revoked;
		enum rc rc = claim_open(i, c, n, &out->key, &revoked);

		if (rc)
			return rc;
		if (!revoked && psk_test_key(test, &out->key)) {
			of_claim(out, c, n);
			return RC_OK;
		}
		secret_fini(&out->key);
	}
	return RC_DENIED;
}

enum rc
issue_psk_by_evidence(const struct issuer *i, struct span psk_identity,
    uint32_t first, struct span evidence, struct issue_psk_answer *out)
{
	struct psk_evidence facts;
	struct psk_test *test;
	struct claim c;
	enum rc rc;

	*out = (struct issue_psk_answer){0};
	rc = claim_find(i, psk_identity, first, &c);
	if (rc)
		return rc;
	if (!c.identity)
		return nobody(i, psk_identity, out);
	/* nothing to choose from */
	if ((c.count < 2 && !i->one_of_several) ||
	    evidence_get(evidence, &facts) || psk_test_new(&facts, &test))
		return RC_DENIED;
	rc = find_opening(i, &c, test, out);
	psk_test_free(test);
	return rc;
}
