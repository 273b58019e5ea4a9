/* What is recorded in one commit: a decision that cannot stand in it is left
 * out, with all its rows, and nobody else's is lost. The ledger is a list of
 * names here. */
#include "push.h"
#include "rollout_run.h"

#include "issue/rotated.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { DEVICES = 4 };

static struct {
	char open[64], durable[64]; /* one letter a row */
	bool running;
	unsigned begun, fails, works, left_out;
} ledger;

static struct known_session sessions[DEVICES];
static struct job jobs[DEVICES];
static const struct keeper_args args = {.instance = "0"};
static struct keeper keeper = {.args = &args};
static enum rc verdicts[DEVICES]; /* of the second row of each */

enum rc
ledger_begin(struct ledger *l)
{
	(void)l;
	assert_false(ledger.running);
	ledger.running = true;
	ledger.begun++;
	ledger.open[0] = '\0';
	return RC_OK;
}

enum rc
ledger_append(struct ledger *l, const struct ledger_event *e, uint64_t *seq)
{
	(void)l;
	(void)e;
	(void)seq;
	fail_msg("no session ends here");
	return RC_BUG;
}

enum rc
ledger_commit(struct ledger *l)
{
	(void)l;
	assert_true(ledger.running);
	ledger.running = false;
	memcpy(ledger.durable, ledger.open, sizeof(ledger.open));
	return RC_OK;
}

void
ledger_rollback(struct ledger *l)
{
	(void)l;
	ledger.running = false;
}

static void
row(char name)
{
	size_t n = strlen(ledger.open);

	assert_true(ledger.running && n + 1 < sizeof(ledger.open));
	ledger.open[n] = name;
	ledger.open[n + 1] = '\0';
}

/* Nobody rotates here. */
enum rc
issue_rotated(struct ledger *l, struct span session, struct span endpoint)
{
	(void)l;
	(void)session;
	(void)endpoint;
	return RC_OK;
}

/* Two rows each, "aA": the second is the one that may fail. */
enum rc
issue_record(struct ledger *l, const struct issue_rules *rules,
    const struct issue_request *rq, const struct issue_decision *d,
    const char *instance, bool again)
{
	size_t i = rq->session[0];

	(void)l;
	(void)rules;
	(void)d;
	(void)instance;
	assert_false(again);
	row((char)('a' + i));
	if (verdicts[i] == RC_OK)
		row((char)('A' + i));
	return verdicts[i];
}

bool
pace_is_told(const struct keeper *k, const struct job *j)
{
	(void)k;
	(void)j;
	return true;
}

struct known_session *
session_find(struct keeper *k, const uint8_t *id)
{
	(void)k;
	return &sessions[id[0]];
}

struct known_session *
session_of_endpoint(struct keeper *k, bool nosec, struct span endpoint)
{
	(void)k;
	(void)nosec;
	(void)endpoint;
	return NULL;
}

struct span
session_endpoint(const struct known_session *s)
{
	(void)s;
	return (struct span){0};
}

bool
doctor_has_row(const struct job *j)
{
	(void)j;
	return false;
}

enum rc
doctor_append(struct keeper *k, const struct job *j)
{
	(void)k;
	(void)j;
	return RC_BUG;
}

bool
refused_psk(const struct job *j)
{
	(void)j;
	return false;
}

enum rc
refused_append_psk(struct keeper *k, const struct job *j)
{
	(void)k;
	(void)j;
	return RC_BUG;
}

enum rc
refused_append_all(struct keeper *k)
{
	(void)k;
	return RC_OK;
}

enum rc
record_but_too_large(enum rc rc, const char *kind)
{
	(void)kind;
	ledger.left_out += rc == RC_TOO_LARGE;
	return rc == RC_TOO_LARGE ? RC_OK : rc;
}

void
record_works(struct keeper *k)
{
	(void)k;
	ledger.works++;
}

void
record_fails(struct keeper *k, enum rc rc)
{
	(void)k;
	(void)rc;
	ledger.fails++;
}

