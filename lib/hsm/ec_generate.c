/*
 * Making a signing key: as masters are made, under a label that is free, with
 * the strictest template that the token takes, judged by what it reads back
 * and by what it signs.
 */
#include "base/digest.h"
#include "hsm/ec_internal.h"

#include <stdlib.h>

enum {
	ID_BYTES = 8,
	KEYS_MAX = 4096, /* listed */
};

struct generate_op {
	struct hsm_ec_ref ref; /* with its id */
	CK_OBJECT_HANDLE private, public;
	CK_ULONG others;
	struct hsm_ec_key *out;
};

static CK_RV
generate(struct hsm_session *s, struct generate_op *op)
{
	CK_MECHANISM mechanism = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
	CK_KEY_TYPE type = CKK_EC;
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	size_t label_len = strlen(op->ref.label);
	CK_ATTRIBUTE public[] = {
	    {CKA_EC_PARAMS, unconst(ec_p256_params.p), ec_p256_params.len},
	    {CKA_LABEL, op->ref.label, label_len},
	    {CKA_ID, op->ref.id, op->ref.id_len},
	    {CKA_TOKEN, &yes, sizeof(yes)}, {CKA_VERIFY, &yes, sizeof(yes)},
	    {CKA_KEY_TYPE, &type, sizeof(type)}, /* 6th */
	    {CKA_ENCRYPT, &no, sizeof(no)},
	    {CKA_WRAP, &no, sizeof(no)}, /* 8th */
	};
	CK_ATTRIBUTE private[] = {
	    {CKA_LABEL, op->ref.label, label_len},
	    {CKA_ID, op->ref.id, op->ref.id_len},
	    {CKA_TOKEN, &yes, sizeof(yes)}, {CKA_PRIVATE, &yes, sizeof(yes)},
	    {CKA_SIGN, &yes, sizeof(yes)}, {CKA_SENSITIVE, &yes, sizeof(yes)},
	    {CKA_EXTRACTABLE, &no, sizeof(no)}, /* 7th */
	    {CKA_KEY_TYPE, &type, sizeof(type)}, {CKA_DECRYPT, &no, sizeof(no)},
	    {CKA_UNWRAP, &no, sizeof(no)},
	    {CKA_DERIVE, &no, sizeof(no)}, /* 11th */
	};
	static const struct {
		CK_ULONG public, private;
	} rungs[] = {{8, 11}, {6, 7}, {6, 6}};
	CK_RV rv = CKR_OK;

	for (size_t i = 0; i < sizeof(rungs) / sizeof(rungs[0]); i++) {
		rv = s->hsm->p11->C_GenerateKeyPair(s->handle, &mechanism,
		    public, rungs[i].public, private, rungs[i].private,
		    &op->public, &op->private);
		if (hsm_ckr_class(rv) != CKR_CLASS_TEMPLATE &&
		    rv != CKR_GENERAL_ERROR)
			break;
	}
	return rv;
}

/* Keys of either half under the label, whatever their id. */
static CK_RV
count_label(struct hsm_session *s, struct generate_op *op, const char **call)
{
	struct object_ref ref = {.label = op->ref.label};
	CK_OBJECT_HANDLE handles[2];
	CK_ULONG private;
	CK_RV rv;

	ref.class = CKO_PRIVATE_KEY;
	rv = object_search(s, &ref, handles, 2, &private, call);
	if (rv != CKR_OK)
		return rv;
	ref.class = CKO_PUBLIC_KEY;
	rv = object_search(s, &ref, handles, 2, &op->others, call);
	if (private > op->others)
		op->others = private;
	return rv;
}

static CK_RV
run_generate(struct hsm_session *s, void *arg, const char **call)
{
	struct generate_op *op = arg;
	CK_RV rv = count_label(s, op, call);

	if (rv != CKR_OK || op->others > 0)
		return rv;
	*call = "C_GenerateKeyPair";
	return generate(s, op);
}

static CK_RV
run_read_back(struct hsm_session *s, void *arg, const char **call)
{
	struct generate_op *op = arg;
	CK_RV rv = count_label(s, op, call);

	if (rv == CKR_OK)
		rv = ec_read_private(s, op->private, op->out, call);
	if (rv == CKR_OK)
		rv = ec_read_public(
		    s, op->public, op->out->spki, &op->out->p256, call);
	return rv;
}

/* Take back a key that must not stay, and say whether it went. */
static enum rc
withdraw(
    struct hsm_session *s, struct generate_op *op, enum rc rc, const char *why)
{
	CK_FUNCTION_LIST *p11 = s->hsm->p11;
	CK_RV rv = p11->C_DestroyObject(s->handle, op->private);
	CK_RV public_rv = p11->C_DestroyObject(s->handle, op->public);

