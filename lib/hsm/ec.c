/*
 * Signing keys: which one is meant, what it is, and what it signs. The public
 * half is an object of its own in the token, with the same label and id.
 */
#include "base/digest.h"
#include "base/text.h"
#include "hsm/ec_internal.h"

#include <stdio.h>

enum {
	POINT_DER_LEN = 2 + P256_POINT_LEN, /* as OCTET STRING */
	SIGNATURE_CAP = 256, /* whatever a module returns */
	ID_TEXT_MAX = 3 * HSM_EC_ID_MAX + 1,
};

/* secp256r1, as CKA_EC_PARAMS has it. */
static const uint8_t curve[] = {
    0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};

const struct span ec_p256_params = {curve, sizeof(curve)};

enum rc
hsm_ec_ref_parse(const char *uri, struct hsm_ec_ref *out, struct hsm_error *err)
{
	struct hsm_uri u;
	enum rc rc = hsm_uri_parse(uri, &u, err);

	memset(out, 0, sizeof(*out));
	if (rc)
		return rc;
	if (u.token[0] || u.serial[0] || u.manufacturer[0] || u.model[0]) {
		hsm_error_text(err, 0, "a key's URI names a token");
		hsm_error_remedy(err,
		    "the token is named by hsm.token; leave object= and id= "
		    "in the key's URI only");
		return RC_CONFIG;
	}
	if (!hsm_label_valid(u.object) ||
	    (u.type[0] && strcmp(u.type, "private") != 0)) {
		hsm_error_text(err, 0, "a key's URI names no private key");
		hsm_error_remedy(
		    err, "write it as pkcs11:object=LABEL[;id=%%XX...]");
		return RC_CONFIG;
	}
	memcpy(out->label, u.object, sizeof(out->label));
	memcpy(out->id, u.id, u.id_len);
	out->id_len = u.id_len;
	return RC_OK;
}

const char *
hsm_ec_ref_print(const struct hsm_ec_ref *ref, char *buf, size_t cap)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz"
				    "0123456789-._~";
	struct writer w;

	writer_init(&w, buf, cap - 1);
	writer_str(&w, "pkcs11:object=");
	for (const char *c = ref->label; *c; c++)
		writer_fmt(
		    &w, strchr(plain, *c) ? "%c" : "%%%02X", (unsigned char)*c);
	if (ref->id_len)
		writer_str(&w, ";id=");
	for (size_t i = 0; i < ref->id_len; i++)
		writer_fmt(&w, "%%%02X", ref->id[i]);
	buf[w.len] = '\0';
	return buf;
}

struct object_ref
ec_object(const struct hsm_ec_ref *ref, CK_OBJECT_CLASS class)
{
	return (struct object_ref){
	    .class = class,
	    .label = ref->label,
	    .id = span_of(ref->id, ref->id_len),
	};
}

enum rc
ec_ref_check(struct hsm_session *s, const struct hsm_ec_ref *ref)
{
	if (memchr(ref->label, '\0', sizeof(ref->label)) &&
	    hsm_label_valid(ref->label) && ref->id_len <= HSM_EC_ID_MAX)
		return RC_OK;
	hsm_error_text(&s->error, 0, "not a label or id of a key");
	hsm_error_remedy(&s->error,
	    "label: 1..%d bytes of UTF-8 without control characters; id: at "
	    "most %d bytes",
	    HSM_LABEL_MAX, HSM_EC_ID_MAX);
	return RC_MALFORMED;
}

/* "key "device-ca" (id 0a0b) in token ..." */
static void
name_key(const struct hsm_ec_ref *ref, struct writer *w)
{
	char label[2 * HSM_LABEL_MAX];

	writer_fmt(
	    w, "key %s", hsm_quote(label, sizeof(label), span_str(ref->label)));
	if (ref->id_len) {
		writer_str(w, " (id ");
		text_hex(w, span_of(ref->id, ref->id_len));
		writer_str(w, ")");
	}
}

void
ec_error(struct hsm_session *s, CK_RV rv, const struct hsm_ec_ref *ref,
    const char *what)
{
	char name[256];
	struct writer w;

	writer_init(&w, name, sizeof(name) - 1);
	name_key(ref, &w);
	name[w.len] = '\0';
	hsm_error_text(
	    &s->error, rv, "%s in token %s: %s", name, s->hsm->name, what);
}

