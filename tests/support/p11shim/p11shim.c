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
 *                   function and has calls left counts.
 *   P11SHIM_COUNT   calls of each function, one a line, over all processes
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
 *   extractable     C_GenerateKey, C_GenerateKeyPair: the token ignores what
 *                   was asked
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <p11-kit/pkcs11.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FUNCTIONS(X) \
	X(C_Initialize) \
	X(C_Finalize) \
	X(C_GetInfo) \
	X(C_GetSlotList) \
	X(C_GetSlotInfo) \
	X(C_GetTokenInfo) \
	X(C_GetMechanismList) \
	X(C_GetMechanismInfo) \
	X(C_OpenSession) \
	X(C_CloseSession) \
	X(C_CloseAllSessions) \
	X(C_GetSessionInfo) \
	X(C_Login) \
	X(C_Logout) \
	X(C_CreateObject) \
	X(C_DestroyObject) \
	X(C_GetAttributeValue) \
	X(C_SetAttributeValue) \
	X(C_FindObjectsInit) \
	X(C_FindObjects) \
	X(C_FindObjectsFinal) \
	X(C_EncryptInit) \
	X(C_Encrypt) \
	X(C_DecryptInit) \
	X(C_Decrypt) \
	X(C_DigestInit) \
	X(C_DigestUpdate) \
	X(C_DigestKey) \
	X(C_DigestFinal) \
	X(C_SignInit) \
	X(C_Sign) \
	X(C_VerifyInit) \
	X(C_Verify) \
	X(C_GenerateKey) \
	X(C_GenerateKeyPair) \
	X(C_WrapKey) \
	X(C_UnwrapKey) \
	X(C_DeriveKey) \
	X(C_SeedRandom) \
	X(C_GenerateRandom)

#define AS_ENUM(name) F_##name,
#define AS_NAME(name) #name,
#define AS_MEMBER(name) shim.name = shim_##name;

enum function { FUNCTIONS(AS_ENUM) FUNCTION_COUNT };

static const char *const function_names[] = {FUNCTIONS(AS_NAME)};

enum action {
	DO_RETURN,
	DO_CLOSE_ALL,
	DO_LOGOUT,
	DO_FINALIZE,
	DO_ABORT,
	DO_FLAGS,
	DO_EXTRACTABLE,
};

struct fault {
	enum function function;
	enum action action;
	unsigned long value; /* the CKR, or flags */
	long left; /* calls; -1: all */
	unsigned delay_ms;
};

enum { FAULTS_MAX = 64, COUNT_LINE = 38 };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static CK_FUNCTION_LIST *real;
static CK_FUNCTION_LIST shim;
static int count_fd = -1;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct fault faults[FAULTS_MAX];
static unsigned fault_count;
static struct stat control_seen;
static CK_SLOT_ID last_slot;

/* A test that asks for what is not there must not pass. */
__attribute__((noreturn)) static void
refuse(const char *what, const char *detail)
{
	fprintf(stderr, "p11shim: %s: %s\n", what, detail);
	abort();
}

static void
parse_line(const char *line)
{
	static const struct {
		const char *word;
		enum action action;
	} words[] = {
	    {"close-all", DO_CLOSE_ALL},
	    {"logout", DO_LOGOUT},
	    {"finalize", DO_FINALIZE},
	    {"abort", DO_ABORT},
	    {"extractable", DO_EXTRACTABLE},
	};
	char name[32], what[32];
	struct fault f = {.function = FUNCTION_COUNT};
	bool known = false;
	char *end;

	if (line[strspn(line, " \t\n")] == '\0' || line[0] == '#')
		return;
	if (sscanf(line, "%31s %31s %ld %u", name, what, &f.left,
		&f.delay_ms) != 4 ||
	    fault_count == FAULTS_MAX)
		refuse("control line", line);
	for (int i = 0; i < FUNCTION_COUNT; i++)
		if (strcmp(function_names[i], name) == 0)
			f.function = (enum function)i;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i].word, what) == 0) {
			f.action = words[i].action;
			known = true;
		}
	}
	if (!known) {
		bool flags = strncmp(what, "flags=", 6) == 0;

		f.action = flags ? DO_FLAGS : DO_RETURN;
		f.value = strtoul(flags ? what + 6 : what, &end, 16);
		known = *end == '\0';
	}
	if (!known || f.function == FUNCTION_COUNT)
		refuse("control line", line);
	faults[fault_count++] = f;
}

/* Under lock. */
static void
read_control(void)
{
	const char *path = getenv("P11SHIM_CTL");
	struct stat st = {0};
	char line[160];
	FILE *file;

	if (!path || stat(path, &st))
		memset(&st, 0, sizeof(st));
	if (st.st_ino == control_seen.st_ino &&
	    st.st_size == control_seen.st_size &&
	    st.st_mtim.tv_sec == control_seen.st_mtim.tv_sec &&
	    st.st_mtim.tv_nsec == control_seen.st_mtim.tv_nsec)
		return;
	control_seen = st;
	fault_count = 0;
	if (!path || st.st_ino == 0)
		return;
	file = fopen(path, "re");
	if (!file)
		return;
	while (fgets(line, sizeof(line), file))
		parse_line(line);
	fclose(file);
}

