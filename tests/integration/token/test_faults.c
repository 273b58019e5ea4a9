/*
 * Every operation of lib/hsm, every PKCS#11 call that it makes, every way in
 * which the call can fail: the operation brings what it brings without the
 * fault, or a code with a text and a remedy; what it has made is not left half
 * in the token; and the next one works, after hsm_reopen where RC_TOKEN asked
 * for it.
 *
 * Which calls those are is learnt from a run without a fault, in three states:
 * nothing remembered ("cold"), all found before ("warm"), and with the sessions
 * and the login lost under it ("lost").
 *
 *     test_faults [PART PARTS]     each PARTS-th operation, from PART (0)
 *     test_faults NAME             that operation alone
 */
#include "fault_clock.h"
#include "fault_ops.h"

#include "hsm/hsm_internal.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	CALLS_MAX = 48,
	REPORTED_MAX = 20, /* of an operation's failures */
	CASE_S = 20, /* that takes longer hangs */
	SESSIONS = 2,
	/* Of the pool, the anchor, libp11's. */
	SESSIONS_OPEN = SESSIONS + 2,
	AN_EPOCH_MS = 31000, /* lasts: then the back-off begins anew */
};

enum state { COLD, WARM, LOST, STATES };

static const char *const state_names[] = {"cold", "warm", "lost"};

enum often {
	ONCE, /* at the first such call, at one in between, at the last */
	ALWAYS,
};

struct fault {
	const char *what; /* as the shim's control file has it */
	enum often often;
	bool everywhere; /* not in the state COLD alone */
	const char *function; /* of this one alone; NULL: of any */
};

static const struct fault fault_kinds[] = {
    {"0x32", ONCE, true, NULL}, /* CKR_DEVICE_REMOVED */
    {"0xe0", ONCE, false, NULL}, /* CKR_TOKEN_NOT_PRESENT */
    {"0xb3", ONCE, true, NULL}, /* CKR_SESSION_HANDLE_INVALID */
    {"0xb0", ONCE, false, NULL}, /* CKR_SESSION_CLOSED */
    {"0x101", ONCE, true, NULL}, /* CKR_USER_NOT_LOGGED_IN */
    {"0x60", ONCE, false, NULL}, /* CKR_KEY_HANDLE_INVALID */
    {"0x82", ONCE, true, NULL}, /* CKR_OBJECT_HANDLE_INVALID */
    {"0x31", ONCE, true, NULL}, /* CKR_DEVICE_MEMORY: the token is full */
    {"0x30", ONCE, false, NULL}, /* CKR_DEVICE_ERROR */
    {"0x6", ONCE, false, NULL}, /* CKR_FUNCTION_FAILED */
    {"0x5", ONCE, true, NULL}, /* CKR_GENERAL_ERROR */
    {"0x2", ONCE, false, NULL}, /* CKR_HOST_MEMORY */
    {"0x190", ONCE, false, NULL}, /* CKR_CRYPTOKI_NOT_INITIALIZED */
    {"0x90", ONCE, false, NULL}, /* CKR_OPERATION_ACTIVE */
    {"0x32", ALWAYS, true, NULL},
    {"0xb3", ALWAYS, false, NULL},
    {"0x101", ALWAYS, false, NULL},
    {"0x82", ALWAYS, false, NULL},
    {"0x31", ALWAYS, false, NULL},
    {"0x5", ALWAYS, false, NULL},
    /* Done, and then not heard of. */
    {"after=0x32", ONCE, true, NULL},
    {"after=0xb3", ONCE, false, NULL},
    {"after=0x5", ONCE, false, NULL},
    /* Truly lost. */
    {"close-all", ONCE, true, NULL},
    {"logout", ONCE, true, NULL},
    {"finalize", ONCE, false, NULL},
    /* Of another length than it has. */
    {"len=0", ONCE, false, "C_Sign"},
    {"len=31", ONCE, true, "C_Sign"},
    {"len=63", ONCE, true, "C_Sign"},
    {"len=65", ONCE, false, "C_Sign"},
    {"len=256", ONCE, false, "C_Sign"},
    {"len=63", ALWAYS, true, "C_Sign"},
    {"len=0", ONCE, false, "C_DigestFinal"},
    {"len=31", ONCE, false, "C_DigestFinal"},
    {"len=64", ONCE, false, "C_DigestFinal"},
    {"len=0", ONCE, false, "C_GetAttributeValue"},
    {"len=3", ONCE, false, "C_GetAttributeValue"},
    {"len=200", ONCE, false, "C_GetAttributeValue"},
};

