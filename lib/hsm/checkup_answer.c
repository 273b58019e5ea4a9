/*
 * A known key must give a known answer. Where the token takes no key from
 * outside, a master must at least agree with itself.
 */
#include "base/digest.h"
#include "base/text.h"
#include "hsm/checkup.h"

#include <stdio.h>

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

enum { KEY_LEN = 32, KEPT_MAX = 4 };

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
	bool kept; /* and would have kept it for good */
	CK_RV rv; /* why it did not */
	CK_RV left; /* why what it kept is there still */
	char label[40]; /* of the key; no other has it */
	uint8_t out[HSM_MAC_CAP];
};

/* From the plain template to the one of tokens that insist. */
static CK_RV
import(struct hsm *h, CK_SESSION_HANDLE session, struct answer_op *op,
    CK_OBJECT_HANDLE *key)
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
	    {CKA_LABEL, op->label, strlen(op->label)},
	    {CKA_VALUE, value, sizeof(value)}, /* 6th */
	    {CKA_PRIVATE, &yes, sizeof(yes)},
	    {CKA_SENSITIVE, &yes, sizeof(yes)},
	    {CKA_EXTRACTABLE, &no, sizeof(no)}, /* 9th */
	};
	CK_RV rv = CKR_OK;

	for (unsigned i = 0; i < sizeof(value); i++)
		value[i] = (uint8_t)(0x40 + i);
	for (unsigned i = 0; i < 4; i++) {
		type = types[i / 2];
		rv = h->p11->C_CreateObject(
		    session, template, i % 2 ? 9 : 6, key);
		if (rv == CKR_OK)
			break;
	}
	return rv;
}

static void
name_it(struct answer_op *op)
{
	uint8_t random[8];
	struct writer w;

	random_bytes(random, sizeof(random));
	writer_init(&w, op->label, sizeof(op->label) - 1);
	writer_str(&w, "known-answer-");
	text_hex(&w, span_of(random, sizeof(random)));
	op->label[w.len] = '\0';
}

/*
 * A key of a session goes with the session. Where it does not (tpm2-pkcs11 1.9.1
 * stores it, cannot use it, and once it was tried does not destroy it), it is
 * destroyed before anything is tried.
 */
static CK_RV
destroy_kept(struct hsm_session *s, struct answer_op *op, const char **call)
{
	CK_FUNCTION_LIST *p11 = s->hsm->p11;
	CK_ATTRIBUTE label = {CKA_LABEL, op->label, strlen(op->label)};
	CK_OBJECT_HANDLE kept[KEPT_MAX];
	CK_ULONG n = 0;
	CK_RV rv, final;

	*call = "C_FindObjectsInit";
	rv = p11->C_FindObjectsInit(s->handle, &label, 1);
	if (rv != CKR_OK)
		return rv;
	*call = "C_FindObjects";
	rv = p11->C_FindObjects(s->handle, kept, KEPT_MAX, &n);
	final = p11->C_FindObjectsFinal(s->handle);
	if (rv != CKR_OK || final != CKR_OK)
		return rv != CKR_OK ? rv : final;
	op->kept = op->kept || n > 0;
	for (CK_ULONG i = 0; i < n && i < KEPT_MAX; i++) {
		rv = p11->C_DestroyObject(s->handle, kept[i]);
		if (rv != CKR_OK)
			op->left = rv;
	}
	return CKR_OK;
}

/* Into a session that ends at once: what is left of it then? */
static CK_RV
try_import(struct hsm_session *s, struct answer_op *op, const char **call)
{
	struct hsm *h = s->hsm;
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE key;

	*call = "C_OpenSession";
	op->rv = h->p11->C_OpenSession(
	    h->slot_id, h->session_flags, NULL, NULL, &session);
	if (op->rv != CKR_OK)
		return CKR_OK; /* not tried, then */
	op->rv = import(h, session, op, &key);
	op->taken = op->rv == CKR_OK;
	(void)h->p11->C_CloseSession(session);
	return op->taken ? destroy_kept(s, op, call) : CKR_OK;
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
	op->taken = false;
	rv = try_import(s, op, call);
	if (rv != CKR_OK || op->kept)
		return rv;
	*call = "C_CreateObject";
	if (op->taken)
		op->rv = import(s->hsm, s->handle, op, &key);
	op->taken = op->rv == CKR_OK;
	if (!op->taken) {
		rv = raw_session_state(s->hsm, s->handle, &user);
		return rv != CKR_OK || !user ? op->rv : CKR_OK;
	}
	rv = master_mac(s, key, writer_span(&w), op->out, call);
	(void)s->hsm->p11->C_DestroyObject(s->handle, key);
	return rv;
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
	char why[96];
	bool good = false;
	enum rc rc = RC_OK;

	snprintf(why, sizeof(why), "takes no known key from outside (%s)",
	    hsm_ckr_name(op->rv));
	if (op->kept)
		snprintf(why, sizeof(why),
		    "keeps a known key that was for one session");
	if (!d->master[0])
		return checkup_say(d, "answer", "", HSM_WARN,
		    "make a master, then ask again",
		    "not tried: the token %s, and has no master", why);
	rc = agrees(d, &good);
	if (rc)
		return rc;
	if (!good)
		return checkup_say(d, "answer", d->master, HSM_FAIL,
		    "do not derive keys with this token",
		    "the same question got two answers, or two questions one");
	return checkup_say(d, "answer", d->master, HSM_OK, NULL,
	    "the token %s; of its own, the same question gets the same answer",
	    why);
}

enum rc
checkup_answer(struct checkup *d)
{
	struct answer_op op = {0};
	bool good;
	enum rc rc;

	name_it(&op);
	rc = checkup_run(d, "answer", "", run_answer, &op);

	if (rc == RC_UNSUPPORTED) /* said */
		return RC_OK;
	if (rc)
		return rc;
	if (op.left != CKR_OK)
		return checkup_say(d, "answer", "", HSM_FAIL,
		    "destroy it with the vendor's tool: everybody knows it",
		    "the token keeps the known key %s, which was for one "
		    "session, and does not destroy it (%s)",
		    op.label, hsm_ckr_name(op.left));
	if (!op.taken || op.kept)
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