static bool
next_fault(enum function function, struct fault *out)
{
	bool found = false;

	pthread_mutex_lock(&lock);
	read_control();
	for (unsigned i = 0; i < fault_count && !found; i++) {
		struct fault *f = &faults[i];

		if (f->function != function || f->left == 0)
			continue;
		if (f->left > 0)
			f->left--;
		*out = *f;
		found = true;
	}
	pthread_mutex_unlock(&lock);
	return found;
}

static void
write_count(enum function function, unsigned long n)
{
	char line[64];

	snprintf(
	    line, sizeof(line), "%-24s %12lu\n", function_names[function], n);
	if (pwrite(count_fd, line, COUNT_LINE, (off_t)function * COUNT_LINE) !=
	    COUNT_LINE)
		refuse("P11SHIM_COUNT", strerror(errno));
}

/* The file is truncated by a test that begins to count anew. */
static void
count(enum function function)
{
	char line[COUNT_LINE + 1] = {0};
	off_t at = (off_t)function * COUNT_LINE;
	struct stat st;

	if (count_fd < 0)
		return;
	pthread_mutex_lock(&lock);
	flock(count_fd, LOCK_EX);
	if (fstat(count_fd, &st) == 0 &&
	    st.st_size < (off_t)FUNCTION_COUNT * COUNT_LINE)
		for (int i = 0; i < FUNCTION_COUNT; i++)
			write_count((enum function)i, 0);
	if (pread(count_fd, line, COUNT_LINE, at) != COUNT_LINE)
		refuse("P11SHIM_COUNT", strerror(errno));
	write_count(function, strtoul(line + 24, NULL, 10) + 1);
	flock(count_fd, LOCK_UN);
	pthread_mutex_unlock(&lock);
}

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

/* True: the call ends here with `*rv`. `*f` is what befalls it. */
static bool
intercept(enum function function, CK_RV *rv, struct fault *f)
{
	count(function);
	f->action = DO_RETURN;
	f->value = CKR_OK;
	if (!next_fault(function, f))
		return false;
	nanosleep(&(struct timespec){f->delay_ms / 1000,
		      (long)(f->delay_ms % 1000) * 1000000L},
	    NULL);
	switch (f->action) {
	case DO_RETURN:
		*rv = f->value;
		return f->value != CKR_OK;
	case DO_CLOSE_ALL:
		(void)real->C_CloseAllSessions(last_slot);
		return false;
	case DO_LOGOUT:
		log_out();
		return false;
	case DO_FINALIZE:
		(void)real->C_Finalize(NULL);
		return false;
	case DO_ABORT:
		abort();
	case DO_FLAGS:
	case DO_EXTRACTABLE:
		return false;
	}
	return false;
}

#define WRAP(name, parameters, ...) \
	static CK_RV shim_##name parameters \
	{ \
		struct fault fault; \
		CK_RV rv; \
\
		if (intercept(F_##name, &rv, &fault)) \
			return rv; \
		return real->name(__VA_ARGS__); \
	}

#define SESSION CK_SESSION_HANDLE s
#define BUFFERS CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len

WRAP(C_Initialize, (void *args), args)
WRAP(C_Finalize, (void *reserved), reserved)
WRAP(C_GetInfo, (CK_INFO * info), info)
WRAP(C_GetSlotList, (CK_BBOOL present, CK_SLOT_ID *list, CK_ULONG *n), present,
    list, n)
WRAP(C_GetSlotInfo, (CK_SLOT_ID slot, CK_SLOT_INFO *info), slot, info)
WRAP(C_GetMechanismList,
    (CK_SLOT_ID slot, CK_MECHANISM_TYPE *list, CK_ULONG *n), slot, list, n)
WRAP(C_GetMechanismInfo,
    (CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info), slot,
    type, info)
WRAP(C_CloseSession, (SESSION), s)
WRAP(C_CloseAllSessions, (CK_SLOT_ID slot), slot)
WRAP(C_GetSessionInfo, (SESSION, CK_SESSION_INFO *info), s, info)
WRAP(C_Login, (SESSION, CK_USER_TYPE user, CK_BYTE *pin, CK_ULONG len), s, user,
    pin, len)
WRAP(C_Logout, (SESSION), s)
WRAP(C_CreateObject,
    (SESSION, CK_ATTRIBUTE *t, CK_ULONG n, CK_OBJECT_HANDLE *o), s, t, n, o)
WRAP(C_DestroyObject, (SESSION, CK_OBJECT_HANDLE o), s, o)
WRAP(C_GetAttributeValue,
    (SESSION, CK_OBJECT_HANDLE o, CK_ATTRIBUTE *t, CK_ULONG n), s, o, t, n)
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
WRAP(C_DigestFinal, (SESSION, CK_BYTE *out, CK_ULONG *out_len), s, out, out_len)
WRAP(C_SignInit, (SESSION, CK_MECHANISM *m, CK_OBJECT_HANDLE k), s, m, k)
WRAP(C_Sign, (SESSION, BUFFERS), s, in, in_len, out, out_len)
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
	return real->C_OpenSession(slot, flags, application, notify, session);
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
	return rv;
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
	return real->C_GenerateKey(s, m, t, n, key);
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
	return real->C_GenerateKeyPair(
	    s, m, pub, pub_n, prv, prv_n, pub_key, prv_key);
}

static void
load(void)
{
	const char *path = getenv("P11SHIM_MODULE");
	const char *counts = getenv("P11SHIM_COUNT");
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
	if (counts) {
		count_fd = open(counts, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
		if (count_fd < 0)
			refuse(counts, strerror(errno));
	}
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
