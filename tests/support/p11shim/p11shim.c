/*
 * p11shim - a PKCS#11 module before another, which fails on request.
 *
 *   P11SHIM_MODULE  the real module
 *   P11SHIM_CTL     faults, one a line, read again whenever the file is
 *                   replaced (write another and rename it):
 *
 *                     FUNCTION WHAT COUNT DELAY_MS
 *
 *                   for the next COUNT calls of FUNCTION (-1: all) wait
 *                   DELAY_MS, then do WHAT. The first line that names the
 *                   function and has calls left counts. C_SignInit@LABEL and
 *                   C_Sign@LABEL: only those with the key of that label.
 *   P11SHIM_COUNT   calls of each function, one a line, over all processes;
 *                   then "sessions", those open in the process that was the
 *                   last to open or close one, and "struck", the faults that
 *                   have found their call
 *   P11SHIM_LOG     each call, in their order, one a line
 *
 * WHAT is the CKR in hex that the call returns without reaching the module,
 * 0x0 for a delay alone, or something done before the call goes on:
 *
 *   close-all       close all sessions of the slot, as another part of the
 *                   process might: the login ends with them
 *   logout          log out
 *   finalize        C_Finalize
 *   abort           the process dies
 *   flags=0xHEX     C_GetTokenInfo: these flags are set in what it returns
 *   kept            C_CreateObject: in the token, whatever was asked
 *   extractable     C_GenerateKey, C_GenerateKeyPair: the token ignores what
 *                   was asked
 *   after=0xHEX     the module does what it is asked, but its answer is lost:
 *                   this CKR is returned in its place
 *   hold            the call goes on once the control file was replaced
 *   wrong           C_Sign: one bit of what comes out is another one
 *   len=N           C_Sign, C_DigestFinal, C_GetAttributeValue: what comes out
 *                   has this many bytes, cut or followed by zeros (as many as
 *                   the caller has room for)
 */
#include "count.h"
#include "signer.h"

#include <dlfcn.h>
#include <p11-kit/pkcs11.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define AS_MEMBER(name) shim.name = shim_##name;

enum { HOLD_LOOK_MS = 5 };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CK_FUNCTION_LIST *real;
static CK_FUNCTION_LIST shim;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static CK_SLOT_ID last_slot;

static void
log_out(void)
{
	CK_SESSION_HANDLE session;

	if (real->C_OpenSession(
		last_slot, CKF_SERIAL_SESSION, NULL, NULL, &session))
		return;
	(void)real->C_Logout(session);
	(void)real->C_CloseSession(session);
}

static void
pause_ms(unsigned ms)
{
	nanosleep(
	    &(struct timespec){ms / 1000, (long)(ms % 1000) * 1000000L}, NULL);
}

/* True: the call ends here with `*rv`. `*f` is what befalls it. */
static bool
intercept_key(
    enum function function, const char *label, CK_RV *rv, struct fault *f)
{
	count_call(function);
	f->action = DO_RETURN;
	f->value = CKR_OK;
	if (!next_fault(function, label, f))
		return false;
	if (f->action != DO_RETURN || f->value != CKR_OK || f->delay_ms)
		count_struck();
	pause_ms(f->delay_ms);
	switch (f->action) {
	case DO_RETURN:
		*rv = f->value;
		return f->value != CKR_OK;
	case DO_CLOSE_ALL:
		(void)real->C_CloseAllSessions(last_slot);
		count_sessions_gone();
		return false;
	case DO_LOGOUT:
		log_out();
		return false;
	case DO_FINALIZE:
		(void)real->C_Finalize(NULL);
		count_sessions_gone();
		return false;
	case DO_ABORT:
		abort();
	case DO_HOLD:
		while (fault_lasts(f))
			pause_ms(HOLD_LOOK_MS);
		return false;
	case DO_FLAGS:
	case DO_EXTRACTABLE:
	case DO_KEPT:
	case DO_AFTER:
	case DO_LENGTH:
	case DO_WRONG:
		return false;
	}
	return false;
}

static bool
intercept(enum function function, CK_RV *rv, struct fault *f)
{
	return intercept_key(function, NULL, rv, f);
}

