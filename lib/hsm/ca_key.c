/*
 * The key of a CA as OpenSSL sees it: libp11's EVP_PKEY, which signs in the
 * token. One thread at a time, with the login alive, so that libp11 always
 * finds its one session in its pool: up to 0.4.13 it waits for ever where it
 * must open one and cannot.
 *
 * libp11 does not notice that its session or its login is lost, and then fails
 * for good. The raw layer does notice (login_revive sets `libp11_void`): then
 * everything is reopened before libp11 is asked again.
 */
#include "base/digest.h"
#include "hsm/ec_internal.h"

#include <libp11.h>
#include <openssl/evp.h>

enum { TRIES = 4 };

/* Keys are freed with the epoch, before libp11's slots. */
void
ca_keys_release(struct hsm *h)
{
	for (unsigned i = 0; i < h->ca_key_count; i++)
		EVP_PKEY_CTX_free(h->ca_keys[i].key);
	h->ca_key_count = 0;
	h->libp11_void = false;
}

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

static CK_RV
last_ckr(void)
{
	CK_RV rv = CKR_OK;
	unsigned long e;

	while ((e = ERR_get_error()) != 0)
		if (ERR_GET_LIB(e) == ERR_get_CKR_code())
			rv = (CK_RV)ERR_GET_REASON(e);
	return rv == CKR_OK ? CKR_FUNCTION_FAILED : rv;
}

/* A session opens: what libp11 may be about to try without a way back. */
static CK_RV
preflight(struct hsm *h)
{
	CK_SESSION_HANDLE session;
	CK_RV rv = h->p11->C_OpenSession(
	    h->slot_id, h->session_flags, NULL, NULL, &session);

	return rv == CKR_OK ? h->p11->C_CloseSession(session) : rv;
}

/* Takes the key. What has signed once signs again. */
static CK_RV
context(EVP_PKEY *key, EVP_PKEY_CTX **out)
{
	EVP_PKEY_CTX *ctx = key ? EVP_PKEY_CTX_new(key, NULL) : NULL;
	CK_RV rv = CKR_OK;

	if (!ctx || EVP_PKEY_sign_init(ctx) != 1) {
		rv = last_ckr();
		EVP_PKEY_CTX_free(ctx);
		ctx = NULL;
	}
	EVP_PKEY_free(key);
	*out = ctx;
	return rv;
}

/* The one that the raw layer has found, by its full name. */
static CK_RV
load(struct hsm *h, const struct hsm_ec_key *wanted, EVP_PKEY_CTX **out,
    const char **call)
{
	struct span id = span_of(wanted->ref.id, wanted->ref.id_len);
	PKCS11_KEY *keys = NULL;
	unsigned count = 0;
	CK_RV rv;

	*out = NULL;
	*call = "C_OpenSession";
	rv = preflight(h);
	if (rv != CKR_OK)
		return rv;
	*call = "libp11: list of keys";
	ERR_clear_error();
	if (PKCS11_enumerate_keys(h->slot->token, &keys, &count))
		return last_ckr();
	*call = "libp11: private key";
	for (unsigned i = 0; i < count; i++) {
		if (!keys[i].label ||
		    strcmp(keys[i].label, wanted->ref.label) != 0 ||
		    !span_equal(span_of(keys[i].id, keys[i].id_len), id))
			continue;
		return context(PKCS11_get_private_key(&keys[i]), out);
	}
	return CKR_KEY_HANDLE_INVALID;
}

/* Under libp11_lock. The oldest goes when there is no room. */
static CK_RV
remember(struct hsm *h, const struct hsm_ec_ref *ref,
    const struct hsm_ec_key *key, struct ca_key **out, const char **call)
{
	EVP_PKEY_CTX *ctx;
	CK_RV rv = load(h, key, &ctx, call);
	struct ca_key *k;

	if (rv != CKR_OK)
		return rv;
	if (h->ca_key_count == HSM_CA_KEYS) {
		EVP_PKEY_CTX_free(h->ca_keys[0].key);
		memmove(h->ca_keys, h->ca_keys + 1,
		    (HSM_CA_KEYS - 1) * sizeof(h->ca_keys[0]));
		h->ca_key_count--;
	}
	k = &h->ca_keys[h->ca_key_count++];
	memset(k, 0, sizeof(*k));
	memcpy(k->label, ref->label, sizeof(k->label));
	memcpy(k->id, ref->id, ref->id_len);
	k->id_len = ref->id_len;
	memcpy(k->spki, key->spki, sizeof(k->spki));
	k->key = ctx;
	*out = k;
	return CKR_OK;
}

