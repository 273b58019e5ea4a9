/*
 * Every way out that PKCS#11 has for a key, tried: read its value, copy it
 * into an object that may be read, wrap it under a key of our own. CKA_EXTRACTABLE
 * is a promise; NSS, for one, wraps whatever it is given.
 */
#include "base/digest.h"
#include "hsm/checkup.h"

enum {
	AES_KEY_LEN = 32,
	RSA_MODULUS_LEN = 256,
	WRAPPED_CAP = 4096,
};

static const char remedy[] =
    "this token does not keep keys in: use it for tests, or have its policy "
    "forbid this; then make new keys";

struct escape_op {
	const struct checkup_key *k;
	CK_RV rv; /* of the last refusal */
	bool out;
	const char *way; /* how it came out */
	unsigned tried;
};

static CK_RV
find(struct hsm_session *s, struct escape_op *op, CK_OBJECT_HANDLE *key,
    const char **call)
{
	CK_ULONG found = 0;
	CK_RV rv = object_find_one(s, &op->k->ref, key, &found, call);

	return rv == CKR_OK && found != 1 ? CKR_KEY_HANDLE_INVALID : rv;
}

/* No refusal, but a session or a login that is gone. */
static bool
lost(struct hsm_session *s)
{
	bool user = false;

	return raw_session_state(s->hsm, s->handle, &user) != CKR_OK || !user;
}

static CK_RV
run_read(struct hsm_session *s, void *arg, const char **call)
{
	struct escape_op *op = arg;
	uint8_t buf[512] = {0};
	CK_ATTRIBUTE a = {CKA_VALUE, buf, sizeof(buf)};
	CK_OBJECT_HANDLE key;
	CK_RV rv = find(s, op, &key, call);

	if (rv != CKR_OK)
		return rv;
	*call = "C_GetAttributeValue";
	op->rv = s->hsm->p11->C_GetAttributeValue(s->handle, key, &a, 1);
	op->out = op->rv == CKR_OK && a.ulValueLen > 0 &&
	    a.ulValueLen != CK_UNAVAILABLE_INFORMATION;
	secret_wipe(buf, sizeof(buf));
	return op->rv != CKR_OK && lost(s) ? op->rv : CKR_OK;
}

static CK_RV
run_copy(struct hsm_session *s, void *arg, const char **call)
{
	struct escape_op *op = arg;
	CK_FUNCTION_LIST *p11 = s->hsm->p11;
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	/* In the session: whatever comes of it goes with it. */
	CK_ATTRIBUTE template[] = {
	    {CKA_TOKEN, &no, sizeof(no)},
	    {CKA_EXTRACTABLE, &yes, sizeof(yes)},
	    {CKA_SENSITIVE, &no, sizeof(no)},
	};
	CK_OBJECT_HANDLE key, copy = CK_INVALID_HANDLE;
	bool sensitive = true, extractable = false;
	CK_RV rv = find(s, op, &key, call);

	if (rv != CKR_OK)
		return rv;
	*call = "C_CopyObject";
	op->rv = CKR_FUNCTION_NOT_SUPPORTED;
	for (CK_ULONG n = 3; n >= 2; n--) {
		op->rv = p11->C_CopyObject(s->handle, key, template, n, &copy);
		if (op->rv == CKR_OK)
			break;
		if (lost(s))
			return op->rv;
	}
	if (op->rv != CKR_OK)
		return CKR_OK;
	rv = object_flag(s, copy, CKA_SENSITIVE, &sensitive);
	if (rv == CKR_OK)
		rv = object_flag(s, copy, CKA_EXTRACTABLE, &extractable);
	op->out = !sensitive || extractable || object_value_readable(s, copy);
	(void)p11->C_DestroyObject(s->handle, copy);
	return rv;
}

/* Keys of ours, to wrap others under. */

