#include "issue/claim.h"

#include "issue/revoked.h"
#include "issue/vault.h"

#include <stdio.h>

/** `first` in front where it is there, then the newest first: that is what
 *  images are minted with. The place of one more; NULL: there is no room. */
static struct claim_key *
insert(struct claim *c, uint32_t epoch, uint32_t first)
{
	size_t at = 0;

	while (at < c->count &&
	    (c->keys[at].epoch == first ||
		(epoch != first && c->keys[at].epoch > epoch)))
		at++;
	if (at == POLICY_EPOCHS_MAX)
		return NULL;
	if (c->count < POLICY_EPOCHS_MAX)
		c->count++;
	for (size_t k = c->count - 1; k > at; k--)
		c->keys[k] = c->keys[k - 1];
	c->keys[at].epoch = epoch;
	return &c->keys[at];
}

/* --- keys of the store ---------------------------------------------------- */

struct search {
	struct claim *claim;
	const struct identity *id;
	uint32_t first;
};

static enum rc
take(void *ctx, const struct ledger_secret *s)
{
	struct search *search = ctx;
	struct claim_key *k;

	if (!identity_fits(search->id, s->endpoint) ||
	    s->endpoint.len > sizeof(k->room) ||
	    s->master.len > HSM_LABEL_MAX || s->sealed.len > sizeof(k->sealed))
		return RC_OK;
	k = insert(search->claim, s->epoch, search->first);
	if (!k)
		return RC_OK;
	memcpy(k->room, s->endpoint.p, s->endpoint.len);
	k->endpoint = span_of(NULL, s->endpoint.len); /* set when all stand */
	memcpy(k->master, s->master.p, s->master.len);
	k->master[s->master.len] = '\0';
	memcpy(k->sealed, s->sealed.p, s->sealed.len);
	k->sealed_len = s->sealed.len;
	return RC_OK;
}

static enum rc
find_imported(const struct issuer *i, const struct identity *id, uint32_t first,
    struct claim *out)
{
	struct search search = {out, id, first};
	const struct ledger_secret_query q = {
	    .collection = span_str(id->collection),
	    .name = out->psk_identity,
	};
	enum rc rc;

	/* no name of the store is empty: that would be any */
	if (!i->store || out->psk_identity.len == 0 ||
	    out->psk_identity.len > LEDGER_NAME_MAX)
		return RC_OK;
	rc = ledger_secret_read(i->store, &q, take, &search);
	if (rc)
		return rc;
	for (size_t k = 0; k < out->count; k++)
		out->keys[k].endpoint.p = out->keys[k].room;
	if (out->count > 0)
		out->identity = id;
	return RC_OK;
}

static enum rc
open_imported(
    const struct issuer *i, const struct claim *c, size_t n, struct secret *key)
{
	const struct claim_key *k = &c->keys[n];
	const struct ledger_secret row = {
	    .collection = span_str(c->identity->collection),
	    .name = c->psk_identity,
	    .epoch = k->epoch,
	    .endpoint = k->endpoint,
	    .master = span_str(k->master),
	    .sealed = span_of(k->sealed, k->sealed_len),
	};
	enum rc rc = issue_vault_open(i->hsm, &row, key);

	if (rc == RC_OK || rc == RC_TOKEN || rc == RC_MEMORY)
		return rc;
	return RC_NOT_FOUND;
}

/* --- keys of the token ---------------------------------------------------- */

static void
accept_epochs(const struct identity *id, int64_t now_s, uint32_t first,
    struct span endpoint, struct claim *out)
{
	for (size_t i = 0; i < id->epoch_count; i++) {
		struct claim_key *k;

		if (!identity_accepts(id, i, now_s))
			continue;
		k = insert(out, id->epochs[i], first);
		if (k)
			k->endpoint = endpoint;
	}
	/* one whose time is over for all of them is not there */
	if (out->count > 0)
		out->identity = id;
}

enum rc
claim_find(const struct issuer *i, struct span psk_identity, uint32_t first,
    struct claim *out)
{
	const struct policy_set *set = issue_rules_set(i->rules);
	struct span endpoint;
	const struct identity *derived =
	    identity_for_psk(set, psk_identity, &endpoint);

	out->psk_identity = psk_identity;
	out->identity = NULL;
	out->count = 0;
	for (size_t n = 0; n < set->identity_count && !out->identity; n++) {
		const struct identity *id = &set->identities[n];
		enum rc rc = RC_OK;

		if (id == derived)
			accept_epochs(id, i->now_s, first, endpoint, out);
		else if (id->kind == IDENTITY_IMPORTED)
			rc = find_imported(i, id, first, out);
		if (rc)
			return rc;
	}
	return RC_OK;
}

enum rc
claim_open(const struct issuer *i, const struct claim *c, size_t n,
    struct secret *key, bool *revoked)
{
	const struct hsm_derivation d = {
	    .master = c->identity->master,
	    .purpose = HSM_PURPOSE_BOOTSTRAP,
	    .epoch = c->keys[n].epoch,
	    .endpoint = c->keys[n].endpoint,
	};
	enum rc rc;

	*revoked = false;
	if (c->identity->kind == IDENTITY_IMPORTED)
		rc = open_imported(i, c, n, key);
	else
		rc = hsm_derive(i->hsm, &d, key);
	if (rc == RC_OK)
		rc = revoked_key(i->store, key, revoked);
	if (rc || *revoked)
		secret_fini(key);
	return rc;
}

/* --- nobody's ------------------------------------------------------------- */

struct any_master {
	char label[HSM_LABEL_MAX + 1];
};

static enum rc
take_master(void *ctx, const struct ledger_secret *s)
{
	struct any_master *any = ctx;

	if (s->master.len <= HSM_LABEL_MAX) {
		memcpy(any->label, s->master.p, s->master.len);
		any->label[s->master.len] = '\0';
	}
	return RC_OK;
}

/** A key that some document would have used. */
static void
find_master(const struct issuer *i, struct any_master *any)
{
	const struct policy_set *set = issue_rules_set(i->rules);

	any->label[0] = '\0';
	for (size_t n = 0; n < set->identity_count && !any->label[0]; n++) {
		const struct identity *id = &set->identities[n];
		struct ledger_secret_query q = {.limit = 1};

		if (id->kind == IDENTITY_PSK)
			(void)snprintf(
			    any->label, sizeof(any->label), "%s", id->master);
		if (id->kind != IDENTITY_IMPORTED || !i->store)
			continue;
		q.collection = span_str(id->collection);
		(void)!ledger_secret_read(i->store, &q, take_master, any);
	}
}

void
claim_open_in_vain(const struct issuer *i, struct span psk_identity)
{
	struct any_master any;
	struct hsm_derivation d = {
	    .master = any.label,
	    .purpose = HSM_PURPOSE_BOOTSTRAP,
	    .epoch = 1,
	    .endpoint = psk_identity,
	};
	struct secret key = {0};
	bool revoked;

	find_master(i, &any);
	if (!any.label[0])
		return;
	if (d.endpoint.len == 0)
		d.endpoint = SPAN_LIT("-");
	else if (d.endpoint.len > HSM_ENDPOINT_MAX)
		d.endpoint.len = HSM_ENDPOINT_MAX;
	if (hsm_derive(i->hsm, &d, &key) == RC_OK)
		(void)!revoked_key(i->store, &key, &revoked);
	secret_fini(&key);
}