/* What the caller gets to see of the module's answer. */
static CK_RV
answer(const struct fault *f, CK_RV rv)
{
	return f->action == DO_AFTER ? f->value : rv;
}

/* `out` has `cap` bytes of room, `*len` of them in use. */
static void
resize(const struct fault *f, CK_RV rv, void *out, CK_ULONG cap, CK_ULONG *len)
{
	CK_ULONG wanted = f->value < cap ? f->value : cap;

	if (f->action != DO_LENGTH || rv != CKR_OK || !out || *len > cap)
		return;
	if (wanted > *len)
		memset((CK_BYTE *)out + *len, 0, wanted - *len);
	*len = wanted;
}

#define WRAP(name, parameters, ...) \
	static CK_RV shim_##name parameters \
	{ \
		struct fault fault; \
		CK_RV rv; \
\
		if (intercept(F_##name, &rv, &fault)) \
			return rv; \
		return answer(&fault, real->name(__VA_ARGS__)); \
	}

#define SESSION CK_SESSION_HANDLE s
#define BUFFERS CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len

WRAP(C_Initialize, (void *args), args)
WRAP(C_GetInfo, (CK_INFO * info), info)
WRAP(C_GetSlotList, (CK_BBOOL present, CK_SLOT_ID *list, CK_ULONG *n), present,
    list, n)
WRAP(C_GetSlotInfo, (CK_SLOT_ID slot, CK_SLOT_INFO *info), slot, info)
WRAP(C_GetMechanismList,
    (CK_SLOT_ID slot, CK_MECHANISM_TYPE *list, CK_ULONG *n), slot, list, n)
WRAP(C_GetMechanismInfo,
    (CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info), slot,
    type, info)
WRAP(C_GetSessionInfo, (SESSION, CK_SESSION_INFO *info), s, info)
WRAP(C_Login, (SESSION, CK_USER_TYPE user, CK_BYTE *pin, CK_ULONG len), s, user,
    pin, len)
WRAP(C_Logout, (SESSION), s)
WRAP(C_DestroyObject, (SESSION, CK_OBJECT_HANDLE o), s, o)
WRAP(C_SetAttributeValue,
    (SESSION, CK_OBJECT_HANDLE o, CK_ATTRIBUTE *t, CK_ULONG n), s, o, t, n)
WRAP(C_FindObjectsInit, (SESSION, CK_ATTRIBUTE *t, CK_ULONG n), s, t, n)
WRAP(C_FindObjects,
    (SESSION, CK_OBJECT_HANDLE *list, CK_ULONG max, CK_ULONG *n), s, list, max,
    n)
WRAP(C_FindObjectsFinal, (SESSION), s)
WRAP(C_EncryptInit, (SESSION, CK_MECHANISM *m, CK_OBJECT_HANDLE k), s, m, k)
WRAP(C_Encrypt, (SESSION, BUFFERS), s, in, in_len, out, out_len)
WRAP(C_DecryptInit, (SESSION, CK_MECHANISM *m, CK_OBJECT_HANDLE k), s, m, k)
WRAP(C_Decrypt, (SESSION, BUFFERS), s, in, in_len, out, out_len)
WRAP(C_DigestInit, (SESSION, CK_MECHANISM *m), s, m)
WRAP(C_DigestUpdate, (SESSION, CK_BYTE *in, CK_ULONG in_len), s, in, in_len)
WRAP(C_DigestKey, (SESSION, CK_OBJECT_HANDLE k), s, k)
WRAP(C_VerifyInit, (SESSION, CK_MECHANISM *m, CK_OBJECT_HANDLE k), s, m, k)
WRAP(C_Verify,
    (SESSION, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *mac, CK_ULONG mac_len), s,
    in, in_len, mac, mac_len)
WRAP(C_WrapKey,
    (SESSION, CK_MECHANISM *m, CK_OBJECT_HANDLE by, CK_OBJECT_HANDLE k,
	CK_BYTE *out, CK_ULONG *out_len),
    s, m, by, k, out, out_len)
WRAP(C_UnwrapKey,
    (SESSION, CK_MECHANISM *m, CK_OBJECT_HANDLE by, CK_BYTE *in,
	CK_ULONG in_len, CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *k),
    s, m, by, in, in_len, t, n, k)
WRAP(C_DeriveKey,
    (SESSION, CK_MECHANISM *m, CK_OBJECT_HANDLE base, CK_ATTRIBUTE *t,
	CK_ULONG n, CK_OBJECT_HANDLE *k),
    s, m, base, t, n, k)
WRAP(C_SeedRandom, (SESSION, CK_BYTE *seed, CK_ULONG len), s, seed, len)
WRAP(C_GenerateRandom, (SESSION, CK_BYTE *out, CK_ULONG len), s, out, len)

static CK_RV
shim_C_OpenSession(CK_SLOT_ID slot, CK_FLAGS flags, void *application,
    CK_NOTIFY notify, CK_SESSION_HANDLE *session)
{
	struct fault fault;
	CK_RV rv;

	if (intercept(F_C_OpenSession, &rv, &fault))
		return rv;
	pthread_mutex_lock(&lock);
	last_slot = slot;
	pthread_mutex_unlock(&lock);
	rv = real->C_OpenSession(slot, flags, application, notify, session);
	if (rv == CKR_OK)
		count_sessions_opened();
	return answer(&fault, rv);
}

static CK_RV
shim_C_CloseSession(CK_SESSION_HANDLE session)
{
	struct fault fault;
	CK_RV rv;

	if (intercept(F_C_CloseSession, &rv, &fault))
		return rv;
	rv = real->C_CloseSession(session);
	if (rv == CKR_OK)
		count_sessions_closed();
	return answer(&fault, rv);
}

static CK_RV
shim_C_CloseAllSessions(CK_SLOT_ID slot)
{
	struct fault fault;
	CK_RV rv;

	if (intercept(F_C_CloseAllSessions, &rv, &fault))
		return rv;
	rv = real->C_CloseAllSessions(slot);
	if (rv == CKR_OK)
		count_sessions_gone();
	return answer(&fault, rv);
}

static CK_RV
shim_C_Finalize(void *reserved)
{
	struct fault fault;
	CK_RV rv;

	if (intercept(F_C_Finalize, &rv, &fault))
		return rv;
	rv = real->C_Finalize(reserved);
	if (rv == CKR_OK)
		count_sessions_gone();
	return answer(&fault, rv);
}

static void
read_label(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE key, char *label)
{
	CK_ATTRIBUTE a = {CKA_LABEL, label, LABEL_MAX};

	if (real->C_GetAttributeValue(s, key, &a, 1) != CKR_OK ||
	    a.ulValueLen > LABEL_MAX)
		a.ulValueLen = 0;
	label[a.ulValueLen] = '\0';
}

static CK_RV
shim_C_SignInit(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_OBJECT_HANDLE key)
{
	char label[LABEL_MAX + 1] = "";
	struct fault fault;
	CK_RV rv;

	if (faults_name_keys()) {
		read_label(s, key, label);
		signer_put(s, label);
	}
	if (intercept_key(F_C_SignInit, label, &rv, &fault))
		return rv;
	return answer(&fault, real->C_SignInit(s, m, key));
}

static CK_RV
shim_C_Sign(CK_SESSION_HANDLE s, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out,
    CK_ULONG *out_len)
{
	char label[LABEL_MAX + 1] = "";
	CK_ULONG cap = *out_len;
	struct fault fault;
	CK_RV rv;

	if (faults_name_keys())
		signer_get(s, label);
	if (intercept_key(F_C_Sign, label, &rv, &fault))
		return rv;
	rv = real->C_Sign(s, in, in_len, out, out_len);
	resize(&fault, rv, out, cap, out_len);
	if (fault.action == DO_WRONG && rv == CKR_OK && out && *out_len > 0)
		out[*out_len - 1] ^= 1;
	return answer(&fault, rv);
}

static CK_RV
shim_C_DigestFinal(CK_SESSION_HANDLE s, CK_BYTE *out, CK_ULONG *out_len)
{
	CK_ULONG cap = *out_len;
	struct fault fault;
	CK_RV rv;

	if (intercept(F_C_DigestFinal, &rv, &fault))
		return rv;
	rv = real->C_DigestFinal(s, out, out_len);
	resize(&fault, rv, out, cap, out_len);
	return answer(&fault, rv);
}

/* One attribute at a time is cut or lengthened; who asks for several gets the
 * truth of all but the first. */
static CK_RV
shim_C_GetAttributeValue(
    CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o, CK_ATTRIBUTE *t, CK_ULONG n)
{
	CK_ULONG cap = n ? t->ulValueLen : 0;
	struct fault fault;
	CK_RV rv;

	if (intercept(F_C_GetAttributeValue, &rv, &fault))
		return rv;
	rv = real->C_GetAttributeValue(s, o, t, n);
	if (n)
		resize(&fault, rv, t->pValue, cap, &t->ulValueLen);
	return answer(&fault, rv);
}

static CK_RV
shim_C_GetTokenInfo(CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
	struct fault fault;
	CK_RV rv;

	if (intercept(F_C_GetTokenInfo, &rv, &fault))
		return rv;
	rv = real->C_GetTokenInfo(slot, info);
	if (rv == CKR_OK && fault.action == DO_FLAGS)
		info->flags |= fault.value;
	return answer(&fault, rv);
}

static CK_RV
shim_C_CreateObject(
    CK_SESSION_HANDLE s, CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *o)
{
	static CK_BBOOL yes = CK_TRUE;
	struct fault fault;
	CK_RV rv;

	if (intercept(F_C_CreateObject, &rv, &fault))
		return rv;
	for (CK_ULONG i = 0; fault.action == DO_KEPT && i < n; i++)
		if (t[i].type == CKA_TOKEN)
			t[i].pValue = &yes;
	return answer(&fault, real->C_CreateObject(s, t, n, o));
}

static void
make_extractable(CK_ATTRIBUTE *t, CK_ULONG n)
{
	static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;

	for (CK_ULONG i = 0; i < n; i++) {
		if (t[i].type == CKA_EXTRACTABLE)
			t[i].pValue = &yes;
		if (t[i].type == CKA_SENSITIVE)
			t[i].pValue = &no;
	}
}

static CK_RV
shim_C_GenerateKey(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_ATTRIBUTE *t,
    CK_ULONG n, CK_OBJECT_HANDLE *key)
{
	struct fault fault;
	CK_RV rv;

	if (intercept(F_C_GenerateKey, &rv, &fault))
		return rv;
	if (fault.action == DO_EXTRACTABLE)
		make_extractable(t, n);
	return answer(&fault, real->C_GenerateKey(s, m, t, n, key));
}

static CK_RV
shim_C_GenerateKeyPair(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_ATTRIBUTE *pub,
    CK_ULONG pub_n, CK_ATTRIBUTE *prv, CK_ULONG prv_n,
    CK_OBJECT_HANDLE *pub_key, CK_OBJECT_HANDLE *prv_key)
{
	struct fault fault;
	CK_RV rv;

	if (intercept(F_C_GenerateKeyPair, &rv, &fault))
		return rv;
	if (fault.action == DO_EXTRACTABLE)
		make_extractable(prv, prv_n);
	return answer(&fault,
	    real->C_GenerateKeyPair(
		s, m, pub, pub_n, prv, prv_n, pub_key, prv_key));
}

static void
load(void)
{
	const char *path = getenv("P11SHIM_MODULE");
	CK_C_GetFunctionList get_list;
	void *module, *symbol;

	if (!path)
		refuse("P11SHIM_MODULE", "not set");
	module = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (!module)
		refuse(path, dlerror());
	symbol = dlsym(module, "C_GetFunctionList");
	memcpy(&get_list, &symbol, sizeof(get_list));
	if (!symbol || get_list(&real))
		refuse(path, "not a PKCS#11 module");
	count_open();
	/* What is not wrapped goes straight to the module. */
	shim = *real;
	FUNCTIONS(AS_MEMBER)
}

/* p11-kit's header declares it without an attribute. */
__attribute__((visibility("default"))) CK_RV
C_GetFunctionList(CK_FUNCTION_LIST **list)
{
	pthread_once(&once, load);
	shim.C_GetFunctionList = C_GetFunctionList;
	*list = &shim;
	return CKR_OK;
}