bool
rollout_overtook(const struct keeper *k, const struct job *j)
{
	(void)k;
	assert_false(j->staged);
	return false;
}

void
push_tie(struct keeper *k, struct job *j)
{
	(void)k;
	assert_true(j->decision.granted && j->push_way == PUSH_ANY);
}

enum rc
push_append(struct keeper *k, struct job *j)
{
	(void)k;
	row('>');
	j->push_recorded = true;
	return RC_OK;
}

static int
four_devices(void **state)
{
	(void)state;
	memset(&ledger, 0, sizeof(ledger));
	memset(sessions, 0, sizeof(sessions));
	memset(jobs, 0, sizeof(jobs));
	memset(verdicts, 0, sizeof(verdicts));
	for (size_t i = 0; i < DEVICES; i++) {
		jobs[i].kind = JOB_BEGIN;
		jobs[i].request.session[0] = (uint8_t)i;
		jobs[i].decision.granted = true;
		jobs[i].next = i + 1 < DEVICES ? &jobs[i + 1] : NULL;
	}
	return 0;
}

static void
all_in_one_commit(void **state)
{
	(void)state;
	assert_int_equal(record_commit(&keeper, jobs), RC_OK);
	assert_string_equal(ledger.durable, "aAbBcCdD");
	assert_int_equal(ledger.begun, 1);
}

/* What a push has begun says so in the same commit, refused or not: there is no
 * rate for what an operator has asked for. */
static void
a_push_stands_with_its_decision(void **state)
{
	(void)state;
	jobs[1].push_way = PUSH_SESSION;
	jobs[2].push_way = PUSH_ADDRESS;
	jobs[2].decision.granted = false;
	jobs[3].push_way = PUSH_SESSION;
	jobs[3].decision.granted = false;
	verdicts[3] = RC_TOO_LARGE;
	assert_int_equal(record_commit(&keeper, jobs), RC_OK);
	assert_string_equal(ledger.durable, "aA>bB>cC");
	assert_true(jobs[1].push_recorded && jobs[2].push_recorded);
	assert_true(jobs[3].unwritable);
}

static void
rows_that_are_too_large_are_left_out(void **state)
{
	(void)state;
	verdicts[0] = verdicts[2] = RC_TOO_LARGE;
	assert_int_equal(record_commit(&keeper, jobs), RC_OK);
	/* not even the first half of theirs */
	assert_string_equal(ledger.durable, "bBdD");
	assert_true(jobs[0].unwritable && jobs[2].unwritable);
	assert_false(jobs[1].unwritable || jobs[3].unwritable);
	/* however many there are, it is tried once more */
	assert_int_equal(ledger.begun, 2);
	assert_int_equal(ledger.left_out, 2);
	assert_int_equal(ledger.fails, 0);
	assert_int_equal(ledger.works, 1);
}

static void
what_came_too_late_is_left_out(void **state)
{
	(void)state;
	verdicts[1] = RC_CONFLICT;
	verdicts[3] = RC_TOO_LARGE;
	assert_int_equal(record_commit(&keeper, jobs), RC_OK);
	assert_string_equal(ledger.durable, "aAcC");
	assert_true(jobs[1].conflicted && jobs[3].unwritable);
}

static void
all_are_lost_with_the_ledger(void **state)
{
	(void)state;
	verdicts[1] = RC_TOO_LARGE;
	verdicts[2] = RC_FULL;
	assert_int_equal(record_commit(&keeper, jobs), RC_FULL);
	assert_string_equal(ledger.durable, "");
	assert_int_equal(ledger.fails, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(all_in_one_commit, four_devices),
	    cmocka_unit_test_setup(
		a_push_stands_with_its_decision, four_devices),
	    cmocka_unit_test_setup(
		rows_that_are_too_large_are_left_out, four_devices),
	    cmocka_unit_test_setup(
		what_came_too_late_is_left_out, four_devices),
	    cmocka_unit_test_setup(all_are_lost_with_the_ledger, four_devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
