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
#include "fault_calls.h"
#include "fault_clock.h"
#include "fault_ops.h"

#include "hsm/hsm_internal.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	OPS_MAX = 64,
	REPORTED_MAX = 20, /* of an operation's failures */
	CASE_S = 20, /* that takes longer hangs */
	SESSIONS = 2,
	SESSIONS_OPEN = SESSIONS + 1, /* and the anchor */
	AN_EPOCH_MS = 31000, /* lasts: then the back-off begins anew */
};

enum state { COLD, WARM, LOST, STATES };

static const char *const state_names[] = {"cold", "warm", "lost"};

struct matrix {
	const struct fault_op *op;
	enum state state;
	struct fault_calls calls;
	CK_ULONG objects; /* in the token, between the operations */
	unsigned cases, right, refused, failed;
};

static struct hsm *h;
static struct hsm_session *s;
static char doing[160];
static const struct fault_op *chosen[OPS_MAX];

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

/* What may be answered to a fault, other than the right result. */
static bool
answer_fits(const struct matrix *m, const struct fault_call *c,
    const struct fault *f, enum rc rc)
{
	if (rc == RC_TOKEN)
		return true;
	/* The token lives, and does what it must not. */
	if (strncmp(f->what, "len=", 4) == 0)
		return rc == RC_UNSUPPORTED || rc == RC_DENIED ||
		    (rc == RC_NOT_FOUND && fault_lies(c, f));
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
judge(struct matrix *m, const struct fault_call *c, const struct fault *f,
    enum rc rc, const struct hsm_error *err)
{
	CK_ULONG left;

	if (rc && !answer_fits(m, c, f, rc))
		return rc_name(rc);
	if (rc && !(err->text[0] && err->remedy[0]))
		return "it does not say why, or not what to do";
	if (!rc && !(m->op->describes && fault_lies(c, f)) && !m->op->right(s))
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
run_case(void *ctx, const struct fault_call *c, unsigned long at,
    const struct fault *f)
{
	struct matrix *m = ctx;
	const char *wrong;
	struct hsm_error err;
	unsigned long reached;
	enum rc rc;

	snprintf(doing, sizeof(doing), "%s (%s), %s %s%s, call %lu of %lu",
	    m->op->name, state_names[m->state], c->function, f->what,
	    f->often == FAULT_ALWAYS ? " for ever" : "", at, c->n);
	alarm(CASE_S);
	bring_into(m->state);
	clock_advance(AN_EPOCH_MS);
	fault_set(c, at, f);
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

static void
run_well(struct matrix *m)
{
	struct hsm_error err;

	bring_into(m->state);
	clock_advance(AN_EPOCH_MS);
	fault_log_reset();
	if (fault_op_run(m->op, s, &err))
		fail_msg("%s: %s", doing, err.text);
}

/* Which calls it makes; the second time, with whatever is remembered for as long
 * as an epoch lasts. */
static void
learn(struct matrix *m)
{
	snprintf(doing, sizeof(doing), "%s (%s), without a fault", m->op->name,
	    state_names[m->state]);
	alarm(CASE_S);
	for (int i = 0; i < 2; i++) {
		run_well(m);
		fault_log_read(&m->calls);
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
		fault_each(&m.calls, m.state == COLD, run_case, &m);
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
	const struct fault_op *op;

	if (argc == 3) {
		part = strtoul(argv[1], NULL, 10);
		parts = strtoul(argv[2], NULL, 10);
	}
	for (size_t i = 0; (op = fault_op_at(i)) != NULL; i++)
		if (argc == 2 ? strcmp(argv[1], op->name) == 0
			      : i % parts == part)
			chosen[n++] = op;
	return n;
}

int
main(int argc, char **argv)
{
	struct CMUnitTest tests[OPS_MAX];
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
	fault_log_use();
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
