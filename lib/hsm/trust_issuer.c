/* What follows from who has signed it: the CA's key, and the twin. */
#include "hsm/trust_internal.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>

enum {
	ORDER_MAX = 72, /* bytes, as cert_twin */
	ROOM = 16, /* bytes that a twin may be longer */
};

static enum rc
note_twin(const struct cert *c, struct span order, struct trust_verdict *v)
{
	size_t cap = c->der.len + ROOM;
	uint8_t *room = malloc(cap);
	struct writer w;
	enum rc rc;

	if (!room)
		return RC_MEMORY;
	writer_init(&w, room, cap);
	rc = cert_twin(c, order, &w);
	if (rc == RC_OK) {
		digest_of(writer_span(&w), v->twin);
		v->has_twin = true;
	}
	free(room);
	return rc == RC_UNSUPPORTED ? RC_OK : rc;
}

enum rc
trust_issuer(const struct cert *c, struct span spki,
    const struct evp_pkey_st *key, struct trust_verdict *v)
{
	uint8_t order[ORDER_MAX];
	BIGNUM *n = NULL;
	enum rc rc = RC_OK;
	int len;

	digest_of(spki, v->issuer_key);
	v->has_issuer = true;
	if (!EVP_PKEY_is_a(key, "EC"))
		return RC_OK;
	if (!EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_ORDER, &n))
		rc = RC_MEMORY;
	else if (BN_num_bytes(n) > ORDER_MAX)
		rc = RC_DENIED;
	if (!rc) {
		len = BN_bn2bin(n, order);
		rc = note_twin(c, span_of(order, (size_t)len), v);
	}
	BN_free(n);
	ERR_clear_error();
	return rc;
}