	if (rv == CKR_OK)
		rv = public_rv;
	pthread_mutex_lock(&s->hsm->lock);
	object_cache_clear(s->hsm);
	pthread_mutex_unlock(&s->hsm->lock);
	ec_error(s, rv, &op->ref, why);
	if (rv == CKR_OK)
		hsm_error_remedy(&s->error,
		    rc == RC_CONFLICT
			? "the new key was destroyed; look at the other"
			: "the new key was destroyed; look for a policy of the "
			  "token that overrides its attributes");
	else
		hsm_error_remedy(&s->error,
		    "delete the new key by hand, it could not be destroyed: %s",
		    hsm_ckr_name(rv));
	return rc;
}

/* Under epoch_lock. */
static enum rc
generate_read_back(struct hsm_session *s, struct generate_op *op)
{
	enum rc rc = ec_explain(s, session_run(s, run_generate, op));

	if (rc)
		return rc;
	if (op->others > 0) {
		ec_error(s, 0, &op->ref, "a key of that label is there");
		hsm_error_remedy(&s->error,
		    "keys are never overwritten: choose another label");
		return RC_CONFLICT;
	}
	rc = session_run(s, run_read_back, op);
	if (rc)
		return rc;
	if (op->others != 1)
		return withdraw(
		    s, op, RC_CONFLICT, "another was made at the same time");
	if (!op->out->sensitive || op->out->extractable)
		return withdraw(
		    s, op, RC_DENIED, "the token made it extractable");
	if (!op->out->p256)
		return withdraw(
		    s, op, RC_DENIED, "the token made it on another curve");
	return RC_OK;
}

enum rc
hsm_ec_generate(
    struct hsm_session *s, const struct hsm_ec_ref *ref, struct hsm_ec_key *out)
{
	struct generate_op op = {.ref = *ref, .out = out};
	enum rc rc = ec_ref_check(s, ref);

	memset(out, 0, sizeof(*out));
	if (!rc)
		rc = session_enter(s);
	if (rc)
		return rc;
	if (op.ref.id_len == 0) {
		op.ref.id_len = ID_BYTES;
		random_bytes(op.ref.id, ID_BYTES);
	}
	rc = session_leave(s, generate_read_back(s, &op));
	if (rc)
		return rc;
	rc =
	    hsm_ec_self_test(s, &op.ref, span_of(out->spki, sizeof(out->spki)));
	if (rc != RC_DENIED)
		return rc;
	rc = session_enter(s);
	if (rc)
		return rc;
	return session_leave(s,
	    withdraw(s, &op, RC_DENIED,
		"what it signs does not verify with the public key"));
}

struct list_op {
	struct hsm_ec_key *keys; /* KEYS_MAX */
	CK_OBJECT_HANDLE *handles; /* KEYS_MAX */
	size_t count;
};

static CK_RV
read_listed(struct hsm_session *s, CK_OBJECT_HANDLE handle,
    struct hsm_ec_key *k, bool *ec, const char **call)
{
	CK_KEY_TYPE type = CKK_RSA;
	CK_OBJECT_HANDLE public;
	struct object_ref ref;
	CK_ULONG found;
	size_t len;
	CK_RV rv;

	*call = "C_GetAttributeValue";
	rv = object_bytes(s, handle, CKA_KEY_TYPE, &type, sizeof(type), &len);
	*ec = rv == CKR_OK && len == sizeof(type) && type == CKK_EC;
	if (!*ec)
		return rv;
	rv = ec_read_private(s, handle, k, call);
	if (rv != CKR_OK || !k->ref.label[0])
		return rv;
	ref = ec_object(&k->ref, CKO_PUBLIC_KEY);
	rv = object_search(s, &ref, &public, 1, &found, call);
	if (rv != CKR_OK || found != 1)
		return rv;
	return ec_read_public(s, public, k->spki, &k->p256, call);
}

static CK_RV
run_list(struct hsm_session *s, void *arg, const char **call)
{
	const struct object_ref ref = {.class = CKO_PRIVATE_KEY};
	struct list_op *op = arg;
	CK_ULONG found;
	CK_RV rv;

	op->count = 0;
	rv = object_search(s, &ref, op->handles, KEYS_MAX, &found, call);
	for (CK_ULONG i = 0; rv == CKR_OK && i < found; i++) {
		bool ec;

		rv = read_listed(
		    s, op->handles[i], &op->keys[op->count], &ec, call);
		if (ec)
			op->count++;
	}
	return rv;
}

enum rc
hsm_ec_list(struct hsm_session *s, hsm_ec_fn each, void *ctx)
{
	struct list_op op = {0};
	enum rc rc;

	op.keys = calloc(KEYS_MAX, sizeof(*op.keys));
	op.handles = calloc(KEYS_MAX, sizeof(*op.handles));
	if (!op.keys || !op.handles) {
		rc = RC_MEMORY;
		goto out;
	}
	rc = session_enter(s);
	if (rc)
		goto out;
	/* `each` is called when nothing is held: it may use the session. */
	rc = session_leave(s, session_run(s, run_list, &op));
	for (size_t i = 0; !rc && i < op.count; i++)
		rc = each(ctx, &op.keys[i]);
out:
	free(op.keys);
	free(op.handles);
	return rc;
}
