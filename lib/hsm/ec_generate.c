/*
 * Making a signing key: as masters are made, under a label that is free, with
 * the strictest template that the token takes, judged by what it reads back
 * and by what it signs. What fails on the way is taken back.
 *
 * Once the token was asked, its handles are not relied upon: they change with a
 * login that is renewed, and an answer may be lost. The key is found again by
 * label and id.
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
	bool own_id; /* drawn here: no other key has it */
	bool asked; /* the token was, so a key may be there */
	bool made; /* the token has said that one is */
	CK_ULONG others;
	struct hsm_ec_key *out;
};

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

/* One half of the new key; CKR_KEY_HANDLE_INVALID where another key has label
 * and id, too, so that nobody knows which is which. */
static CK_RV
find_half(struct hsm_session *s, struct generate_op *op, CK_OBJECT_CLASS class,
    CK_OBJECT_HANDLE *handle, CK_ULONG *found, const char **call)
{
	struct object_ref ref = ec_object(&op->ref, class);
	CK_OBJECT_HANDLE handles[2];
	CK_RV rv = object_search(s, &ref, handles, 2, found, call);

	if (rv != CKR_OK || *found == 0)
		return rv;
	*handle = handles[0];
	return *found == 1 && (op->made || op->own_id) ? CKR_OK
						       : CKR_KEY_HANDLE_INVALID;
}

static CK_RV
run_take_back(struct hsm_session *s, void *arg, const char **call)
{
	static const CK_OBJECT_CLASS halves[] = {
	    CKO_PRIVATE_KEY, CKO_PUBLIC_KEY};
	struct generate_op *op = arg;
	CK_RV rv = CKR_OK;

	pthread_mutex_lock(&s->hsm->lock);
	object_cache_clear(s->hsm);
	pthread_mutex_unlock(&s->hsm->lock);
	for (int i = 0; rv == CKR_OK && i < 2; i++) {
		CK_OBJECT_HANDLE handle;
		CK_ULONG found;

		rv = find_half(s, op, halves[i], &handle, &found, call);
		if (rv != CKR_OK || found == 0)
			continue;
		*call = "C_DestroyObject";
		rv = s->hsm->p11->C_DestroyObject(s->handle, handle);
	}
	return rv;
}

static CK_RV
generate(struct hsm_session *s, struct generate_op *op, const char **call)
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
	CK_OBJECT_HANDLE public_key, private_key;
	CK_RV rv = CKR_OK;

	for (size_t i = 0; i < sizeof(rungs) / sizeof(rungs[0]); i++) {
		/* Asked before, and the answer may have been lost. */
		if (op->asked && op->own_id) {
			rv = run_take_back(s, op, call);
			if (rv != CKR_OK)
				return rv;
		}
		op->asked = true;
		*call = "C_GenerateKeyPair";
		rv = s->hsm->p11->C_GenerateKeyPair(s->handle, &mechanism,
		    public, rungs[i].public, private, rungs[i].private,
		    &public_key, &private_key);
		if (hsm_ckr_class(rv) != CKR_CLASS_TEMPLATE &&
		    rv != CKR_GENERAL_ERROR)
			break;
	}
	op->made = rv == CKR_OK;
	return rv;
}

static CK_RV
run_generate(struct hsm_session *s, void *arg, const char **call)
{
	struct generate_op *op = arg;
	CK_RV rv = CKR_OK;

	/* Nor may it be taken for another's. */
	if (op->asked && op->own_id)
		rv = run_take_back(s, op, call);
	if (rv == CKR_OK)
		rv = count_label(s, op, call);
	if (rv != CKR_OK || op->others > 0)
		return rv;
	return generate(s, op, call);
}

