/*
 * Master keys: made in the token, never outside it, never over another.
 *
 * PKCS#11 lets two objects share a label, and modules differ in which
 * attributes of a new key they take: so the label is looked up before and
 * after, the template is tried from strict to bare, and what the token made is
 * judged by reading it back, not by what was asked.
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
	CK_OBJECT_HANDLE key;
	CK_ULONG before;
};

/* The strictest template that the token takes; never without SENSITIVE, which
 * some modules leave off by themselves. */
static CK_RV
generate(struct hsm_session *s, struct generate_op *op)
{
	CK_MECHANISM mechanism = {CKM_GENERIC_SECRET_KEY_GEN, NULL, 0};
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_GENERIC_SECRET;
	CK_ULONG bytes = MASTER_BYTES;
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	uint8_t id[ID_BYTES];
	char label[HSM_LABEL_MAX];
	size_t label_len = strlen(op->label);
	CK_ATTRIBUTE template[] = {
	    {CKA_CLASS, &class, sizeof(class)},
	    {CKA_KEY_TYPE, &type, sizeof(type)},
	    {CKA_VALUE_LEN, &bytes, sizeof(bytes)},
	    {CKA_LABEL, label, label_len}, {CKA_ID, id, sizeof(id)},
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
	random_bytes(id, sizeof(id));
	for (size_t i = 0; i < sizeof(rungs) / sizeof(rungs[0]); i++) {
		rv = s->hsm->p11->C_GenerateKey(
		    s->handle, &mechanism, template, rungs[i], &op->key);
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
	CK_RV rv = master_search(s, op->label, &handle, 1, &op->before, call);

	if (rv != CKR_OK || op->before > 0)
		return rv;
	*call = "C_GenerateKey";
	return generate(s, op);
}

static CK_RV
run_count(struct hsm_session *s, void *arg, const char **call)
{
	struct generate_op *op = arg;
	CK_OBJECT_HANDLE handles[2];

	return master_search(s, op->label, handles, 2, &op->before, call);
}

struct read_back_op {
	CK_OBJECT_HANDLE key;
	struct hsm_master *out;
};

static CK_RV
run_read_back(struct hsm_session *s, void *arg, const char **call)
{
	struct read_back_op *op = arg;
	CK_RV rv = describe(s, op->key, op->out, call);

	if (rv == CKR_OK)
		rv = master_kcv(s, op->key, op->out->kcv, call);
	return rv;
}

/* Take back a key that must not stay, and say whether it went. */
static enum rc
withdraw(
    struct hsm_session *s, struct generate_op *op, enum rc rc, const char *why)
{
	CK_RV rv = s->hsm->p11->C_DestroyObject(s->handle, op->key);
	char quoted[2 * HSM_LABEL_MAX];

	hsm_quote(quoted, sizeof(quoted), span_str(op->label));
	hsm_error_text(
	    &s->error, rv, "key %s in token %s: %s", quoted, s->hsm->name, why);
	if (rv == CKR_OK)
		hsm_error_remedy(&s->error,
		    rc == RC_CONFLICT
			? "the new key was destroyed; look at the other"
			: "the new key was destroyed; look for a policy of the "
			  "token that overrides CKA_EXTRACTABLE");
	else
		hsm_error_remedy(&s->error,
		    "delete the new key by hand, it could not be destroyed: %s",
		    hsm_ckr_name(rv));
	return rc;
}

static enum rc
generate_checked(
    struct hsm_session *s, struct generate_op *op, struct hsm_master *out)
{
	struct read_back_op back = {.out = out};
	enum rc rc = session_run(s, run_generate, op);

	if (s->error.ckr == CKR_MECHANISM_INVALID ||
	    s->error.ckr == CKR_FUNCTION_NOT_SUPPORTED)
		hsm_error_remedy(&s->error,
		    "make the key with the vendor's tool: 32 bytes for "
		    "HMAC-SHA256, SIGN, not extractable (TPM: tpm2_ptool "
		    "addkey --algorithm=hmac:sha256 --key-label=LABEL)");
	if (rc)
		return rc;
	if (op->before > 0) {
		char quoted[2 * HSM_LABEL_MAX];

		hsm_quote(quoted, sizeof(quoted), span_str(op->label));
		hsm_error_text(&s->error, 0, "key %s is in token %s already",
		    quoted, s->hsm->name);
		hsm_error_remedy(&s->error,
		    "masters are never overwritten: choose another label");
		return RC_CONFLICT;
	}
	rc = session_run(s, run_count, op);
	if (rc)
		return rc;
	if (op->before != 1)
		return withdraw(
		    s, op, RC_CONFLICT, "another was made at the same time");
	back.key = op->key;
	rc = session_run(s, run_read_back, &back);
	if (rc)
		return rc;
	if (!out->sensitive || out->extractable)
		return withdraw(
		    s, op, RC_DENIED, "the token made it extractable");
	return RC_OK;
}

enum rc
hsm_master_generate(
    struct hsm_session *s, const char *label, struct hsm_master *out)
{
	struct generate_op op = {.label = label};
	enum rc rc;

	if (!hsm_label_valid(label))
		return bad_label(s);
	memset(out, 0, sizeof(*out));
	rc = session_enter(s);
	if (rc)
		return rc;
	return session_leave(s, generate_checked(s, &op, out));
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
