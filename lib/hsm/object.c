/*
 * Objects in the token: found by class, label and id, read attribute by
 * attribute. Handles are kept: a search costs as many microseconds as the
 * token has objects.
 */
#include "hsm/hsm_internal.h"

#include <stdio.h>

/* PKCS#11 has no const, though a template and what is signed are only read. */
void *
unconst(const void *s)
{
	void *p;

	memcpy(&p, &s, sizeof(p));
	return p;
}

CK_RV
object_search(struct hsm_session *s, const struct object_ref *ref,
    CK_OBJECT_HANDLE *handles, CK_ULONG max, CK_ULONG *count, const char **call)
{
	CK_FUNCTION_LIST *p11 = s->hsm->p11;
	CK_OBJECT_CLASS class = ref->class;
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE template[4] = {
	    {CKA_CLASS, &class, sizeof(class)},
	    {CKA_TOKEN, &yes, sizeof(yes)},
	};
	CK_ULONG n = 2;
	CK_TOKEN_INFO info;
	CK_RV rv, final;
	bool user;

	if (ref->label)
		template[n++] = (CK_ATTRIBUTE){
		    CKA_LABEL, unconst(ref->label), strlen(ref->label)};
	if (ref->id.len)
		template[n++] =
		    (CK_ATTRIBUTE){CKA_ID, unconst(ref->id.p), ref->id.len};
	*count = 0;
	*call = "C_FindObjectsInit";
	rv = p11->C_FindObjectsInit(s->handle, template, n);
	if (rv != CKR_OK)
		return rv;
	*call = "C_FindObjects";
	while (*count < max) {
		CK_ULONG got = 0;

		rv = p11->C_FindObjects(
		    s->handle, handles + *count, max - *count, &got);
		if (rv != CKR_OK || got == 0 || got > max - *count)
			break;
		*count += got;
	}
	final = p11->C_FindObjectsFinal(s->handle);
	if (rv != CKR_OK)
		return rv;
	*call = "C_FindObjectsFinal";
	if (final != CKR_OK || *count > 0)
		return final;

	/* Nothing found is also what a token says that was removed, or where
	 * nobody is logged in. */
	*call = "C_GetTokenInfo";
	rv = p11->C_GetTokenInfo(s->hsm->slot_id, &info);
	if (rv != CKR_OK)
		return rv;
	*call = "C_GetSessionInfo";
	rv = raw_session_state(s->hsm, s->handle, &user);
	return rv == CKR_OK && !user ? CKR_USER_NOT_LOGGED_IN : rv;
}

void
object_cache_clear(struct hsm *h)
{
	h->key_count = 0;
	h->key_next = 0;
	h->handles++;
}

static bool
cache_match(const struct key_cache_entry *e, const struct object_ref *ref)
{
	return e->class == ref->class && strcmp(e->label, ref->label) == 0 &&
	    span_equal(span_of(e->id, e->id_len), ref->id);
}

static bool
cache_get(struct hsm *h, const struct object_ref *ref, CK_OBJECT_HANDLE *handle)
{
	bool found = false;

	pthread_mutex_lock(&h->lock);
	for (unsigned i = 0; i < h->key_count && !found; i++) {
		found = cache_match(&h->keys[i], ref);
		if (found)
			*handle = h->keys[i].handle;
	}
	pthread_mutex_unlock(&h->lock);
	return found;
}

static void
cache_put(struct hsm *h, const struct object_ref *ref, CK_OBJECT_HANDLE handle)
{
	struct key_cache_entry *e;

	if (ref->id.len > sizeof(e->id))
		return;
	pthread_mutex_lock(&h->lock);
	e = &h->keys[h->key_next];
	e->class = ref->class;
	snprintf(e->label, sizeof(e->label), "%s", ref->label);
	if (ref->id.len)
		memcpy(e->id, ref->id.p, ref->id.len);
	e->id_len = ref->id.len;
	e->handle = handle;
	h->key_next = (h->key_next + 1) % HSM_KEY_CACHE;
	if (h->key_count < HSM_KEY_CACHE)
		h->key_count++;
	pthread_mutex_unlock(&h->lock);
}

CK_RV
object_find_one(struct hsm_session *s, const struct object_ref *ref,
    CK_OBJECT_HANDLE *handle, CK_ULONG *found, const char **call)
{
	CK_OBJECT_HANDLE handles[2];
	CK_RV rv;

	if (cache_get(s->hsm, ref, handle)) {
		*found = 1;
		return CKR_OK;
	}
	rv = object_search(s, ref, handles, 2, found, call);
	if (rv != CKR_OK || *found != 1)
		return rv;
	*handle = handles[0];
	cache_put(s->hsm, ref, handles[0]);
	return CKR_OK;
}

CK_RV
object_flag(struct hsm_session *s, CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE_TYPE type, bool *flag)
{
	CK_BBOOL value = CK_FALSE;
	CK_ATTRIBUTE a = {type, &value, sizeof(value)};
	CK_RV rv = s->hsm->p11->C_GetAttributeValue(s->handle, object, &a, 1);

	*flag =
	    rv == CKR_OK && a.ulValueLen == sizeof(value) && value != CK_FALSE;
	if (hsm_ckr_class(rv) == CKR_CLASS_TEMPLATE ||
	    rv == CKR_ATTRIBUTE_SENSITIVE)
		return CKR_OK;
	return rv;
}

CK_RV
object_bytes(struct hsm_session *s, CK_OBJECT_HANDLE object,
    CK_ATTRIBUTE_TYPE type, void *out, size_t cap, size_t *len)
{
	uint8_t buf[256];
	CK_ATTRIBUTE a = {type, buf, sizeof(buf)};
	CK_RV rv = s->hsm->p11->C_GetAttributeValue(s->handle, object, &a, 1);

	*len = 0;
	if (rv == CKR_BUFFER_TOO_SMALL) {
		/* NSS wants the room for a number to be exact. */
		a = (CK_ATTRIBUTE){type, NULL, 0};
		rv = s->hsm->p11->C_GetAttributeValue(s->handle, object, &a, 1);
		if (rv == CKR_OK && a.ulValueLen > sizeof(buf))
			rv = CKR_BUFFER_TOO_SMALL;
		a.pValue = buf;
		if (rv == CKR_OK)
			rv = s->hsm->p11->C_GetAttributeValue(
			    s->handle, object, &a, 1);
	}
	if (hsm_ckr_class(rv) == CKR_CLASS_TEMPLATE ||
	    rv == CKR_BUFFER_TOO_SMALL)
		return CKR_OK;
	if (rv != CKR_OK)
		return rv;
	if (a.ulValueLen <= sizeof(buf))
		*len = a.ulValueLen < cap ? a.ulValueLen : cap;
	memcpy(out, buf, *len);
	return CKR_OK;
}

bool
object_value_readable(struct hsm_session *s, CK_OBJECT_HANDLE object)
{
	uint8_t buf[256];
	CK_ATTRIBUTE a = {CKA_VALUE, buf, sizeof(buf)};
	CK_RV rv = s->hsm->p11->C_GetAttributeValue(s->handle, object, &a, 1);

	secret_wipe(buf, sizeof(buf));
	return rv == CKR_OK && a.ulValueLen > 0 &&
	    a.ulValueLen != CK_UNAVAILABLE_INFORMATION;
}
