/* HMAC-SHA256 in the token, under a master key named by its label. */
#include "base/digest.h"
#include "base/text.h"
#include "hsm/hsm_internal.h"

/* So that several random numbers cost one call. */
enum { RANDOM_CHUNK = 64 };

/* A master is found by its label alone. */
static struct object_ref
master_ref(const char *label)
{
	return (struct object_ref){.class = CKO_SECRET_KEY, .label = label};
}

CK_RV
master_search(struct hsm_session *s, const char *label,
    CK_OBJECT_HANDLE *handles, CK_ULONG max, CK_ULONG *count, const char **call)
{
	struct object_ref ref = master_ref(label);

	return object_search(s, &ref, handles, max, count, call);
}

CK_RV
master_find(struct hsm_session *s, const char *label, CK_OBJECT_HANDLE *handle,
    CK_ULONG *found, const char **call)
{
	struct object_ref ref = master_ref(label);

	return object_find_one(s, &ref, handle, found, call);
}

enum rc
master_count_check(struct hsm_session *s, const char *label, CK_ULONG found)
{
	char quoted[2 * HSM_LABEL_MAX];

	if (found == 1)
		return RC_OK;
	hsm_quote(quoted, sizeof(quoted), span_str(label));
	if (found == 0) {
		hsm_error_text(&s->error, 0, "no key %s in token %s", quoted,
		    s->hsm->name);
		hsm_error_remedy(&s->error,
		    "make it: provisioning-tool hsm keys make %s (or restore "
		    "the token's backup)",
		    strpbrk(label, " '\"\\$`&|;<>()*?[]{}!#~") ? quoted
							       : label);
		return RC_NOT_FOUND;
	}
	hsm_error_text(&s->error, 0, "two keys or more %s in token %s", quoted,
	    s->hsm->name);
	hsm_error_remedy(&s->error,
	    "rename or delete all but the right one with the vendor's tool");
	return RC_CONFLICT;
}

CK_RV
master_mac(struct hsm_session *s, CK_OBJECT_HANDLE key, struct span data,
    uint8_t out[static HSM_MAC_CAP], const char **call)
{
	CK_FUNCTION_LIST *p11 = s->hsm->p11;
	CK_MECHANISM mechanism = {CKM_SHA256_HMAC, NULL, 0};
	/* Whole, whatever the caller wants of it: some modules cut to the
	 * room they are given, others write past it. */
	CK_ULONG len = HSM_MAC_CAP;
	CK_RV rv;

	*call = "C_SignInit";
	rv = p11->C_SignInit(s->handle, &mechanism, key);
	if (rv != CKR_OK)
		return rv;
	*call = "C_Sign";
	rv = p11->C_Sign(s->handle, unconst(data.p), data.len, out, &len);
	if (rv != CKR_OK) {
		/* The operation may still be active. */
		s->broken = true;
		return rv;
	}
	if (len != HSM_PSK_LEN) {
		*call = "C_Sign (a MAC of another length)";
		return CKR_GENERAL_ERROR;
	}
	return CKR_OK;
}

CK_RV
master_kcv(struct hsm_session *s, CK_OBJECT_HANDLE key,
    uint8_t kcv[static HSM_KCV_LEN], const char **call)
{
	uint8_t mac[HSM_MAC_CAP];
	CK_RV rv = master_mac(s, key, SPAN_LIT("lwm2m-bs/kcv"), mac, call);

	if (rv == CKR_OK)
		memcpy(kcv, mac, HSM_KCV_LEN);
	secret_wipe(mac, sizeof(mac));
	return rv;
}

struct mac_op {
	const char *label;
	struct span data;
	uint8_t *out; /* HSM_MAC_CAP bytes */
	CK_ULONG found;
};

static CK_RV
run_mac(struct hsm_session *s, void *arg, const char **call)
{
	struct mac_op *op = arg;
	CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
	CK_RV rv = master_find(s, op->label, &key, &op->found, call);

	if (rv != CKR_OK || op->found != 1)
		return rv;
	return master_mac(s, key, op->data, op->out, call);
}

