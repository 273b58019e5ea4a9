/*
 * Signatures of a CA, as certificates and lists have them: of the raw layer,
 * in DER, and only with the key that belongs to the CA's certificate.
 *
 * Not by libp11: until 0.4.14 it waits for ever where a session does not open,
 * and 0.4.13 opens one whenever the module does not answer for the one that it
 * has. A token that goes away while it signs would take us along.
 */
#include "base/digest.h"
#include "hsm/der.h"
#include "hsm/ec_internal.h"

#include <stdio.h>

enum { TRIES = 4 };

static struct ca_key *
cached(struct hsm *h, const struct hsm_ec_ref *ref)
{
	for (unsigned i = 0; i < h->ca_key_count; i++) {
		struct ca_key *k = &h->ca_keys[i];

		if (strcmp(k->label, ref->label) == 0 &&
		    k->id_len == ref->id_len &&
		    memcmp(k->id, ref->id, ref->id_len) == 0)
			return k;
	}
	return NULL;
}

/* Is it known what key that is, by the handles of today? */
static bool
recall(struct hsm *h, const struct hsm_ec_ref *ref,
    uint8_t spki[static P256_SPKI_LEN], uint64_t *handles)
{
	const struct ca_key *k;
	bool known;

	pthread_mutex_lock(&h->lock);
	k = cached(h, ref);
	known = k && k->handles == h->handles;
	if (known) {
		memcpy(spki, k->spki, P256_SPKI_LEN);
		*handles = k->handles;
	}
	pthread_mutex_unlock(&h->lock);
	return known;
}

/* The oldest goes when there is no room. */
static void
remember(struct hsm *h, const struct hsm_ec_ref *ref,
    const uint8_t spki[static P256_SPKI_LEN], uint64_t handles)
{
	struct ca_key *k;

	pthread_mutex_lock(&h->lock);
	k = cached(h, ref);
	if (!k && h->ca_key_count == HSM_CA_KEYS) {
		memmove(h->ca_keys, h->ca_keys + 1,
		    (HSM_CA_KEYS - 1) * sizeof(h->ca_keys[0]));
		h->ca_key_count--;
	}
	if (!k)
		k = &h->ca_keys[h->ca_key_count++];
	snprintf(k->label, sizeof(k->label), "%s", ref->label);
	memcpy(k->id, ref->id, ref->id_len);
	k->id_len = ref->id_len;
	memcpy(k->spki, spki, P256_SPKI_LEN);
	k->handles = handles;
	pthread_mutex_unlock(&h->lock);
}

/* The public half of the key that `ref` names, and the handles by which that
 * is so. */
static enum rc
public_half(struct hsm_session *s, const struct hsm_ec_ref *ref,
    uint8_t spki[static P256_SPKI_LEN], uint64_t *handles)
{
	enum rc rc;

	if (recall(s->hsm, ref, spki, handles))
		return RC_OK;
	*handles = s->hsm->handles;
	rc = hsm_ec_public(s, ref, spki);
	if (!rc)
		remember(s->hsm, ref, spki, *handles);
	return rc;
}

static enum rc
other_key(struct hsm_session *s, const struct hsm_ec_ref *ref)
{
	ec_error(s, 0, ref, "its public key is not the one of the certificate");
	hsm_error_remedy(&s->error,
	    "name the key that belongs to the CA's certificate, by label and "
	    "id");
	return RC_CONFLICT;
}

/* ECDSA-Sig-Value (RFC 3279 section 2.2.3). */
static enum rc
encode(const uint8_t rs[static P256_SIGNATURE_LEN],
    uint8_t signature[static P256_SIGNATURE_DER_MAX], size_t *len)
{
	uint8_t der[2 * P256_SIGNATURE_DER_MAX];
	struct writer w;
	size_t sequence;

	writer_init(&w, der, sizeof(der));
	sequence = der_open(&w, DER_SEQUENCE);
	der_put_unsigned(&w, span_of(rs, P256_SIGNATURE_LEN / 2));
	der_put_unsigned(
	    &w, span_of(rs + P256_SIGNATURE_LEN / 2, P256_SIGNATURE_LEN / 2));
	der_close(&w, sequence);
	if (w.full || w.len > P256_SIGNATURE_DER_MAX)
		return RC_BUG;
	memcpy(signature, der, w.len);
	*len = w.len;
	return RC_OK;
}

enum rc
ca_key_sign(struct hsm_session *s, const struct hsm_ec_ref *ref,
    struct span spki, struct span message,
    uint8_t signature[static P256_SIGNATURE_DER_MAX], size_t *len)
{
	uint8_t digest[P256_DIGEST_LEN], rs[P256_SIGNATURE_LEN];
	uint8_t seen[P256_SPKI_LEN];
	enum rc rc = ec_ref_check(s, ref);

	digest_of(message, digest);
	for (int i = 0; !rc && i < TRIES; i++) {
		uint64_t handles;

		rc = public_half(s, ref, seen, &handles);
		if (rc)
			return rc;
		if (!span_equal(span_of(seen, sizeof(seen)), spki))
			return other_key(s, ref);
		rc = hsm_ec_sign(s, ref, digest, rs);
		if (rc)
			return rc;
		/* Else it was found anew, and may be another one. */
		if (handles == s->hsm->handles)
			return encode(rs, signature, len);
	}
	if (!rc) {
		ec_error(s, 0, ref, "the session is lost again and again");
		hsm_error_remedy(&s->error,
		    "is another program resetting the token? see the module's "
		    "log");
		rc = RC_TOKEN;
	}
	return rc;
}
