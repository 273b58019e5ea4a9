#include "fixture.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <ftw.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum {
	PATIENCE_S = 60,
	PATIENCE_MADE_S = 150, /* a TPM takes its time */
};

struct fixture fixture;

static const char *
find_module(void)
{
	static const char *const places[] = {
	    "/usr/lib/softhsm/libsofthsm2.so",
	    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
	    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
	    "/usr/lib64/pkcs11/libsofthsm2.so",
	    "/usr/local/lib/softhsm/libsofthsm2.so",
	};
	const char *given = getenv("SOFTHSM2_MODULE");

	if (given)
		return given;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (access(places[i], R_OK) == 0)
			return places[i];
	return NULL;
}

/* Exit status, -1 if it cannot be started. Quiet. */
static int
run(char *const argv[])
{
	posix_spawn_file_actions_t actions;
	int status = -1, e;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	e = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (e || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

bool
fixture_token(const char *label)
{
	char name[64];
	char *const argv[] = {"softhsm2-util", "--init-token", "--free",
	    "--label", name, "--so-pin", "officer-0000", "--pin", RIGHT_PIN,
	    NULL};

	snprintf(name, sizeof(name), "%s", label);
	return run(argv) == 0;
}

void
fixture_pin(const char *pin)
{
	int fd = open(fixture.pin_file, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, pin, strlen(pin)) != (ssize_t)strlen(pin))
		abort();
	close(fd);
}

static void
write_configuration(const char *path)
{
	FILE *f = fopen(path, "we");

	if (!f)
		abort();
	fprintf(f, "directories.tokendir = %s/tokens\nlog.level = ERROR\n",
	    fixture.dir);
	if (fclose(f))
		abort();
}

/* The shim before `module`, and the files it is steered by. */
static void
use_shim(const char *module, const char *shim)
{
	snprintf(
	    fixture.pin_file, sizeof(fixture.pin_file), "%s/pin", fixture.dir);
	fixture_pin(RIGHT_PIN "\n");
	snprintf(
	    fixture.control, sizeof(fixture.control), "%s/faults", fixture.dir);
	snprintf(
	    fixture.counts, sizeof(fixture.counts), "%s/counts", fixture.dir);
	setenv("P11SHIM_MODULE", module, 1);
	setenv("P11SHIM_CTL", fixture.control, 1);
	setenv("P11SHIM_COUNT", fixture.counts, 1);
	fixture.config = (struct hsm_config){
	    .module = shim,
	    .init_args = getenv("TOKEN_INIT_ARGS"),
	    .token = "pkcs11:token=bootstrap",
	    .pin_kind = HSM_PIN_FILE,
	    .pin = fixture.pin_file,
	    .sessions = 2,
	};
}

static bool
make_softhsm(void)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/tokens", fixture.dir);
	if (mkdir(path, 0700))
		abort();
	snprintf(path, sizeof(path), "%s/softhsm2.conf", fixture.dir);
	write_configuration(path);
	setenv("SOFTHSM2_CONF", path, 1);
	return fixture_token("bootstrap");
}

static void
make_dir(void)
{
	const char *tmp = getenv("TMPDIR");
	int n = snprintf(fixture.dir, sizeof(fixture.dir), "%s/hsm-test.XXXXXX",
	    tmp ? tmp : "/tmp");

	/* Names in it must fit, too. */
	if (n < 0 || (size_t)n >= sizeof(fixture.dir))
		snprintf(
		    fixture.dir, sizeof(fixture.dir), "/tmp/hsm-test.XXXXXX");
	if (!mkdtemp(fixture.dir))
		abort();
}

bool
fixture_init(void)
{
	const char *made = getenv("TOKEN_MODULE"), *label;
	const char *module = made ? made : find_module();
	const char *shim = getenv("P11SHIM");

	if (!module || !shim) {
		puts("skipped: no SoftHSM2 module here (package softhsm2), or "
		     "no $P11SHIM");
		return false;
	}
	alarm(made ? PATIENCE_MADE_S : PATIENCE_S);
	make_dir();
	use_shim(module, shim);
	label = made ? getenv("TOKEN_LABEL") : "bootstrap";
	snprintf(fixture.label, sizeof(fixture.label), "%s", label);
	if (made)
		fixture.config.token = getenv("TOKEN_URI");
	if (!made && !make_softhsm()) {
		puts(
		    "skipped: softhsm2-util makes no token (package softhsm2)");
		fixture_fini();
		return false;
	}
	return true;
}

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