static CK_RV
run_read_back(struct hsm_session *s, void *arg, const char **call)
{
	struct generate_op *op = arg;
	CK_OBJECT_HANDLE private, public;
	CK_ULONG private_found, public_found;
	CK_RV rv = count_label(s, op, call);

	if (rv != CKR_OK || op->others != 1)
		return rv;
	rv = find_half(s, op, CKO_PRIVATE_KEY, &private, &private_found, call);
	if (rv == CKR_OK)
		rv = find_half(
		    s, op, CKO_PUBLIC_KEY, &public, &public_found, call);
	if (rv != CKR_OK)
		return rv;
	if (private_found != 1 || public_found != 1) {
		*call = "C_GenerateKeyPair (a key of which a half is missing)";
		return CKR_GENERAL_ERROR;
	}
	rv = ec_read_private(s, private, op->out, call);
	if (rv == CKR_OK)
		rv = ec_read_public(
		    s, public, op->out->spki, &op->out->p256, call);
	return rv;
}

/* Take back a key that must not stay. The session's error says why it must
 * not; where it could not be taken back, that too. Under epoch_lock. */
static enum rc
take_back(struct hsm_session *s, struct generate_op *op, enum rc rc)
{
	struct hsm_error why = s->error;
	CK_RV rv;

	memset(op->out, 0, sizeof(*op->out));
	if (!op->asked)
		return rc;
	hsm_error_clear(&s->error);
	rv = session_ready(s);
	if (rv == CKR_OK && session_run(s, run_take_back, op))
		rv = s->error.ckr ? s->error.ckr : CKR_GENERAL_ERROR;
	s->error = why;
	if (rv != CKR_OK)
		hsm_error_remedy(&s->error,
		    "delete the new key by hand, if it is there: it could not "
		    "be destroyed (%s)",
		    hsm_ckr_name(rv));
	return rc;
}

/* The token has done what it must not. */
static enum rc
withdraw(
    struct hsm_session *s, struct generate_op *op, enum rc rc, const char *why)
{
	ec_error(s, 0, &op->ref, why);
	hsm_error_remedy(&s->error,
	    rc == RC_CONFLICT
		? "the new key was destroyed; look at the other"
		: "the new key was destroyed; look for a policy of the token "
		  "that overrides its attributes");
	return take_back(s, op, rc);
}

/* Under epoch_lock. */
static enum rc
generate_read_back(struct hsm_session *s, struct generate_op *op)
{
	enum rc rc = ec_explain(s, session_run(s, run_generate, op));

	if (rc)
		return take_back(s, op, rc);
	if (op->others > 0) {
		ec_error(s, 0, &op->ref, "a key of that label is there");
		hsm_error_remedy(&s->error,
		    op->asked ? "an answer of the token was lost, so it may be "
				"the one just asked for: delete it by hand, or "
				"choose another label"
			      : "keys are never overwritten: choose another "
				"label");
		return RC_CONFLICT;
	}
	rc = session_run(s, run_read_back, op);
	if (rc)
		return take_back(s, op, rc);
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

/* Its self-test has failed. */
static enum rc
take_back_untested(struct hsm_session *s, struct generate_op *op, enum rc rc)
{
	struct hsm_error why = s->error;
	bool entered = session_enter(s) == RC_OK;

	s->error = why;
	if (!entered) {
		memset(op->out, 0, sizeof(*op->out));
		hsm_error_remedy(&s->error,
		    "delete the new key by hand: the token is away, and it was "
		    "not tried");
		return rc;
	}
	if (rc != RC_DENIED)
		return session_leave(s, take_back(s, op, rc));
	return session_leave(s,
	    withdraw(s, op, rc,
		"what it signs does not verify with the public key"));
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
		op.own_id = true;
		op.ref.id_len = ID_BYTES;
		random_bytes(op.ref.id, ID_BYTES);
	}
	rc = session_leave(s, generate_read_back(s, &op));
	if (rc)
		return rc;
	rc =
	    hsm_ec_self_test(s, &op.ref, span_of(out->spki, sizeof(out->spki)));
	return rc ? take_back_untested(s, &op, rc) : RC_OK;
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
