/*
 * A known key must give a known answer. Where the token takes no key from
 * outside, a master must at least agree with itself.
 */
#include "hsm/checkup.h"

/*
 * Made by another implementation of HMAC: Python 3.11,
 *   hmac.new(bytes(range(0x40, 0x60)), b"lwm2m-bs/psk\0" + struct.pack(
 *       ">BBHIH", 1, 2, 101, 1, len(endpoint)) + endpoint, "sha256")
 */
static const struct span endpoint = {
    (const uint8_t *)"urn:dev:ops:0057F2-WM200-0001", 29};
static const uint8_t answer[HSM_PSK_LEN] = {0xee, 0x4c, 0xe6, 0x3d, 0xab, 0x27,
    0x23, 0xc3, 0xae, 0xb7, 0x59, 0x31, 0x79, 0xb5, 0x84, 0x2e, 0x1f, 0x52,
    0x8a, 0x30, 0x9b, 0xe5, 0xb3, 0xcc, 0xf2, 0x71, 0x21, 0x9f, 0xc9, 0xff,
    0xdf, 0x73};

enum { KEY_LEN = 32 };

static struct hsm_derivation
derivation(const char *master)
{
	return (struct hsm_derivation){
	    .master = master,
	    .purpose = HSM_PURPOSE_SERVER,
	    .short_server_id = 101,
	    .epoch = 1,
	    .endpoint = endpoint,
	};
}

struct answer_op {
	bool taken; /* the token took the key */
	bool used; /* and computed with it */
	CK_RV rv; /* why it did not */
	uint8_t out[HSM_MAC_CAP];
};

/* From the plain template to the one of tokens that insist. */
static CK_RV
import(struct hsm_session *s, CK_OBJECT_HANDLE *key)
{
	static const CK_KEY_TYPE types[] = {
	    CKK_GENERIC_SECRET, CKK_SHA256_HMAC};
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_GENERIC_SECRET;
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	uint8_t value[KEY_LEN];
	CK_ATTRIBUTE template[] = {
	    {CKA_CLASS, &class, sizeof(class)},
	    {CKA_KEY_TYPE, &type, sizeof(type)}, {CKA_TOKEN, &no, sizeof(no)},
	    {CKA_SIGN, &yes, sizeof(yes)},
	    {CKA_VALUE, value, sizeof(value)}, /* 5th */
	    {CKA_PRIVATE, &yes, sizeof(yes)},
	    {CKA_SENSITIVE, &yes, sizeof(yes)},
	    {CKA_EXTRACTABLE, &no, sizeof(no)}, /* 8th */
	};
	CK_RV rv = CKR_OK;

	for (unsigned i = 0; i < sizeof(value); i++)
		value[i] = (uint8_t)(0x40 + i);
	for (unsigned i = 0; i < 4; i++) {
		type = types[i / 2];
		rv = s->hsm->p11->C_CreateObject(
		    s->handle, template, i % 2 ? 8 : 5, key);
		if (rv == CKR_OK)
			break;
	}
	return rv;
}

/*
 * A token may take a key for which it has no use: tpm2-pkcs11 1.9.1 does, and
 * answers C_SignInit with CKR_GENERAL_ERROR. Whether it is the token that fails,
 * a key of its own will tell.
 */
static bool
of_no_use(CK_RV rv, const char *call)
{
	return strcmp(call, "C_SignInit") == 0 &&
	    (rv == CKR_GENERAL_ERROR || rv == CKR_FUNCTION_FAILED);
}

static CK_RV
run_answer(struct hsm_session *s, void *arg, const char **call)
{
	struct answer_op *op = arg;
	struct hsm_derivation d = derivation("any");
	uint8_t context[HSM_CONTEXT_MAX];
	CK_OBJECT_HANDLE key;
	struct writer w;
	bool user;
	CK_RV rv;

	writer_init(&w, context, sizeof(context));
	if (hsm_derivation_context(&d, &w))
		return CKR_GENERAL_ERROR;
	*call = "C_CreateObject";
	op->rv = import(s, &key);
	op->taken = op->rv == CKR_OK;
	op->used = false;
	if (!op->taken) {
		rv = raw_session_state(s->hsm, s->handle, &user);
		return rv != CKR_OK || !user ? op->rv : CKR_OK;
	}
	rv = master_mac(s, key, writer_span(&w), op->out, call);
	(void)s->hsm->p11->C_DestroyObject(s->handle, key);
	op->used = rv == CKR_OK;
	if (!of_no_use(rv, *call))
		return rv;
	op->rv = rv;
	rv = raw_session_state(s->hsm, s->handle, &user);
	return rv != CKR_OK || !user ? op->rv : CKR_OK;
}

/* Twice the same, and not the same for another. */
static enum rc
agrees(struct checkup *d, bool *out)
{
	struct hsm_derivation one = derivation(d->master), other = one;
	struct secret a = {0}, b = {0}, c = {0};
	enum rc rc = hsm_derive(d->s, &one, &a);

	other.epoch = 2;
	if (!rc)
		rc = hsm_derive(d->s, &one, &b);
	if (!rc)
		rc = hsm_derive(d->s, &other, &c);
	*out = !rc && secret_equal(&a, &b) && !secret_equal(&a, &c);
	secret_fini(&a);
	secret_fini(&b);
	secret_fini(&c);
	return rc;
}

static enum rc
answer_itself(struct checkup *d, const struct answer_op *op)
{
	const char *why = op->taken
	    ? "takes a known key from outside, and computes nothing with it"
	    : "takes no known key from outside";
	bool good = false;
	enum rc rc = RC_OK;

	if (!d->master[0])
		return checkup_say(d, "answer", "", HSM_WARN,
		    "make a master, then ask again",
		    "not tried: the token %s (%s), and has no master", why,
		    hsm_ckr_name(op->rv));
	rc = agrees(d, &good);
	if (rc)
		return rc;
	if (!good)
		return checkup_say(d, "answer", d->master, HSM_FAIL,
		    "do not derive keys with this token",
		    "the same question got two answers, or two questions one");
	return checkup_say(d, "answer", d->master, HSM_OK, NULL,
	    "the token %s (%s); of its own, the same question gets the same "
	    "answer",
	    why, hsm_ckr_name(op->rv));
}

enum rc
checkup_answer(struct checkup *d)
{
	struct answer_op op = {0};
	enum rc rc = checkup_run(d, "answer", "", run_answer, &op);
	bool good;

	if (rc == RC_UNSUPPORTED) /* said */
		return RC_OK;
	if (rc)
		return rc;
	if (!op.used)
		return answer_itself(d, &op);
	good = memcmp(op.out, answer, sizeof(answer)) == 0;
	secret_wipe(op.out, sizeof(op.out));
	if (!good)
		return checkup_say(d, "answer", "", HSM_FAIL,
		    "do not derive keys with this token",
		    "a known key gave another key than it should");
	return checkup_say(d, "answer", "", HSM_OK, NULL,
	    "a known key gave the derived key that it should");
}
