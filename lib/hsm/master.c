/*
 * Master keys: made in the token, never outside it, never over another.
 *
 * PKCS#11 lets two objects share a label, and modules differ in which
 * attributes of a new key they take: so the label is looked up before and
 * after, the template is tried from strict to bare, and what the token made is
 * judged by reading it back, not by what was asked.
 * Once the token was asked for one, its handle is not relied upon: it changes
 * with a login that is renewed, and the answer may be lost. The key is found
 * again by label and id, and taken back where anything fails.
 */
#include "base/digest.h"
#include "base/text.h"
#include "hsm/hsm_internal.h"

#include <stdlib.h>

enum {
	MASTER_BYTES = 32,
	ID_BYTES = 8,
	MASTERS_MAX = 4096, /* listed */
};

/* Without the check value. */
static CK_RV
describe(struct hsm_session *s, CK_OBJECT_HANDLE key, struct hsm_master *m,
    const char **call)
{
	const struct {
		CK_ATTRIBUTE_TYPE type;
		bool *flag;
	} flags[] = {
	    {CKA_SENSITIVE, &m->sensitive},
	    {CKA_EXTRACTABLE, &m->extractable},
	    {CKA_LOCAL, &m->local},
	    {CKA_NEVER_EXTRACTABLE, &m->never_extractable},
	    {CKA_SIGN, &m->sign},
	    {CKA_TOKEN, &m->token},
	};
	size_t len;
	CK_RV rv;

	memset(m, 0, sizeof(*m));
	*call = "C_GetAttributeValue";
	rv = object_bytes(s, key, CKA_LABEL, m->label, HSM_LABEL_MAX, &len);
	if (rv == CKR_OK)
		rv = object_bytes(
		    s, key, CKA_ID, m->id, sizeof(m->id), &m->id_len);
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (rv == CKR_OK)
			rv = object_flag(s, key, flags[i].type, flags[i].flag);
	if (rv == CKR_OK && object_value_readable(s, key))
		m->extractable = true;
	return rv;
}

struct describe_op {
	const char *label;
	struct hsm_master *out;
	CK_ULONG found;
};

static CK_RV
run_describe(struct hsm_session *s, void *arg, const char **call)
{
	struct describe_op *op = arg;
	CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
	CK_RV rv = master_find(s, op->label, &key, &op->found, call);

	if (rv != CKR_OK || op->found != 1)
		return rv;
	rv = describe(s, key, op->out, call);
	if (rv == CKR_OK)
		rv = master_kcv(s, key, op->out->kcv, call);
	return rv;
}

static enum rc
bad_label(struct hsm_session *s)
{
	hsm_error_text(&s->error, 0, "not a label of a key");
	hsm_error_remedy(&s->error,
	    "1..%d bytes of UTF-8 without control characters", HSM_LABEL_MAX);
	return RC_MALFORMED;
}

enum rc
hsm_master_describe(
    struct hsm_session *s, const char *label, struct hsm_master *out)
{
	struct describe_op op = {.label = label, .out = out};
	enum rc rc;

	if (!hsm_label_valid(label))
		return bad_label(s);
	rc = session_enter(s);
	if (rc)
		return rc;
	rc = session_run(s, run_describe, &op);
	if (!rc)
		rc = master_count_check(s, label, op.found);
	return session_leave(s, rc);
}

struct generate_op {
	const char *label;
	uint8_t id[ID_BYTES]; /* drawn here: no other key has it */
	bool asked; /* the token was, so a key may be there */
	CK_ULONG before;
	struct hsm_master *out;
};

/* The new key, if it is there. */
static CK_RV
find_new(struct hsm_session *s, struct generate_op *op,
    CK_OBJECT_HANDLE *handle, CK_ULONG *found, const char **call)
{
	const struct object_ref ref = {
	    .class = CKO_SECRET_KEY,
	    .label = op->label,
	    .id = span_of(op->id, sizeof(op->id)),
	};

	return object_search(s, &ref, handle, 1, found, call);
}