struct call {
	char function[32];
	unsigned long n;
	/** The one that libp11 makes of C_OpenSession, and of C_CloseAllSessions
	 *  before it; 0: none. Should that session not open, right after another
	 *  one did, libp11 waits for ever (until 0.4.14): nothing can be seen
	 *  then but that the process has to be replaced, which bootstrapd does
	 *  (daemon/token_faults). */
	unsigned long of_libp11;
};

struct matrix {
	const struct fault_op *op;
	enum state state;
	struct call calls[CALLS_MAX];
	unsigned call_count;
	CK_ULONG objects; /* in the token, between the operations */
	unsigned cases, right, refused, failed;
};

static struct hsm *h;
static struct hsm_session *s;
static char doing[160];
static char log_path[64];
static const struct fault_op *chosen[64];

/* In words that a handler may use. */
static void
say_where(int signal_number)
{
	static const char died[] = "\nended in: ";

	(void)!write(2, died, sizeof(died) - 1);
	(void)!write(2, doing, strlen(doing));
	(void)!write(2, "\n", 1);
	(void)signal(signal_number, SIG_DFL);
	(void)raise(signal_number);
}

static void
open_all(void)
{
	faults("");
	h = open_token();
	s = take(h);
}

static void
close_all(void)
{
	hsm_session_give(s);
	hsm_close(h);
	h = NULL;
}

/* As whoever looks at the token beside us sees it; with `made`, of that label
 * alone, and destroys it. */
static CK_ULONG
objects(bool made)
{
	CK_FUNCTION_LIST *p11 = raw_module();
	CK_SESSION_HANDLE raw = raw_session(fixture.label);
	char label[] = MADE;
	CK_ATTRIBUTE a = {CKA_LABEL, label, sizeof(label) - 1};
	CK_OBJECT_HANDLE found[32];
	CK_ULONG n = 0;

	assert_int_equal(p11->C_FindObjectsInit(raw, &a, made), CKR_OK);
	assert_int_equal(p11->C_FindObjects(raw, found, 32, &n), CKR_OK);
	assert_int_equal(p11->C_FindObjectsFinal(raw), CKR_OK);
	for (CK_ULONG i = 0; made && i < n; i++)
		assert_int_equal(p11->C_DestroyObject(raw, found[i]), CKR_OK);
	assert_int_equal(p11->C_CloseSession(raw), CKR_OK);
	return n;
}

/* As after a start: no handle is known, no session of the pool is open. */
static void
forget(void)
{
	pthread_mutex_lock(&h->lock);
	object_cache_clear(h);
	pthread_mutex_unlock(&h->lock);
	ca_keys_release(h);
	for (unsigned i = 0; i < SESSIONS; i++)
		h->sessions[i].broken = true;
}

static void
lose(void)
{
	CK_SESSION_HANDLE raw = raw_session(fixture.label);
	CK_SESSION_INFO info;

	assert_int_equal(raw_module()->C_GetSessionInfo(raw, &info), CKR_OK);
	assert_int_equal(raw_module()->C_CloseAllSessions(info.slotID), CKR_OK);
}

static void
bring_into(enum state state)
{
	if (state != WARM)
		forget();
	if (state == LOST)
		lose();
}

/* Is the token well, and the operation with it? NULL: yes. */
static const char *
works(struct matrix *m)
{
	struct hsm_error err;

	if (fault_op_run(m->op, s, &err) || !m->op->right(s))
		return "the next one fails, without a fault";
	if (objects(true) != m->op->made)
		return "the next one leaves something behind";
	if (!fault_ops_derives(s))
		return "no key can be derived any more";
	if (count_of("sessions") > SESSIONS_OPEN)
		return "sessions were left open";
	return NULL;
}

/* Of what a key is, the token says what is not so. */
static bool
lies(const struct call *c, const struct fault *f)
{
	return strncmp(f->what, "len=", 4) == 0 &&
	    strcmp(c->function, "C_GetAttributeValue") == 0;
}

