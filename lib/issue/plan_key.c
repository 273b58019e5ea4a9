/* Pre-shared keys of server accounts: derived, made at random once and kept
 * sealed, or imported. */
#include "issue/making.h"

#include "issue/revoked.h"
#include "issue/vault.h"

#include <stdio.h>

enum {
	PSK_MAX = 64, /**< bytes of the longest (objects.md, mode 0) */
};

/** What the store has, copied while it is borrowed. */
struct stored {
	bool found;
	uint32_t epoch;
	char collection[LEDGER_COLLECTION_MAX + 1];
	char master[HSM_LABEL_MAX + 1];
	uint8_t name[LEDGER_NAME_MAX], endpoint[LEDGER_NAME_MAX];
	uint8_t sealed[SEAL_OVERHEAD + PSK_MAX];
	struct ledger_secret row; /* points into the above */
};

static bool
keep(uint8_t *room, size_t cap, struct span s, struct span *out)
{
	if (s.len > cap)
		return false;
	if (s.len)
		memcpy(room, s.p, s.len);
	*out = span_of(room, s.len);
	return true;
}

/** The newest; of two names of one device that are as new, the first. */
static enum rc
take(void *ctx, const struct ledger_secret *s)
{
	struct stored *k = ctx;
	struct ledger_secret *r = &k->row;

	if (k->found &&
	    (s->epoch < k->epoch ||
		(s->epoch == k->epoch && span_compare(s->name, r->name) >= 0)))
		return RC_OK;
	k->found = keep((uint8_t *)k->collection, LEDGER_COLLECTION_MAX,
		       s->collection, &r->collection) &&
	    keep((uint8_t *)k->master, HSM_LABEL_MAX, s->master, &r->master) &&
	    keep(k->name, sizeof(k->name), s->name, &r->name) &&
	    keep(k->endpoint, sizeof(k->endpoint), s->endpoint, &r->endpoint) &&
	    keep(k->sealed, sizeof(k->sealed), s->sealed, &r->sealed);
	k->epoch = r->epoch = s->epoch;
	return RC_OK;
}

static enum rc
missing(struct making *m)
{
	m->out->reason = REASON_KEY_MISSING;
	return RC_NOT_FOUND;
}

/** A row that does not open is as good as none. */
static enum rc
open_stored(struct making *m, const struct stored *k, struct secret *key)
{
	enum rc rc = issue_vault_open(m->issuer->hsm, &k->row, key);

	if (rc == RC_OK || rc == RC_TOKEN || rc == RC_MEMORY)
		return rc;
	return missing(m);
}

static enum rc
look_up(struct making *m, const struct ledger_secret_query *q, struct stored *k)
{
	k->found = false;
	if (!m->issuer->store)
		return RC_OK;
	return ledger_secret_read(m->issuer->store, q, take, k);
}

/** Made and sealed now; the store gets it with the rows of the decision. */
static enum rc
make_random(struct making *m, const struct policy_key *k, struct span endpoint,
    const char *collection, struct secret *key)
{
	struct issue_decision *out = m->out;
	struct issue_sealed *sealed = &out->sealed[out->sealed_count];
	const struct issue_vault_item item = {
	    .collection = span_str(collection),
	    .name = endpoint,
	    .endpoint = endpoint,
	    .epoch = k->epoch,
	    .master = k->master,
	};
	struct writer w;
	enum rc rc;

	if (k->length == 0 || k->length > PSK_MAX ||
	    out->sealed_count == ISSUE_CREDENTIALS_MAX)
		return RC_TOO_LARGE;
	rc = secret_reserve(key, k->length);
	if (rc)
		return rc;
	key->len = k->length;
	rc = hsm_random(m->issuer->hsm, key->bytes, key->len);
	*sealed =
	    (struct issue_sealed){.epoch = item.epoch, .master = item.master};
	(void)snprintf(
	    sealed->collection, sizeof(sealed->collection), "%s", collection);
	writer_init(&w, sealed->sealed, sizeof(sealed->sealed));
	if (rc == RC_OK)
		rc = issue_vault_seal(m->issuer->hsm, &item, key, &w);
	sealed->sealed_len = w.len;
	out->sealed_count += rc == RC_OK;
	return rc;
}

static enum rc
random_key(struct making *m, const struct policy_key *k, struct span endpoint,
    const struct issue_credential *c, struct secret *key)
{
	char collection[LEDGER_COLLECTION_MAX + 1];
	struct stored stored;
	struct ledger_secret_query q = {
	    .name = endpoint,
	    .endpoint = endpoint,
	    .epoch = k->epoch,
	};
	enum rc rc;

	issue_vault_random(c->short_server_id, c->oscore, collection);
	q.collection = span_str(collection);
	rc = look_up(m, &q, &stored);
	if (rc)
		return rc;
	if (stored.found)
		return open_stored(m, &stored, key);
	return make_random(m, k, endpoint, collection, key);
}

static enum rc
imported_key(struct making *m, const struct policy_key *k, struct span endpoint,
    struct secret *key, uint32_t *epoch)
{
	const struct ledger_secret_query q = {
	    .collection = span_str(k->collection),
	    .endpoint = endpoint,
	};
	struct stored stored;
	enum rc rc = look_up(m, &q, &stored);

	if (rc)
		return rc;
	if (!stored.found)
		return missing(m);
	*epoch = stored.epoch;
	return open_stored(m, &stored, key);
}