static CK_RV
aes_key(struct hsm_session *s, CK_OBJECT_HANDLE *key)
{
	CK_MECHANISM mechanism = {CKM_AES_KEY_GEN, NULL, 0};
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_AES;
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_ULONG bytes = AES_KEY_LEN;
	uint8_t value[AES_KEY_LEN];
	CK_ATTRIBUTE template[] = {
	    {CKA_CLASS, &class, sizeof(class)},
	    {CKA_KEY_TYPE, &type, sizeof(type)},
	    {CKA_TOKEN, &no, sizeof(no)},
	    {CKA_WRAP, &yes, sizeof(yes)},
	    {CKA_VALUE_LEN, &bytes, sizeof(bytes)},
	};
	CK_RV rv =
	    s->hsm->p11->C_GenerateKey(s->handle, &mechanism, template, 5, key);

	if (rv == CKR_OK)
		return rv;
	random_bytes(value, sizeof(value));
	template[4] = (CK_ATTRIBUTE){CKA_VALUE, value, sizeof(value)};
	rv = s->hsm->p11->C_CreateObject(s->handle, template, 5, key);
	secret_wipe(value, sizeof(value));
	return rv;
}

/* A modulus of which nobody knows the factors: what is wrapped under it is
 * lost, which is as well. */
static CK_RV
rsa_key(struct hsm_session *s, CK_OBJECT_HANDLE *key)
{
	CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
	CK_KEY_TYPE type = CKK_RSA;
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	uint8_t modulus[RSA_MODULUS_LEN], exponent[] = {1, 0, 1};
	CK_ATTRIBUTE template[] = {
	    {CKA_CLASS, &class, sizeof(class)},
	    {CKA_KEY_TYPE, &type, sizeof(type)},
	    {CKA_TOKEN, &no, sizeof(no)},
	    {CKA_WRAP, &yes, sizeof(yes)},
	    {CKA_MODULUS, modulus, sizeof(modulus)},
	    {CKA_PUBLIC_EXPONENT, exponent, sizeof(exponent)},
	};

	random_bytes(modulus, sizeof(modulus));
	modulus[0] |= 0x80;
	modulus[sizeof(modulus) - 1] |= 1;
	return s->hsm->p11->C_CreateObject(
	    s->handle, template, sizeof(template) / sizeof(template[0]), key);
}

static uint8_t iv[16];
static CK_RSA_PKCS_OAEP_PARAMS oaep = {
    CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, NULL, 0};

static const struct way {
	const char *name;
	bool rsa;
	CK_MECHANISM mechanism;
} ways[] = {
    {"CKM_AES_KEY_WRAP", false, {CKM_AES_KEY_WRAP, NULL, 0}},
    {"CKM_AES_KEY_WRAP_PAD", false, {CKM_AES_KEY_WRAP_PAD, NULL, 0}},
    {"CKM_AES_CBC_PAD", false, {CKM_AES_CBC_PAD, iv, sizeof(iv)}},
    {"CKM_AES_CBC", false, {CKM_AES_CBC, iv, sizeof(iv)}},
    {"CKM_AES_ECB", false, {CKM_AES_ECB, NULL, 0}},
    {"CKM_RSA_PKCS", true, {CKM_RSA_PKCS, NULL, 0}},
    {"CKM_RSA_PKCS_OAEP", true, {CKM_RSA_PKCS_OAEP, &oaep, sizeof(oaep)}},
};