/* What may be answered to a fault, other than the right result. */
static bool
answer_fits(const struct matrix *m, const struct call *c, const struct fault *f,
    enum rc rc)
{
	if (rc == RC_TOKEN)
		return true;
	/* The token lives, and does what it must not. */
	if (strncmp(f->what, "len=", 4) == 0)
		return rc == RC_UNSUPPORTED || rc == RC_DENIED ||
		    (rc == RC_NOT_FOUND && lies(c, f));
	/* In the many ways in which tokens refuse to digest keys. */
	if (strcmp(m->op->name, "premaster") == 0 &&
	    strncmp(c->function, "C_Digest", 8) == 0)
		return rc == RC_UNSUPPORTED && !strstr(f->what, "0x32") &&
		    strcmp(f->what, "0xe0") != 0 &&
		    strcmp(f->what, "0x190") != 0 &&
		    strcmp(f->what, "finalize") != 0;
	return false;
}

static bool
mended(void)
{
	struct hsm_error err;

	clock_advance(AN_EPOCH_MS);
	return hsm_reopen(h, &err) == RC_OK;
}

/* NULL: as it should be. */
static const char *
judge(struct matrix *m, const struct call *c, const struct fault *f, enum rc rc,
    const struct hsm_error *err)
{
	CK_ULONG left;

	if (rc && !answer_fits(m, c, f, rc))
		return rc_name(rc);
	if (rc && !(err->text[0] && err->remedy[0]))
		return "it does not say why, or not what to do";
	if (!rc && !(m->op->describes && lies(c, f)) && !m->op->right(s))
		return "a wrong result";
	if (rc == RC_TOKEN && !mended())
		return "hsm_reopen does not mend it";
	/* Nobody needs to have noticed that the login is lost. */
	if (!fault_ops_derives(s))
		return "no key can be derived any more";
	/* What the module did not close, the next epoch does. */
	if (strcmp(c->function, "C_CloseSession") == 0) {
		session_mark_dead(s);
		if (!mended())
			return "hsm_reopen does not close it";
	}
	left = objects(true);
	if (left != (rc ? 0 : m->op->made) && !strstr(err->remedy, "by hand"))
		return "keys are left in the token";
	if (objects(false) != m->objects)
		return "other objects in the token";
	m->right += !rc;
	m->refused += rc != RC_OK;
	return works(m);
}

static void
run_case(struct matrix *m, const struct call *c, unsigned long at,
    const struct fault *f)
{
	char control[128];
	const char *wrong;
	struct hsm_error err;
	unsigned long reached;
	enum rc rc;

	snprintf(doing, sizeof(doing), "%s (%s), %s %s%s, call %lu of %lu",
	    m->op->name, state_names[m->state], c->function, f->what,
	    f->often == ALWAYS ? " for ever" : "", at, c->n);
	snprintf(control, sizeof(control), "%s 0x0 %lu 0\n%s %s %d 0\n",
	    c->function, at - 1, c->function, f->what,
	    f->often == ALWAYS ? -1 : 1);
	alarm(CASE_S);
	bring_into(m->state);
	clock_advance(AN_EPOCH_MS);
	faults(control);
	count_reset();
	rc = fault_op_run(m->op, s, &err);
	reached = count_of(c->function);
	faults("");
	wrong =
	    reached < at ? "the call was not made" : judge(m, c, f, rc, &err);
	m->cases++;
	if (!wrong)
		return;
	if (m->failed++ < REPORTED_MAX)
		print_error("%s: %s (%s; %s; %s)\n", doing, wrong, rc_name(rc),
		    err.text, err.remedy);
	/* The next case is not to suffer from it. */
	close_all();
	open_all();
	(void)objects(true);
	if (works(m))
		fail_msg("%s: nothing works any more", doing);
}

static bool
hangs(const struct call *c, unsigned long at, const struct fault *f)
{
	bool opens = strcmp(c->function, "C_OpenSession") == 0;

	if (f->often == ALWAYS || at != c->of_libp11)
		return false;
	return strcmp(f->what, "finalize") == 0 ||
	    (opens && strchr(f->what, 'x'));
}

static void
run_once_at(struct matrix *m, const struct call *c, unsigned long at,
    const struct fault *f)
{
	if (!hangs(c, at, f))
		run_case(m, c, at, f);
}

static void
run_call(struct matrix *m, const struct call *c)
{
	for (size_t i = 0; i < sizeof(fault_kinds) / sizeof(fault_kinds[0]);
	     i++) {
		const struct fault *f = &fault_kinds[i];

		if ((m->state != COLD && !f->everywhere) ||
		    (f->function && strcmp(f->function, c->function) != 0))
			continue;
		run_once_at(m, c, 1, f);
		if (f->often == ALWAYS)
			continue;
		if (c->n > 2)
			run_once_at(m, c, c->n / 2 + 1, f);
		if (c->n > 1)
			run_once_at(m, c, c->n, f);
	}
}

