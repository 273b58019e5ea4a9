/* The premaster secret of a master key, digested where the master is. */
#include "hsm/hsm_internal.h"
#include "hsm/psk_test.h"

enum {
	HASHED_BY_HMAC = 64, /* bytes; a longer key is (RFC 2104 2) */
	MASTER_MAX = 256, /* bytes */
};

struct premaster_op {
	const char *label;
	uint8_t *out;
	CK_ULONG found;
	bool refused; /* not by this token, or not this key */
};

/* A token that does not digest keys says so in many ways; what a lost session
 * or login says is session_run()'s to mend, and a token that is away has not
 * been asked. */
static bool
refuses(CK_RV rv)
{
	enum ckr_class class = hsm_ckr_class(rv);

	if (rv == CKR_DEVICE_REMOVED || rv == CKR_TOKEN_NOT_PRESENT ||
	    rv == CKR_CRYPTOKI_NOT_INITIALIZED)
		return false;
	return class != CKR_CLASS_OK && class != CKR_CLASS_SESSION &&
	    class != CKR_CLASS_OPERATION && class != CKR_CLASS_LOGIN &&
	    class != CKR_CLASS_HANDLE;
}

/* RFC 4279 2: length, so many zeros, length, key. */
static CK_RV
digest(struct hsm_session *s, CK_OBJECT_HANDLE key, size_t key_len,
    uint8_t out[static PSK_TEST_PREMASTER_LEN], const char **call)
{
	CK_FUNCTION_LIST *p11 = s->hsm->p11;
	CK_MECHANISM mechanism = {CKM_SHA256, NULL, 0};
	/* More room than a digest takes, as in master_mac(). */
	uint8_t hash[HSM_MAC_CAP];
	CK_ULONG len = sizeof(hash);
	uint8_t head[2 + MASTER_MAX + 2] = {0};
	size_t head_len = 2 + key_len + 2;
	CK_RV rv;

	head[0] = head[head_len - 2] = (uint8_t)(key_len >> 8);
	head[1] = head[head_len - 1] = (uint8_t)key_len;
	*call = "C_DigestInit";
	rv = p11->C_DigestInit(s->handle, &mechanism);
	if (rv != CKR_OK)
		return rv;
	/* From here on an operation may stay behind. */
	*call = "C_DigestUpdate";
	rv = p11->C_DigestUpdate(s->handle, head, head_len);
	if (rv == CKR_OK) {
		*call = "C_DigestKey";
		rv = p11->C_DigestKey(s->handle, key);
	}
	if (rv == CKR_OK) {
		*call = "C_DigestFinal";
		rv = p11->C_DigestFinal(s->handle, hash, &len);
	} else {
		/* The next try begins anew, in this session. */
		(void)p11->C_DigestFinal(s->handle, hash, &len);
	}
	if (rv == CKR_OK && len != PSK_TEST_PREMASTER_LEN)
		rv = CKR_FUNCTION_NOT_SUPPORTED;
	if (rv == CKR_OK)
		memcpy(out, hash, PSK_TEST_PREMASTER_LEN);
	secret_wipe(hash, sizeof(hash));
	s->broken = s->broken || rv != CKR_OK;
	return rv;
}

static CK_RV
run_premaster(struct hsm_session *s, void *arg, const char **call)
{
	struct premaster_op *op = arg;
	CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
	CK_ULONG key_len = 0;
	CK_ATTRIBUTE length = {CKA_VALUE_LEN, &key_len, sizeof(key_len)};
	CK_RV rv = master_find(s, op->label, &key, &op->found, call);

	if (rv != CKR_OK || op->found != 1)
		return rv;
	*call = "C_GetAttributeValue";
	rv = s->hsm->p11->C_GetAttributeValue(s->handle, key, &length, 1);
	if (rv != CKR_OK && hsm_ckr_class(rv) != CKR_CLASS_TEMPLATE &&
	    rv != CKR_ATTRIBUTE_SENSITIVE)
		return rv;
	if (rv == CKR_OK && key_len <= MASTER_MAX &&
	    2 * (2 + key_len) > HASHED_BY_HMAC)
		rv = digest(s, key, key_len, op->out, call);
	else if (rv == CKR_OK)
		rv = CKR_KEY_INDIGESTIBLE;
	op->refused = refuses(rv);
	return op->refused ? CKR_OK : rv;
}

enum rc
hsm_master_premaster(struct hsm_session *s, const char *master,
    uint8_t out[static PSK_TEST_PREMASTER_LEN])
{
	struct premaster_op op = {.label = master, .out = out};
	char quoted[2 * HSM_LABEL_MAX];
	enum rc rc = session_enter(s);

	if (rc)
		return rc;
	rc = session_run(s, run_premaster, &op);
	if (!rc)
		rc = master_count_check(s, master, op.found);
	if (!rc && op.refused) {
		hsm_error_text(&s->error, 0,
		    "token %s does not digest the key %s", s->hsm->name,
		    hsm_quote(quoted, sizeof(quoted), span_str(master)));
		hsm_error_remedy(&s->error, "nothing: few tokens do");
		rc = RC_UNSUPPORTED;
	}
	if (rc)
		secret_wipe(out, PSK_TEST_PREMASTER_LEN);
	return session_leave(s, rc);
}
