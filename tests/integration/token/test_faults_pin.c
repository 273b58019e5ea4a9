/*
 * A PIN that is not the right one any more is sent to the token once. The
 * sessions and the login are lost in each call of each operation, and then the
 * token refuses the PIN: whatever is asked after that, by that process nothing
 * logs in again, not even where the token would take it.
 *
 * What was refused is remembered by the process, so each case has one of its
 * own; nothing has opened the module before it is forked.
 */
#include "fault_calls.h"
#include "fault_clock.h"
#include "fault_ops.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	OPS_MAX = 64,
	CASE_S = 20,
	TESTS_S = 90,
	AN_EPOCH_MS = 31000,
};

struct learnt {
	struct fault_calls of[OPS_MAX];
	size_t ops;
	bool by_hand; /* a key was left, and it was said */
};

static struct learnt *learnt;
static char doing[128];

#define EXPECT(truth) \
	do { \
		if (!(truth)) { \
			fprintf(stderr, "%s: not: %s\n", doing, #truth); \
			exit(1); \
		} \
	} while (0)

static void
say_where(int signal_number)
{
	(void)!write(2, doing, strlen(doing));
	(void)signal(signal_number, SIG_DFL);
	(void)raise(signal_number);
}

static unsigned
destroy_made(void)
{
	CK_SESSION_HANDLE raw = raw_session(fixture.label);
	CK_OBJECT_HANDLE o;
	unsigned n = 0;

	while ((o = raw_find(raw, MADE)) != CK_INVALID_HANDLE) {
		EXPECT(raw_module()->C_DestroyObject(raw, o) == CKR_OK);
		n++;
	}
	return n;
}

/* The calls of each operation, each in a token just opened. */
static void
learn(size_t unused, const struct fault_call *none)
{
	const struct fault_op *op;

	(void)unused;
	(void)none;
	for (size_t i = 0; (op = fault_op_at(i)) != NULL; i++) {
		struct hsm *h = open_token();
		struct hsm_session *s = take(h);
		struct hsm_error err;

		EXPECT(i < OPS_MAX);
		fault_ops_prepare(s);
		fault_log_reset();
		EXPECT(fault_op_run(op, s, &err) == RC_OK);
		fault_log_read(&learnt->of[i]);
		learnt->ops = i + 1;
		EXPECT(destroy_made() == op->made);
		fault_ops_fini();
		hsm_session_give(s);
		hsm_close(h);
	}
}

/* After a case: without a login it could not have been taken back. */
static void
clean(size_t unused, const struct fault_call *none)
{
	struct hsm *h = open_token();

	(void)unused;
	(void)none;
	snprintf(doing + strlen(doing), 32, ", what is left");
	EXPECT(destroy_made() == 0 || learnt->by_hand);
	hsm_close(h);
}

static void
refused_from_now_on(
    struct hsm *h, struct hsm_session *s, const struct fault_op *op)
{
	struct hsm_error err;

	for (int i = 0; i < 2; i++) {
		clock_advance(AN_EPOCH_MS);
		EXPECT(hsm_reopen(h, &err) == RC_PIN);
		EXPECT(err.text[0] && err.remedy[0]);
		/* Random numbers are had without a login. */
		EXPECT(fault_op_run(op, s, &err) != RC_OK || op->right(s));
		EXPECT(!fault_ops_derives(s));
	}
}

static void
run_case(size_t number, const struct fault_call *c)
{
	const struct fault_op *op = fault_op_at(number);
	struct hsm *h = open_token(), *again = NULL;
	struct hsm_session *s = take(h);
	struct hsm_error err;
	char control[128];
	enum rc rc;

	fault_ops_prepare(s);
	count_reset();
	snprintf(control, sizeof(control),
	    "%s close-all 1 0\nC_Login 0xa0 -1 0\n", c->function);
	faults(
	    strcmp(c->function, "C_Login") ? control : "C_Login 0xa0 -1 0\n");
	rc = fault_op_run(op, s, &err);
	EXPECT(rc == RC_OK || rc == RC_TOKEN || rc == RC_PIN);
	EXPECT(rc == RC_OK || (err.text[0] && err.remedy[0]));
	learnt->by_hand = rc && strstr(err.remedy, "by hand");
	/* It may have needed no login, or not have come so far. */
	if (count_of("C_Login") == 0)
		EXPECT(hsm_probe(s, MASTER) == RC_TOKEN);
	if (count_of("C_Login") == 0)
		EXPECT(hsm_reopen(h, &err) == RC_PIN);
	EXPECT(count_of("C_Login") == 1);

	refused_from_now_on(h, s, op);
	faults("");
	refused_from_now_on(h, s, op);
	fault_ops_fini();
	hsm_session_give(s);
	hsm_close(h);
	EXPECT(hsm_open(&fixture.config, &again, &err) == RC_PIN);
	EXPECT(count_of("C_Login") == 1 /* still */);
}

/* In a process of its own. */
static bool
apart(void (*fn)(size_t, const struct fault_call *), size_t number,
    const struct fault_call *c)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		(void)alarm(CASE_S);
		(void)signal(SIGALRM, say_where);
		(void)signal(SIGABRT, say_where);
		faults("");
		fn(number, c);
		exit(0);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid &&
	    WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int
main(void)
{
	unsigned cases = 0, failed = 0;

	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	if (!fixture_init())
		return TEST_SKIP;
	(void)alarm(TESTS_S);
	fault_log_use();
	learnt = mmap(NULL, sizeof(*learnt), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (learnt == MAP_FAILED || !apart(learn, 0, NULL) || !learnt->ops)
		return 1;
	for (size_t i = 0; i < learnt->ops; i++) {
		for (size_t k = 0; k < learnt->of[i].count; k++) {
			const struct fault_call *c = &learnt->of[i].list[k];

			snprintf(doing, sizeof(doing), "%s, %s",
			    fault_op_at(i)->name, c->function);
			failed += !apart(run_case, i, c) || !apart(clean, i, c);
			cases++;
		}
	}
	printf("%u operations and calls of them, %u failed\n", cases, failed);
	munmap(learnt, sizeof(*learnt));
	fixture_fini();
	return failed > 0;
}