static enum rc
count_check(struct hsm_session *s, const struct hsm_ec_ref *ref, CK_ULONG found,
    bool public)
{
	if (found == 1)
		return RC_OK;
	if (found > 1) {
		ec_error(s, 0, ref, "there are two or more");
		hsm_error_remedy(&s->error,
		    "name it by label and id together (pkcs11:object=...;"
		    "id=...), or delete all but the right one");
		return RC_CONFLICT;
	}
	if (public) {
		ec_error(s, 0, ref, "its public half is missing");
		hsm_error_remedy(&s->error,
		    "put the public key into the token beside the private one, "
		    "with the same label and id");
	} else {
		ec_error(s, 0, ref, "no such private key");
		hsm_error_remedy(&s->error,
		    "make it in a key ceremony (provisioning-tool pki "
		    "ceremony), correct its name, or restore the token's "
		    "backup");
	}
	return RC_NOT_FOUND;
}

/* The raw layer's advice is about masters. */
enum rc
ec_explain(struct hsm_session *s, enum rc rc)
{
	if (rc == RC_UNSUPPORTED)
		hsm_error_remedy(&s->error,
		    "a signing key is EC on P-256 with CKA_SIGN, and the token "
		    "must offer CKM_ECDSA and CKM_EC_KEY_PAIR_GEN");
	return rc;
}

/* CKA_EC_POINT is a DER OCTET STRING; some modules give the point alone. */
static bool
point_of(const uint8_t *value, size_t len, uint8_t spki[static P256_SPKI_LEN])
{
	if (len == POINT_DER_LEN && value[0] == 0x04 &&
	    value[1] == P256_POINT_LEN) {
		value += 2;
		len -= 2;
	}
	if (len != P256_POINT_LEN)
		return false;
	p256_spki_of(value, spki);
	return p256_spki_check(span_of(spki, P256_SPKI_LEN)) == RC_OK;
}

CK_RV
ec_read_public(struct hsm_session *s, CK_OBJECT_HANDLE key,
    uint8_t spki[static P256_SPKI_LEN], bool *p256, const char **call)
{
	uint8_t params[64], point[256];
	size_t params_len, point_len;
	CK_RV rv;

	*call = "C_GetAttributeValue";
	*p256 = false;
	rv = object_bytes(
	    s, key, CKA_EC_PARAMS, params, sizeof(params), &params_len);
	if (rv == CKR_OK)
		rv = object_bytes(
		    s, key, CKA_EC_POINT, point, sizeof(point), &point_len);
	if (rv == CKR_OK)
		*p256 =
		    span_equal(span_of(params, params_len), ec_p256_params) &&
		    point_of(point, point_len, spki);
	if (rv == CKR_OK && !*p256)
		memset(spki, 0, P256_SPKI_LEN);
	return rv;
}

CK_RV
ec_read_private(struct hsm_session *s, CK_OBJECT_HANDLE key,
    struct hsm_ec_key *k, const char **call)
{
	bool decrypt, unwrap, derive;
	const struct {
		CK_ATTRIBUTE_TYPE type;
		bool *flag;
	} flags[] = {
	    {CKA_SENSITIVE, &k->sensitive},
	    {CKA_EXTRACTABLE, &k->extractable},
	    {CKA_LOCAL, &k->local},
	    {CKA_NEVER_EXTRACTABLE, &k->never_extractable},
	    {CKA_ALWAYS_SENSITIVE, &k->always_sensitive},
	    {CKA_SIGN, &k->sign},
	    {CKA_TOKEN, &k->token},
	    {CKA_DECRYPT, &decrypt},
	    {CKA_UNWRAP, &unwrap},
	    {CKA_DERIVE, &derive},
	};
	size_t len;
	CK_RV rv;

	memset(k, 0, sizeof(*k));
	*call = "C_GetAttributeValue";
	rv = object_bytes(s, key, CKA_LABEL, k->ref.label, HSM_LABEL_MAX, &len);
	if (rv == CKR_OK)
		rv = object_bytes(s, key, CKA_ID, k->ref.id, sizeof(k->ref.id),
		    &k->ref.id_len);
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (rv == CKR_OK)
			rv = object_flag(s, key, flags[i].type, flags[i].flag);
	if (rv != CKR_OK)
		return rv;
	k->other_use = decrypt || unwrap || derive;
	if (object_value_readable(s, key))
		k->extractable = true;
	return CKR_OK;
}

struct describe_op {
	const struct hsm_ec_ref *ref;
	struct hsm_ec_key *out;
	CK_ULONG found, public_found;
};