/** Wrap under `by` in every way that suits it, until one works. */
static CK_RV
wrap(struct hsm_session *s, struct escape_op *op, bool rsa, CK_OBJECT_HANDLE by,
    CK_OBJECT_HANDLE key)
{
	uint8_t wrapped[WRAPPED_CAP];

	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		CK_MECHANISM mechanism = ways[i].mechanism;
		CK_ULONG len = sizeof(wrapped);
		CK_RV rv;

		if (ways[i].rsa != rsa)
			continue;
		rv = s->hsm->p11->C_WrapKey(
		    s->handle, &mechanism, by, key, wrapped, &len);
		secret_wipe(wrapped, sizeof(wrapped));
		if (rv == CKR_OK && len > 0) {
			op->out = true;
			op->way = ways[i].name;
			return CKR_OK;
		}
		if (lost(s))
			return rv;
		/* The token does not have it: that was no trial. */
		if (rv == CKR_MECHANISM_INVALID ||
		    rv == CKR_FUNCTION_NOT_SUPPORTED)
			continue;
		op->rv = rv;
		op->tried++;
	}
	return CKR_OK;
}

static CK_RV
run_wrap(struct hsm_session *s, void *arg, const char **call)
{
	struct escape_op *op = arg;
	CK_OBJECT_HANDLE key;
	CK_RV rv = find(s, op, &key, call);

	op->tried = 0;
	*call = "C_WrapKey";
	for (int rsa = 0; rsa <= 1 && rv == CKR_OK && !op->out; rsa++) {
		CK_OBJECT_HANDLE by = CK_INVALID_HANDLE;
		CK_RV made = rsa ? rsa_key(s, &by) : aes_key(s, &by);

		if (made != CKR_OK) {
			if (lost(s))
				return made;
			continue;
		}
		rv = wrap(s, op, rsa, by, key);
		(void)s->hsm->p11->C_DestroyObject(s->handle, by);
	}
	return rv;
}

static enum rc
try_read(struct checkup *d, const struct checkup_key *k)
{
	struct escape_op op = {.k = k};
	enum rc rc = checkup_run(d, "read", k->label, run_read, &op);

	if (rc)
		return rc;
	if (op.out)
		return checkup_say(d, "read", k->label, HSM_FAIL, remedy,
		    "the token gives its value to whoever is logged in");
	return checkup_say(d, "read", k->label, HSM_OK, NULL, "refused: %s",
	    op.rv == CKR_OK ? "no value" : hsm_ckr_name(op.rv));
}

static enum rc
try_copy(struct checkup *d, const struct checkup_key *k)
{
	struct escape_op op = {.k = k};
	enum rc rc = checkup_run(d, "copy", k->label, run_copy, &op);

	if (rc)
		return rc;
	if (op.out)
		return checkup_say(d, "copy", k->label, HSM_FAIL, remedy,
		    "the token makes a copy that can be extracted");
	return checkup_say(d, "copy", k->label, HSM_OK, NULL, "%s%s",
	    op.rv == CKR_OK ? "a copy stays as closed as the key" : "refused: ",
	    op.rv == CKR_OK ? "" : hsm_ckr_name(op.rv));
}

static enum rc
try_wrap(struct checkup *d, const struct checkup_key *k)
{
	struct escape_op op = {.k = k};
	enum rc rc = checkup_run(d, "wrap", k->label, run_wrap, &op);

	if (rc)
		return rc;
	if (op.out)
		return checkup_say(d, "wrap", k->label, HSM_FAIL, remedy,
		    "it left the token wrapped (%s) under a key of the "
		    "caller's",
		    op.way);
	if (op.tried == 0)
		return checkup_say(d, "wrap", k->label, HSM_OK, NULL,
		    "the token wraps no keys");
	return checkup_say(d, "wrap", k->label, HSM_OK, NULL,
	    "refused in %u way%s: %s", op.tried, op.tried == 1 ? "" : "s",
	    hsm_ckr_name(op.rv));
}

enum rc
checkup_escape(struct checkup *d, const struct checkup_key *k)
{
	static enum rc (*const tries[])(struct checkup *,
	    const struct checkup_key *) = {try_read, try_copy, try_wrap};
	enum rc rc = RC_OK;

	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]) && !rc; i++) {
		rc = tries[i](d, k);
		if (rc == RC_UNSUPPORTED) /* said */
			rc = RC_OK;
	}
	return rc;
}