void
fixture_fini(void)
{
	(void)nftw(fixture.dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void
faults(const char *control)
{
	char tmp[80];
	FILE *f;

	snprintf(tmp, sizeof(tmp), "%s.new", fixture.control);
	f = fopen(tmp, "we");
	assert_non_null(f);
	fputs(control, f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(rename(tmp, fixture.control), 0);
}

unsigned long
count_of(const char *function)
{
	FILE *f = fopen(fixture.counts, "re");
	unsigned long n, found = 0;
	char name[32];

	if (!f)
		return 0;
	while (fscanf(f, "%31s %lu", name, &n) == 2)
		if (strcmp(name, function) == 0)
			found = n;
	fclose(f);
	return found;
}

void
count_reset(void)
{
	if (truncate(fixture.counts, 0) && access(fixture.counts, F_OK) == 0)
		abort();
}

struct hsm *
open_token(void)
{
	struct hsm_error err;
	struct hsm *h = NULL;

	if (hsm_open(&fixture.config, &h, &err))
		fail_msg("hsm_open: %s", err.text);
	return h;
}

struct hsm_session *
take(struct hsm *h)
{
	struct hsm_session *s = NULL;
	struct hsm_error err;

	if (hsm_session_take(h, &s, &err))
		fail_msg("hsm_session_take: %s", err.text);
	return s;
}

enum rc
try_derive(struct hsm_session *s, const char *endpoint, struct secret *key)
{
	struct hsm_derivation d = {
	    .master = MASTER,
	    .purpose = HSM_PURPOSE_SERVER,
	    .short_server_id = 101,
	    .epoch = 1,
	    .endpoint = span_str(endpoint),
	};

	return hsm_derive(s, &d, key);
}

void
derive(struct hsm_session *s, const char *endpoint, struct secret *key)
{
	if (try_derive(s, endpoint, key))
		fail_msg("hsm_derive: %s", hsm_session_error(s)->text);
	assert_int_equal(key->len, HSM_PSK_LEN);
}

CK_FUNCTION_LIST *
raw_module(void)
{
	static CK_FUNCTION_LIST *list;
	CK_C_GetFunctionList get_list;
	void *module, *symbol;

	if (list)
		return list;
	module = dlopen(fixture.config.module, RTLD_NOW | RTLD_LOCAL);
	assert_non_null(module);
	symbol = dlsym(module, "C_GetFunctionList");
	assert_non_null(symbol);
	memcpy(&get_list, &symbol, sizeof(get_list));
	assert_int_equal(get_list(&list), CKR_OK);
	return list;
}

CK_SESSION_HANDLE
raw_session(const char *token)
{
	CK_FUNCTION_LIST *p11 = raw_module();
	CK_SESSION_HANDLE session;
	CK_SLOT_ID slots[16];
	CK_ULONG n = 16;

	assert_int_equal(p11->C_GetSlotList(CK_TRUE, slots, &n), CKR_OK);
	for (CK_ULONG i = 0; i < n; i++) {
		CK_TOKEN_INFO info;

		assert_int_equal(p11->C_GetTokenInfo(slots[i], &info), CKR_OK);
		if (memcmp(info.label, token, strlen(token)) != 0 ||
		    info.label[strlen(token)] != ' ')
			continue;
		assert_int_equal(p11->C_OpenSession(slots[i],
				     CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL,
				     NULL, &session),
		    CKR_OK);
		return session;
	}
	fail_msg("no token %s", token);
	return 0;
}

void
import_key(CK_SESSION_HANDLE s, const char *label, CK_KEY_TYPE type,
    const void *value, size_t len)
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_BBOOL yes = CK_TRUE;
	char name[64];
	uint8_t bytes[64];
	CK_ATTRIBUTE template[] = {
	    {CKA_CLASS, &class, sizeof(class)},
	    {CKA_KEY_TYPE, &type, sizeof(type)},
	    {CKA_TOKEN, &yes, sizeof(yes)},
	    {CKA_PRIVATE, &yes, sizeof(yes)},
	    {CKA_SIGN, &yes, sizeof(yes)},
	    {CKA_LABEL, name, strlen(label)},
	    {CKA_VALUE, bytes, len},
	};
	CK_OBJECT_HANDLE object;

	memcpy(name, label, strlen(label));
	memcpy(bytes, value, len);
	assert_int_equal(raw_module()->C_CreateObject(s, template,
			     sizeof(template) / sizeof(template[0]), &object),
	    CKR_OK);
}

CK_OBJECT_HANDLE
raw_find(CK_SESSION_HANDLE s, const char *label)
{
	CK_FUNCTION_LIST *p11 = raw_module();
	char name[64];
	CK_ATTRIBUTE a = {CKA_LABEL, name, strlen(label)};
	CK_OBJECT_HANDLE object = CK_INVALID_HANDLE;
	CK_ULONG n = 0;

	memcpy(name, label, strlen(label));
	assert_int_equal(p11->C_FindObjectsInit(s, &a, 1), CKR_OK);
	assert_int_equal(p11->C_FindObjects(s, &object, 1, &n), CKR_OK);
	assert_int_equal(p11->C_FindObjectsFinal(s), CKR_OK);
	return n ? object : CK_INVALID_HANDLE;
}