static CK_RV
run_describe(struct hsm_session *s, void *arg, const char **call)
{
	struct describe_op *op = arg;
	struct object_ref ref = ec_object(op->ref, CKO_PRIVATE_KEY);
	CK_OBJECT_HANDLE private, public;
	CK_RV rv;

	op->public_found = 0;
	rv = object_find_one(s, &ref, &private, &op->found, call);
	if (rv != CKR_OK || op->found != 1)
		return rv;
	rv = ec_read_private(s, private, op->out, call);
	if (rv != CKR_OK)
		return rv;
	/* Its very own: where the caller gave no id, the key has one. */
	ref = ec_object(&op->out->ref, CKO_PUBLIC_KEY);
	rv = object_find_one(s, &ref, &public, &op->public_found, call);
	if (rv != CKR_OK || op->public_found != 1)
		return rv;
	return ec_read_public(s, public, op->out->spki, &op->out->p256, call);
}

enum rc
hsm_ec_describe(
    struct hsm_session *s, const struct hsm_ec_ref *ref, struct hsm_ec_key *out)
{
	struct describe_op op = {.ref = ref, .out = out};
	enum rc rc = ec_ref_check(s, ref);

	memset(out, 0, sizeof(*out));
	if (!rc)
		rc = session_enter(s);
	if (rc)
		return rc;
	rc = ec_explain(s, session_run(s, run_describe, &op));
	if (!rc)
		rc = count_check(s, ref, op.found, false);
	if (!rc)
		rc = count_check(s, ref, op.public_found, true);
	return session_leave(s, rc);
}

enum rc
hsm_ec_public(struct hsm_session *s, const struct hsm_ec_ref *ref,
    uint8_t spki[static P256_SPKI_LEN])
{
	struct hsm_ec_key key;
	enum rc rc = hsm_ec_describe(s, ref, &key);

	if (rc)
		return rc;
	if (!key.p256) {
		ec_error(s, 0, ref, "not a key on P-256");
		return ec_explain(s, RC_UNSUPPORTED);
	}
	memcpy(spki, key.spki, P256_SPKI_LEN);
	return RC_OK;
}

struct sign_op {
	const struct hsm_ec_ref *ref;
	const uint8_t *digest;
	uint8_t *signature;
	CK_ULONG found;
};

static CK_RV
run_sign(struct hsm_session *s, void *arg, const char **call)
{
	CK_FUNCTION_LIST *p11 = s->hsm->p11;
	CK_MECHANISM mechanism = {CKM_ECDSA, NULL, 0};
	struct sign_op *op = arg;
	struct object_ref ref = ec_object(op->ref, CKO_PRIVATE_KEY);
	CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
	uint8_t out[SIGNATURE_CAP];
	CK_ULONG len = sizeof(out);
	CK_RV rv = object_find_one(s, &ref, &key, &op->found, call);

	if (rv != CKR_OK || op->found != 1)
		return rv;
	*call = "C_SignInit";
	rv = p11->C_SignInit(s->handle, &mechanism, key);
	if (rv != CKR_OK)
		return rv;
	*call = "C_Sign";
	rv = p11->C_Sign(
	    s->handle, unconst(op->digest), P256_DIGEST_LEN, out, &len);
	if (rv != CKR_OK) {
		/* The operation may still be active. */
		s->broken = true;
		return rv;
	}
	if (len != P256_SIGNATURE_LEN) {
		*call = "C_Sign (a signature that is not of P-256)";
		return CKR_KEY_TYPE_INCONSISTENT;
	}
	memcpy(op->signature, out, P256_SIGNATURE_LEN);
	return CKR_OK;
}

enum rc
hsm_ec_sign(struct hsm_session *s, const struct hsm_ec_ref *ref,
    const uint8_t digest[static P256_DIGEST_LEN],
    uint8_t signature[static P256_SIGNATURE_LEN])
{
	struct sign_op op = {ref, digest, signature, 0};
	enum rc rc = ec_ref_check(s, ref);

	if (!rc)
		rc = session_enter(s);
	if (rc)
		return rc;
	rc = ec_explain(s, session_run(s, run_sign, &op));
	if (!rc)
		rc = count_check(s, ref, op.found, false);
	return session_leave(s, rc);
}

enum rc
hsm_ec_self_test(
    struct hsm_session *s, const struct hsm_ec_ref *ref, struct span spki)
{
	uint8_t digest[P256_DIGEST_LEN], signature[P256_SIGNATURE_LEN];
	uint8_t nonce[32];
	enum rc rc;

	random_bytes(nonce, sizeof(nonce));
	digest_of(span_of(nonce, sizeof(nonce)), digest);
	rc = hsm_ec_sign(s, ref, digest, signature);
	if (!rc)
		rc = p256_verify(spki, digest, signature);
	if (rc == RC_DENIED || rc == RC_MALFORMED) {
		ec_error(s, 0, ref,
		    "what it signs does not verify with the public key");
		hsm_error_remedy(
		    &s->error, "it is another key, or the token is faulty");
		rc = RC_DENIED;
	}
	return rc;
}