static struct call *
call_of(struct matrix *m, const char *function)
{
	struct call *c;

	for (unsigned i = 0; i < m->call_count; i++)
		if (strcmp(m->calls[i].function, function) == 0)
			return &m->calls[i];
	assert_true(m->call_count < CALLS_MAX);
	c = &m->calls[m->call_count++];
	memset(c, 0, sizeof(*c));
	snprintf(c->function, sizeof(c->function), "%s", function);
	return c;
}

/* Its calls, as the shim has written them down. */
static void
read_log(struct matrix *m)
{
	struct call *last = NULL;
	char function[32];
	FILE *f = fopen(log_path, "re");

	assert_non_null(f);
	m->call_count = 0;
	while (fscanf(f, "%31s", function) == 1) {
		struct call *c = call_of(m, function);

		c->n++;
		if (last && strcmp(function, "C_OpenSession") == 0 &&
		    strcmp(last->function, "C_CloseAllSessions") == 0) {
			c->of_libp11 = c->n;
			last->of_libp11 = last->n;
		}
		last = c;
	}
	fclose(f);
	assert_true(m->call_count > 0);
}

static void
run_well(struct matrix *m)
{
	struct hsm_error err;

	bring_into(m->state);
	clock_advance(AN_EPOCH_MS);
	assert_int_equal(truncate(log_path, 0), 0);
	if (fault_op_run(m->op, s, &err))
		fail_msg("%s: %s", doing, err.text);
}

/* Which calls it makes; the second time, since libp11 remembers what keys there
 * are for as long as an epoch lasts. */
static void
learn(struct matrix *m)
{
	snprintf(doing, sizeof(doing), "%s (%s), without a fault", m->op->name,
	    state_names[m->state]);
	alarm(CASE_S);
	for (int i = 0; i < 2; i++) {
		run_well(m);
		read_log(m);
		assert_true(m->op->right(s));
		assert_int_equal(objects(true), m->op->made);
	}
}

static void
test_operation(void **state)
{
	struct matrix m = {.op = *state};

	open_all();
	fault_ops_prepare(s);
	m.objects = objects(false);
	for (m.state = COLD; m.state < STATES; m.state++) {
		if (m.state == WARM && works(&m))
			fail_msg("%s", works(&m));
		learn(&m);
		for (unsigned i = 0; i < m.call_count; i++)
			run_call(&m, &m.calls[i]);
	}
	print_message("%s: %u cases, %u right, %u refused\n", m.op->name,
	    m.cases, m.right, m.refused);
	fault_ops_fini();
	close_all();
	if (m.failed)
		fail_msg("%u of %u cases", m.failed, m.cases);
}

static size_t
choose(int argc, char **argv)
{
	size_t n = 0, part = 0, parts = 1;

	if (argc == 3) {
		part = strtoul(argv[1], NULL, 10);
		parts = strtoul(argv[2], NULL, 10);
	}
	for (size_t i = 0; i < fault_op_count; i++)
		if (argc == 2 ? strcmp(argv[1], fault_ops[i].name) == 0
			      : i % parts == part)
			chosen[n++] = &fault_ops[i];
	return n;
}

int
main(int argc, char **argv)
{
	struct CMUnitTest tests[64];
	size_t n = choose(argc, argv);
	int failed;

	if (n == 0)
		return 2;
	/* In memory: the files are replaced with each case. */
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	if (!fixture_init())
		return TEST_SKIP;
	fixture.config.sessions = SESSIONS;
	snprintf(log_path, sizeof(log_path), "%s/log", fixture.dir);
	setenv("P11SHIM_LOG", log_path, 1);
	(void)signal(SIGALRM, say_where);
	(void)signal(SIGABRT, say_where);
	for (size_t i = 0; i < n; i++) {
		void *op;

		memcpy(&op, &chosen[i], sizeof(op));
		tests[i] = (struct CMUnitTest){
		    chosen[i]->name, test_operation, NULL, NULL, op};
	}
	failed = _cmocka_run_group_tests("faults", tests, n, NULL, NULL);
	fixture_fini();
	return failed;
}
