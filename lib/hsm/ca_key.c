/*
 * The key of a CA as OpenSSL sees it: libp11's EVP_PKEY, which signs in the
 * token, in as many threads as have a session of ours. Where libp11 must open a
 * session of its own and cannot, it waits until another thread is done with
 * one, up to 0.4.13 also when there is no other: so it looks for a key, which
 * opens its first session, with nobody beside it and with the login alive, and
 * only after one of ours has opened.
 *
 * libp11 does not notice that its session or its login is lost, and then fails
 * for good. The raw layer does notice (login_revive sets `libp11_void`): then
 * everything is reopened before libp11 is asked again.
 */
#include "base/digest.h"
#include "hsm/ec_internal.h"

#include <libp11.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

enum {
	TRIES = 4,
	SCALAR_LEN = P256_SIGNATURE_LEN / 2,
	/* What libp11 takes from a module that returns 512 bytes, as DER:
	 * nobody between us and i2d_ECDSA_SIG looks at the room there is. */
	SIGNATURE_CAP = 1024,
};

static void
forget(struct ca_key *k)
{
	while (k->idle_count > 0)
		EVP_PKEY_CTX_free(k->idle[--k->idle_count]);
	EVP_PKEY_free(k->key);
	k->key = NULL;
}

/* Keys are freed with the epoch, before libp11's slots. */
void
ca_keys_release(struct hsm *h)
{
	for (unsigned i = 0; i < h->ca_key_count; i++)
		forget(&h->ca_keys[i]);
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

/* The one that the raw layer has found, by its full name. */
static CK_RV
load(struct hsm *h, const struct hsm_ec_key *wanted, EVP_PKEY **out,
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
		*out = PKCS11_get_private_key(&keys[i]);
		return *out ? CKR_OK : last_ckr();
	}
	return CKR_KEY_HANDLE_INVALID;
}

/* With libp11 for itself. The oldest goes when there is no room. */
static CK_RV
remember(struct hsm *h, const struct hsm_ec_ref *ref,
    const struct hsm_ec_key *key, const char **call)
{
	EVP_PKEY *pkey;
	CK_RV rv = load(h, key, &pkey, call);
	struct ca_key *k;

	if (rv != CKR_OK)
		return rv;
	if (h->ca_key_count == HSM_CA_KEYS) {
		forget(&h->ca_keys[0]);
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
	k->key = pkey;
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

/* What has signed once signs again, in one thread at a time. */
static EVP_PKEY_CTX *
context_take(struct hsm *h, struct ca_key *k)
{
	EVP_PKEY_CTX *ctx = NULL;

	pthread_mutex_lock(&h->lock);
	if (k->idle_count > 0)
		ctx = k->idle[--k->idle_count];
	pthread_mutex_unlock(&h->lock);
	if (ctx)
		return ctx;
	ctx = EVP_PKEY_CTX_new(k->key, NULL);
	if (ctx && EVP_PKEY_sign_init(ctx) == 1)
		return ctx;
	EVP_PKEY_CTX_free(ctx);
	return NULL;
}

/* One for each session at most: there is room. */
static void
context_give(struct hsm *h, struct ca_key *k, EVP_PKEY_CTX *ctx)
{
	pthread_mutex_lock(&h->lock);
	k->idle[k->idle_count++] = ctx;
	pthread_mutex_unlock(&h->lock);
}

/*
 * libp11 takes half of what C_Sign has returned for r and the rest for s, of
 * whatever length. Cut anywhere, both are shorter than they should be: one in
 * 65,536 good ones is, too, and only those are worth a verification.
 */
static bool
plausible(const struct sign_op *op, const uint8_t *der, size_t len)
{
	const uint8_t *p = der;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)len);
	uint8_t rs[P256_SIGNATURE_LEN];
	const BIGNUM *r, *s;
	bool good = false;

	if (!sig)
		return false;
	ECDSA_SIG_get0(sig, &r, &s);
	if (BN_num_bytes(r) <= SCALAR_LEN && BN_num_bytes(s) <= SCALAR_LEN)
		good = BN_num_bytes(r) == SCALAR_LEN ||
		    BN_num_bytes(s) == SCALAR_LEN ||
		    (BN_bn2binpad(r, rs, SCALAR_LEN) == SCALAR_LEN &&
			BN_bn2binpad(s, rs + SCALAR_LEN, SCALAR_LEN) ==
			    SCALAR_LEN &&
			p256_verify(op->spki, op->digest, rs) == RC_OK);
	ECDSA_SIG_free(sig);
	return good && len <= P256_SIGNATURE_DER_MAX;
}

static CK_RV
sign(struct hsm *h, struct ca_key *k, struct sign_op *op, const char **call)
{
	uint8_t der[SIGNATURE_CAP];
	size_t len = sizeof(der);
	EVP_PKEY_CTX *ctx;
	CK_RV rv = CKR_OK;

	*call = "libp11: C_Sign";
	ERR_clear_error();
	ctx = context_take(h, k);
	if (!ctx)
		return last_ckr();
	if (EVP_PKEY_sign(ctx, der, &len, op->digest, sizeof(op->digest)) != 1)
		rv = last_ckr();
	context_give(h, k, ctx);
	if (rv == CKR_OK && !plausible(op, der, len)) {
		*call = "C_Sign (a signature that is not of P-256)";
		return CKR_KEY_TYPE_INCONSISTENT;
	}
	if (rv != CKR_OK)
		return rv;
	memcpy(op->signature, der, len);
	op->len = len;
	return CKR_OK;
}

/* A hiccup is not worth an epoch. */
static CK_RV
sign_patiently(
    struct hsm *h, struct ca_key *k, struct sign_op *op, const char **call)
{
	CK_RV rv = sign(h, k, op, call);
	enum ckr_class class = hsm_ckr_class(rv);

	if (class == CKR_CLASS_SESSION || class == CKR_CLASS_OPERATION)
		rv = sign(h, k, op, call);
	return rv;
}

/* Looks for a key that is described and not in the cache yet. */
static CK_RV
look(struct hsm *h, struct sign_op *op, const char **call)
{
	CK_RV rv = CKR_OK;

	pthread_rwlock_wrlock(&h->libp11_lock);
	if (!h->libp11_void && !cached(h, op->ref))
		rv = remember(h, op->ref, op->described, call);
	pthread_rwlock_unlock(&h->libp11_lock);
	return rv;
}

/* What a fresh epoch cures, and nothing else of the token. */
static void
note_loss(struct hsm *h, CK_RV rv)
{
	enum ckr_class class = hsm_ckr_class(rv);

	if (class == CKR_CLASS_HANDLE || class == CKR_CLASS_LOGIN ||
	    class == CKR_CLASS_SESSION || class == CKR_CLASS_OPERATION)
		h->libp11_void = true;
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
	if (op->described)
		rv = look(h, op, call);
	op->unknown = op->other_key = false;
	pthread_rwlock_rdlock(&h->libp11_lock);
	k = rv != CKR_OK || h->libp11_void ? NULL : cached(h, op->ref);
	if (k && !span_equal(span_of(k->spki, sizeof(k->spki)), op->spki))
		op->other_key = true;
	else if (k)
		rv = sign_patiently(h, k, op, call);
	else if (rv == CKR_OK && !h->libp11_void)
		op->unknown = true;
	pthread_rwlock_unlock(&h->libp11_lock);
	if (rv != CKR_OK)
		note_loss(h, rv);
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