/** How long it is, as the sealed one tells. */
static enum rc
imported_length(struct making *m, const struct policy_key *k,
    struct span endpoint, size_t *len, uint32_t *epoch)
{
	const struct ledger_secret_query q = {
	    .collection = span_str(k->collection),
	    .endpoint = endpoint,
	};
	struct stored stored;
	enum rc rc = look_up(m, &q, &stored);

	if (rc)
		return rc;
	if (!stored.found || stored.row.sealed.len <= SEAL_OVERHEAD)
		return missing(m);
	*epoch = stored.epoch;
	*len = stored.row.sealed.len - SEAL_OVERHEAD;
	return RC_OK;
}

/** What was taken back is not handed out once more: whoever has a copy of it
 *  would have the new account too. A key without a fingerprint cannot have been
 *  (hsm_fingerprint). */
static enum rc
not_revoked(struct making *m, const struct secret *key,
    const struct issue_credential *c)
{
	struct issue_decision *out = m->out;
	bool revoked;
	enum rc rc = revoked_key(m->issuer->store, key, &revoked);

	if (rc || !revoked)
		return rc;
	out->reason = REASON_KEY_REVOKED;
	if (c->short_server_id != 0)
		(void)snprintf(out->detail, sizeof(out->detail),
		    "the key for server %u, of epoch %u, was revoked",
		    c->short_server_id, (unsigned)c->epoch);
	else
		(void)snprintf(out->detail, sizeof(out->detail),
		    "the key of epoch %u was revoked", (unsigned)c->epoch);
	return RC_DENIED;
}

/** "psk" or "oscore": how its label begins, which the digest of the plan has. */
static const char *
kind_of(const struct issue_credential *c)
{
	return c->oscore ? "oscore" : "psk";
}

enum rc
making_derived(struct making *m, struct lwm2m_path at, uint16_t resource,
    const struct hsm_derivation *d, struct issue_credential *c)
{
	char label[PLAN_LABEL_MAX + 1];
	struct secret key = {0};
	enum rc rc = RC_OK;

	c->kind = CREDENTIAL_PSK;
	c->source = KEY_DERIVED;
	c->master = d->master;
	c->epoch = d->epoch;
	if (m->fill == FILL_REAL) {
		rc = hsm_derive(m->issuer->hsm, d, &key);
		if (rc == RC_OK)
			rc = hsm_fingerprint(&key, c->fingerprint);
		if (rc == RC_OK)
			rc = not_revoked(m, &key, c);
	}
	(void)snprintf(label, sizeof(label),
	    "%s %s purpose %d ssid %u epoch %u", kind_of(c), d->master,
	    (int)d->purpose, d->short_server_id, (unsigned)d->epoch);
	if (rc == RC_OK)
		rc = making_put_secret(
		    m, at, resource, &key, HSM_PSK_LEN, label);
	secret_fini(&key);
	return rc;
}

/** From the store, or into it. */
static enum rc
stored_key(struct making *m, struct lwm2m_path at, uint16_t resource,
    const struct policy_key *k, struct span endpoint,
    struct issue_credential *c)
{
	bool random = k->source == KEY_RANDOM;
	size_t sample_len = random ? k->length : PSK_MAX;
	char label[PLAN_LABEL_MAX + 1];
	struct secret key = {0};
	enum rc rc = RC_OK;

	c->kind = CREDENTIAL_PSK;
	c->source = k->source;
	c->master = k->master;
	c->collection = k->collection;
	c->epoch = random ? k->epoch : 0;
	if (m->fill == FILL_REAL && random)
		rc = random_key(m, k, endpoint, c, &key);
	else if (m->fill == FILL_REAL)
		rc = imported_key(m, k, endpoint, &key, &c->epoch);
	else if (m->fill == FILL_SAMPLE && !random && m->issuer->store)
		rc = imported_length(m, k, endpoint, &sample_len, &c->epoch);
	/* one of less than 16 bytes has none (hsm_fingerprint) */
	if (rc == RC_OK && key.len >= 16)
		rc = hsm_fingerprint(&key, c->fingerprint);
	if (rc == RC_OK && m->fill == FILL_REAL)
		rc = not_revoked(m, &key, c);
	if (random)
		(void)snprintf(label, sizeof(label),
		    "%s random %s ssid %u epoch %u", kind_of(c), k->master,
		    c->short_server_id, (unsigned)k->epoch);
	else
		(void)snprintf(label, sizeof(label), "%s imported %s ssid %u",
		    kind_of(c), k->collection, c->short_server_id);
	if (rc == RC_OK)
		rc =
		    making_put_secret(m, at, resource, &key, sample_len, label);
	secret_fini(&key);
	return rc;
}

/* Whoever gets the account of another bootstrap server derives its key as that
 * server does: for the purpose of a Bootstrap-Server Account. */
static enum hsm_purpose
purpose_of(const struct issue_credential *c)
{
	if (c->short_server_id == 0)
		return HSM_PURPOSE_BOOTSTRAP;
	return c->oscore ? HSM_PURPOSE_OSCORE : HSM_PURPOSE_SERVER;
}

enum rc
making_key(struct making *m, struct lwm2m_path at, uint16_t resource,
    const struct policy_key *key, struct span endpoint,
    struct issue_credential *c)
{
	const struct hsm_derivation d = {
	    .master = key->master,
	    .purpose = purpose_of(c),
	    .short_server_id = c->short_server_id,
	    .epoch = key->epoch,
	    .endpoint = endpoint,
	};

	if (key->source == KEY_DERIVED)
		return making_derived(m, at, resource, &d, c);
	return stored_key(m, at, resource, key, endpoint, c);
}