struct sign_op {
	const struct hsm_ec_ref *ref;
	struct span spki;
	uint8_t digest[P256_DIGEST_LEN];
	uint8_t *signature;
	size_t len;
	bool unknown; /* not in the cache: to be described first */
	bool other_key;
	const struct hsm_ec_key *described;
};

static CK_RV
sign(EVP_PKEY_CTX *key, struct sign_op *op, const char **call)
{
	*call = "libp11: C_Sign";
	op->len = P256_SIGNATURE_DER_MAX;
	ERR_clear_error();
	return EVP_PKEY_sign(key, op->signature, &op->len, op->digest,
		   sizeof(op->digest)) == 1
	    ? CKR_OK
	    : last_ckr();
}

/* A hiccup is not worth an epoch. */
static CK_RV
sign_patiently(EVP_PKEY_CTX *key, struct sign_op *op, const char **call)
{
	CK_RV rv = sign(key, op, call);
	enum ckr_class class = hsm_ckr_class(rv);

	if (class == CKR_CLASS_SESSION || class == CKR_CLASS_OPERATION)
		rv = sign(key, op, call);
	return rv;
}

/* The raw session goes first: it sees a loss, and that all is well. */
static CK_RV
run_sign(struct hsm_session *s, void *arg, const char **call)
{
	struct hsm *h = s->hsm;
	struct sign_op *op = arg;
	struct ca_key *k;
	bool user;
	CK_RV rv;

	*call = "C_GetSessionInfo";
	rv = raw_session_state(h, s->handle, &user);
	if (rv == CKR_OK && !user)
		rv = CKR_USER_NOT_LOGGED_IN;
	if (rv != CKR_OK)
		return rv;
	op->unknown = op->other_key = false;
	pthread_mutex_lock(&h->libp11_lock);
	k = h->libp11_void ? NULL : cached(h, op->ref);
	if (!k && !h->libp11_void && op->described)
		rv = remember(h, op->ref, op->described, &k, call);
	if (k && !span_equal(span_of(k->spki, sizeof(k->spki)), op->spki))
		op->other_key = true;
	else if (k)
		rv = sign_patiently(k->key, op, call);
	else if (rv == CKR_OK && !h->libp11_void)
		op->unknown = true;
	if (rv != CKR_OK) {
		enum ckr_class class = hsm_ckr_class(rv);

		/* What a fresh epoch cures, and nothing else of the token. */
		if (class == CKR_CLASS_HANDLE || class == CKR_CLASS_LOGIN ||
		    class == CKR_CLASS_SESSION || class == CKR_CLASS_OPERATION)
			h->libp11_void = true;
	}
	pthread_mutex_unlock(&h->libp11_lock);
	return rv;
}

/* Under epoch_lock: `*reopen` where the epoch must end. */
static enum rc
sign_once(struct hsm_session *s, struct sign_op *op, bool *reopen)
{
	struct hsm *h = s->hsm;
	enum rc rc = session_run(s, run_sign, op);

	*reopen = h->libp11_void;
	if (!*reopen)
		return rc;
	/* So that hsm_reopen has work to do. */
	h->dead_generation = h->generation;
	return RC_TOKEN;
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

enum rc
ca_key_sign(struct hsm_session *s, const struct hsm_ec_ref *ref,
    struct span spki, struct span message,
    uint8_t signature[static P256_SIGNATURE_DER_MAX], size_t *len)
{
	struct sign_op op = {.ref = ref, .spki = spki, .signature = signature};
	struct hsm_ec_key key;
	enum rc rc = ec_ref_check(s, ref);

	digest_of(message, op.digest);
	for (int i = 0; !rc && i < TRIES; i++) {
		bool reopen = false;

		rc = session_enter(s);
		if (!rc)
			rc = session_leave(s, sign_once(s, &op, &reopen));
		if (reopen) {
			rc = hsm_reopen(s->hsm, &s->error);
			continue;
		}
		if (rc)
			return ec_explain(s, rc);
		if (op.other_key)
			return other_key(s, ref);
		if (!op.unknown) {
			*len = op.len;
			return RC_OK;
		}
		rc = hsm_ec_describe(s, ref, &key);
		if (!rc && !key.p256) {
			ec_error(s, 0, ref, "not a key on P-256");
			rc = ec_explain(s, RC_UNSUPPORTED);
		}
		op.described = &key;
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