enum rc
master_mac_label(struct hsm_session *s, const char *label, struct span data,
    uint8_t out[static HSM_MAC_CAP])
{
	struct mac_op op = {.label = label, .data = data, .out = out};
	enum rc rc = session_enter(s);

	if (rc)
		return rc;
	rc = session_run(s, run_mac, &op);
	if (!rc)
		rc = master_count_check(s, label, op.found);
	return session_leave(s, rc);
}

static enum rc
out_of_range(struct hsm_session *s)
{
	hsm_error_text(&s->error, 0,
	    "a key's label, endpoint, epoch or server is out of range");
	hsm_error_remedy(&s->error,
	    "label 1..%d bytes of text, endpoint 1..%d bytes, epoch from 1, "
	    "Short Server ID 1..65534",
	    HSM_LABEL_MAX, HSM_ENDPOINT_MAX);
	return RC_MALFORMED;
}

enum rc
hsm_derive(
    struct hsm_session *s, const struct hsm_derivation *d, struct secret *key)
{
	uint8_t context[HSM_CONTEXT_MAX];
	struct writer w;
	enum rc rc;

	writer_init(&w, context, sizeof(context));
	if (hsm_derivation_context(d, &w))
		return out_of_range(s);
	rc = secret_reserve(key, HSM_MAC_CAP);
	if (rc) {
		hsm_error_text(&s->error, 0, "no locked memory for a key");
		hsm_error_remedy(&s->error, "raise LimitMEMLOCK");
		return rc;
	}
	rc = master_mac_label(s, d->master, writer_span(&w), key->bytes);
	if (rc)
		secret_fini(key);
	else
		key->len = HSM_PSK_LEN;
	return rc;
}

enum rc
hsm_key_check(
    struct hsm_session *s, const char *master, uint8_t kcv[static HSM_KCV_LEN])
{
	uint8_t out[HSM_MAC_CAP];
	enum rc rc;

	if (!hsm_label_valid(master))
		return out_of_range(s);
	rc = master_mac_label(s, master, SPAN_LIT("lwm2m-bs/kcv"), out);
	if (!rc)
		memcpy(kcv, out, HSM_KCV_LEN);
	secret_wipe(out, sizeof(out));
	return rc;
}

static CK_RV
run_random(struct hsm_session *s, void *arg, const char **call)
{
	*call = "C_GenerateRandom";
	return s->hsm->p11->C_GenerateRandom(s->handle, arg, RANDOM_CHUNK);
}

enum rc
hsm_random(struct hsm_session *s, void *out, size_t len)
{
	uint8_t token[RANDOM_CHUNK], kernel[RANDOM_CHUNK];
	size_t done = 0;
	enum rc rc = session_enter(s);

	if (rc)
		return rc;
	while (done < len) {
		size_t n =
		    len - done < RANDOM_CHUNK ? len - done : RANDOM_CHUNK;

		rc = session_run(s, run_random, token);
		if (rc)
			break;
		random_bytes(kernel, sizeof(kernel));
		for (size_t i = 0; i < n; i++)
			((uint8_t *)out)[done + i] = token[i] ^ kernel[i];
		done += n;
	}
	secret_wipe(token, sizeof(token));
	secret_wipe(kernel, sizeof(kernel));
	if (rc)
		secret_wipe(out, len);
	return session_leave(s, rc ? RC_TOKEN : RC_OK);
}

static CK_RV
run_probe(struct hsm_session *s, void *arg, const char **call)
{
	CK_TOKEN_INFO info;
	bool user;
	CK_RV rv;

	(void)arg;
	*call = "C_GetSessionInfo";
	rv = raw_session_state(s->hsm, s->handle, &user);
	if (rv != CKR_OK)
		return rv;
	if (!user)
		return CKR_USER_NOT_LOGGED_IN;
	*call = "C_GetTokenInfo";
	return s->hsm->p11->C_GetTokenInfo(s->hsm->slot_id, &info);
}

enum rc
hsm_probe(struct hsm_session *s, const char *master)
{
	uint8_t kcv[HSM_KCV_LEN];
	enum rc rc = session_enter(s);

	if (!rc)
		rc = session_leave(s, session_run(s, run_probe, NULL));
	if (!rc && master)
		rc = hsm_key_check(s, master, kcv);
	if (rc && rc != RC_TOKEN) {
		/* A token without its key does not serve either. */
		session_mark_dead(s);
		rc = RC_TOKEN;
	}
	return rc;
}