static CK_RV
run_take_back(struct hsm_session *s, void *arg, const char **call)
{
	struct generate_op *op = arg;
	CK_OBJECT_HANDLE handle;
	CK_ULONG found;
	CK_RV rv = find_new(s, op, &handle, &found, call);

	if (rv != CKR_OK || found == 0)
		return rv;
	*call = "C_DestroyObject";
	return s->hsm->p11->C_DestroyObject(s->handle, handle);
}

/* The strictest template that the token takes; never without SENSITIVE, which
 * some modules leave off by themselves. */
static CK_RV
generate(struct hsm_session *s, struct generate_op *op, const char **call)
{
	CK_MECHANISM mechanism = {CKM_GENERIC_SECRET_KEY_GEN, NULL, 0};
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_GENERIC_SECRET;
	CK_ULONG bytes = MASTER_BYTES;
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_OBJECT_HANDLE key;
	char label[HSM_LABEL_MAX];
	size_t label_len = strlen(op->label);
	CK_ATTRIBUTE template[] = {
	    {CKA_CLASS, &class, sizeof(class)},
	    {CKA_KEY_TYPE, &type, sizeof(type)},
	    {CKA_VALUE_LEN, &bytes, sizeof(bytes)},
	    {CKA_LABEL, label, label_len}, {CKA_ID, op->id, sizeof(op->id)},
	    {CKA_TOKEN, &yes, sizeof(yes)}, {CKA_PRIVATE, &yes, sizeof(yes)},
	    {CKA_SIGN, &yes, sizeof(yes)}, {CKA_SENSITIVE, &yes, sizeof(yes)},
	    {CKA_EXTRACTABLE, &no, sizeof(no)}, /* 10th */
	    {CKA_DERIVE, &no, sizeof(no)}, {CKA_VERIFY, &no, sizeof(no)},
	    {CKA_ENCRYPT, &no, sizeof(no)}, {CKA_DECRYPT, &no, sizeof(no)},
	    {CKA_WRAP, &no, sizeof(no)},
	    {CKA_UNWRAP, &no, sizeof(no)}, /* 16th */
	};
	static const CK_ULONG rungs[] = {16, 10, 9};
	CK_RV rv = CKR_OK;

	memcpy(label, op->label, label_len);
	for (size_t i = 0; i < sizeof(rungs) / sizeof(rungs[0]); i++) {
		/* Asked before, and the answer may have been lost. */
		if (op->asked) {
			rv = run_take_back(s, op, call);
			if (rv != CKR_OK)
				return rv;
		}
		op->asked = true;
		*call = "C_GenerateKey";
		rv = s->hsm->p11->C_GenerateKey(
		    s->handle, &mechanism, template, rungs[i], &key);
		if (hsm_ckr_class(rv) != CKR_CLASS_TEMPLATE &&
		    rv != CKR_GENERAL_ERROR)
			break;
	}
	return rv;
}

static CK_RV
run_generate(struct hsm_session *s, void *arg, const char **call)
{
	struct generate_op *op = arg;
	CK_OBJECT_HANDLE handle;
	CK_RV rv = CKR_OK;

	/* Nor may it be taken for another's. */
	if (op->asked)
		rv = run_take_back(s, op, call);
	if (rv == CKR_OK)
		rv = master_search(s, op->label, &handle, 1, &op->before, call);
	if (rv != CKR_OK || op->before > 0)
		return rv;
	return generate(s, op, call);
}

static CK_RV
run_read_back(struct hsm_session *s, void *arg, const char **call)
{
	struct generate_op *op = arg;
	CK_OBJECT_HANDLE handles[2];
	CK_ULONG found;
	CK_RV rv = master_search(s, op->label, handles, 2, &op->before, call);

	if (rv != CKR_OK || op->before != 1)
		return rv;
	rv = find_new(s, op, handles, &found, call);
	if (rv == CKR_OK && found == 0) {
		*call = "C_GenerateKey (a key that is not there)";
		rv = CKR_GENERAL_ERROR;
	}
	if (rv == CKR_OK)
		rv = describe(s, handles[0], op->out, call);
	if (rv == CKR_OK)
		rv = master_kcv(s, handles[0], op->out->kcv, call);
	return rv;
}

