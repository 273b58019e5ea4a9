#include "issue/issue.h"

#include "hsm/psk_test.h"

/** `first` in front where the document accepts it, then the newest first: that
 *  is what images are minted with. */
static size_t
order_epochs(const struct identity *id, uint32_t first, uint32_t *order)
{
	size_t n = 0;

	for (size_t i = 0; i < id->epoch_count; i++) {
		uint32_t e = id->epochs[i];
		size_t at = n++;

		while (at > 0 && order[at - 1] != first &&
		    (e == first || order[at - 1] < e)) {
			order[at] = order[at - 1];
			at--;
		}
		order[at] = e;
	}
	return n;
}

/**
 * An unknown identity costs the token what a known one does, so that the time
 * of the answer does not tell them apart. The key goes nowhere.
 */
static void
derive_in_vain(struct hsm_session *hsm, const struct policy_set *set,
    struct span psk_identity)
{
	struct hsm_derivation d = {
	    .purpose = HSM_PURPOSE_BOOTSTRAP, .epoch = 1};
	struct secret key = {0};

	for (size_t i = 0; i < set->identity_count && !d.master; i++)
		if (set->identities[i].kind == IDENTITY_PSK)
			d.master = set->identities[i].master;
	d.endpoint = psk_identity;
	if (d.endpoint.len == 0)
		d.endpoint = SPAN_LIT("-");
	else if (d.endpoint.len > HSM_ENDPOINT_MAX)
		d.endpoint.len = HSM_ENDPOINT_MAX;
	if (d.master)
		(void)!hsm_derive(hsm, &d, &key);
	secret_fini(&key);
}

enum rc
issue_psk(const struct issuer *i, struct span psk_identity, uint32_t first,
    unsigned attempt, struct issue_psk_answer *out)
{
	const struct policy_set *set = issue_rules_set(i->rules);
	struct hsm_derivation d = {.purpose = HSM_PURPOSE_BOOTSTRAP};
	const struct identity *id;
	uint32_t order[POLICY_EPOCHS_MAX];
	size_t n;

	*out = (struct issue_psk_answer){0};
	id = identity_for_psk(set, psk_identity, &d.endpoint);
	if (!id) {
		out->peer.why = REASON_NO_IDENTITY;
		derive_in_vain(i->hsm, set, psk_identity);
		return RC_NOT_FOUND;
	}
	n = order_epochs(id, first, order);
	if (n == 0)
		return RC_BUG;
	out->peer.identity = id;
	out->peer.endpoint = d.endpoint;
	d.master = id->master;
	d.epoch = out->epoch = order[attempt % n];
	return hsm_derive(i->hsm, &d, &out->key);
}

static enum rc
find_opening(struct hsm_session *hsm, struct psk_test *test,
    struct hsm_derivation d, const uint32_t *order, size_t count,
    struct issue_psk_answer *out)
{
	for (size_t i = 0; i < count; i++) {
		enum rc rc;

		d.epoch = order[i];
		rc = hsm_derive(hsm, &d, &out->key);
		if (rc)
			return rc;
		if (psk_test_key(test, &out->key)) {
			out->epoch = order[i];
			return RC_OK;
		}
	}
	secret_fini(&out->key);
	return RC_DENIED;
}

enum rc
issue_psk_by_evidence(const struct issuer *i, struct span psk_identity,
    uint32_t first, struct span evidence, struct issue_psk_answer *out)
{
	struct hsm_derivation d = {.purpose = HSM_PURPOSE_BOOTSTRAP};
	uint32_t order[POLICY_EPOCHS_MAX];
	const struct identity *id;
	struct psk_evidence facts;
	struct psk_test *test;
	enum rc rc;

	*out = (struct issue_psk_answer){0};
	id = identity_for_psk(
	    issue_rules_set(i->rules), psk_identity, &d.endpoint);
	if (!id)
		return RC_NOT_FOUND;
	/* nothing to choose from */
	if (id->epoch_count < 2 || evidence_get(evidence, &facts) ||
	    psk_test_new(&facts, &test))
		return RC_DENIED;
	out->peer.identity = id;
	out->peer.endpoint = d.endpoint;
	d.master = id->master;
	rc = find_opening(
	    i->hsm, test, d, order, order_epochs(id, first, order), out);
	psk_test_free(test);
	return rc;
}