/* Take back a key that must not stay. The session's error says why it must
 * not; where it could not be taken back, that too. */
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
	char quoted[2 * HSM_LABEL_MAX];

	hsm_quote(quoted, sizeof(quoted), span_str(op->label));
	hsm_error_text(
	    &s->error, 0, "key %s in token %s: %s", quoted, s->hsm->name, why);
	hsm_error_remedy(&s->error,
	    rc == RC_CONFLICT
		? "the new key was destroyed; look at the other"
		: "the new key was destroyed; look for a policy of the token "
		  "that overrides CKA_EXTRACTABLE");
	return take_back(s, op, rc);
}

static enum rc
generate_checked(struct hsm_session *s, struct generate_op *op)
{
	enum rc rc = session_run(s, run_generate, op);

	if (s->error.ckr == CKR_MECHANISM_INVALID ||
	    s->error.ckr == CKR_FUNCTION_NOT_SUPPORTED)
		hsm_error_remedy(&s->error,
		    "make the key with the vendor's tool: 32 bytes for "
		    "HMAC-SHA256, SIGN, not extractable (TPM: tpm2_ptool "
		    "addkey --algorithm=hmac:sha256 --key-label=LABEL)");
	if (rc)
		return take_back(s, op, rc);
	if (op->before > 0) {
		char quoted[2 * HSM_LABEL_MAX];

		hsm_quote(quoted, sizeof(quoted), span_str(op->label));
		hsm_error_text(&s->error, 0, "key %s is in token %s already",
		    quoted, s->hsm->name);
		hsm_error_remedy(&s->error,
		    "masters are never overwritten: choose another label");
		return RC_CONFLICT;
	}
	rc = session_run(s, run_read_back, op);
	if (rc)
		return take_back(s, op, rc);
	if (op->before != 1)
		return withdraw(
		    s, op, RC_CONFLICT, "another was made at the same time");
	if (!op->out->sensitive || op->out->extractable)
		return withdraw(
		    s, op, RC_DENIED, "the token made it extractable");
	return RC_OK;
}

enum rc
hsm_master_generate(
    struct hsm_session *s, const char *label, struct hsm_master *out)
{
	struct generate_op op = {.label = label, .out = out};
	enum rc rc;

	if (!hsm_label_valid(label))
		return bad_label(s);
	memset(out, 0, sizeof(*out));
	random_bytes(op.id, sizeof(op.id));
	rc = session_enter(s);
	if (rc)
		return rc;
	return session_leave(s, generate_checked(s, &op));
}

struct list_op {
	struct hsm_master *masters; /* MASTERS_MAX */
	CK_OBJECT_HANDLE *handles; /* MASTERS_MAX */
	size_t count;
};

static CK_RV
run_list(struct hsm_session *s, void *arg, const char **call)
{
	struct list_op *op = arg;
	CK_ULONG found;
	CK_RV rv;

	op->count = 0;
	rv = master_search(s, NULL, op->handles, MASTERS_MAX, &found, call);
	for (CK_ULONG i = 0; rv == CKR_OK && i < found; i++) {
		struct hsm_master *m = &op->masters[op->count];

		rv = describe(s, op->handles[i], m, call);
		if (rv != CKR_OK || !m->sign)
			continue;
		rv = master_kcv(s, op->handles[i], m->kcv, call);
		if (hsm_ckr_class(rv) == CKR_CLASS_KEY)
			rv = CKR_OK; /* signs, but not HMAC: no check value */
		op->count++;
	}
	return rv;
}

enum rc
hsm_master_list(struct hsm_session *s, hsm_master_fn each, void *ctx)
{
	struct list_op op = {0};
	enum rc rc;

	op.masters = calloc(MASTERS_MAX, sizeof(*op.masters));
	op.handles = calloc(MASTERS_MAX, sizeof(*op.handles));
	if (!op.masters || !op.handles) {
		rc = RC_MEMORY;
		goto out;
	}
	rc = session_enter(s);
	if (rc)
		goto out;
	/* `each` is called when nothing is held: it may use the session. */
	rc = session_leave(s, session_run(s, run_list, &op));
	for (size_t i = 0; !rc && i < op.count; i++)
		rc = each(ctx, &op.masters[i]);
out:
	free(op.masters);
	free(op.handles);
	return rc;
}
