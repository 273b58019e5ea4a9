/* The sealed store: what lies beside the chain, and never changes. */
#include "support.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static struct ledger_secret meter;

static int
setup(void **state)
{
	meter = (struct ledger_secret){
	    .collection = SPAN_LIT("vendor-q3"),
	    .name = SPAN_LIT("meter-1"),
	    .epoch = 1,
	    .endpoint = SPAN_LIT("urn:dev:ops:A-1"),
	    .master = SPAN_LIT("seal-2026"),
	    .sealed = SPAN_LIT("\x01 sealed for its place"),
	};
	return desk_setup(state);
}

static void
begin(struct desk *d)
{
	assert_int_equal(ledger_begin(d->ledger), RC_OK);
}

static void
commit(struct desk *d)
{
	assert_int_equal(ledger_commit(d->ledger), RC_OK);
}

static bool
put_new(struct desk *d, const struct ledger_secret *s)
{
	bool is_new = false;

	assert_int_equal(ledger_secret_put(d->ledger, s, &is_new), RC_OK);
	return is_new;
}

/* What was read, as "name.epoch " each. */
struct seen {
	char text[256];
	unsigned stop_after;
};

static enum rc
note(void *ctx, const struct ledger_secret *s)
{
	struct seen *seen = ctx;
	size_t len = strlen(seen->text);

	snprintf(seen->text + len, sizeof(seen->text) - len, "%.*s.%u ",
	    SPAN_FMT(s->name), s->epoch);
	return seen->stop_after && --seen->stop_after == 0 ? RC_TIMEOUT : RC_OK;
}

static const char *
read_all(struct ledger *l, const struct ledger_secret_query *q)
{
	static struct seen seen;

	seen = (struct seen){0};
	assert_int_equal(ledger_secret_read(l, q, note, &seen), RC_OK);
	return seen.text;
}

static enum rc
is_the_meter(void *ctx, const struct ledger_secret *s)
{
	unsigned *count = ctx;

	assert_true(span_equal(s->collection, meter.collection));
	assert_true(span_equal(s->name, meter.name));
	assert_int_equal(s->epoch, meter.epoch);
	assert_true(span_equal(s->endpoint, meter.endpoint));
	assert_true(span_equal(s->master, meter.master));
	assert_true(span_equal(s->sealed, meter.sealed));
	++*count;
	return RC_OK;
}

static void
test_what_is_put_in_is_there(void **state)
{
	const struct ledger_secret_query all = {0};
	struct desk *d = *state;
	unsigned count = 0;

	begin(d);
	assert_true(put_new(d, &meter));
	/* Within its group, too, and a second time it is nothing new. */
	assert_int_equal(
	    ledger_secret_read(d->ledger, &all, is_the_meter, &count), RC_OK);
	assert_int_equal(count, 1);
	assert_false(put_new(d, &meter));
	commit(d);
	desk_close(d);
	desk_open(d);
	assert_int_equal(
	    ledger_secret_read(d->ledger, &all, is_the_meter, &count), RC_OK);
	assert_int_equal(count, 2);
	assert_int_equal(verified_rows(d->ledger), 0);
}

/* The same name and epoch, and something else behind it: nothing changes. */
static void
test_a_conflict_spoils_nothing_else(void **state)
{
	struct desk *d = *state;
	struct ledger_secret s = meter;
	unsigned count = 0;

	begin(d);
	assert_true(put_new(d, &meter));
	s.sealed = SPAN_LIT("\x01 sealed for its placE");
	assert_int_equal(ledger_secret_put(d->ledger, &s, NULL), RC_CONFLICT);
	s = meter;
	s.endpoint = SPAN_LIT("urn:dev:ops:A-2");
	assert_int_equal(ledger_secret_put(d->ledger, &s, NULL), RC_CONFLICT);
	s = meter;
	s.master = SPAN_LIT("seal-2027");
	assert_int_equal(ledger_secret_put(d->ledger, &s, NULL), RC_CONFLICT);
	assert_int_equal(
	    ledger_secret_read(d->ledger, &(struct ledger_secret_query){0},
		is_the_meter, &count),
	    RC_OK);
	assert_int_equal(count, 1);
	/* Another epoch or collection is another place. */
	s = meter;
	s.epoch = UINT32_MAX;
	assert_true(put_new(d, &s));
	s = meter;
	s.collection = SPAN_LIT("vendor-q4");
	assert_true(put_new(d, &s));
	PUT(d->ledger, "secrets_imported", 0, NULL, F_INT("rows", 3));
	commit(d);
	assert_string_equal(
	    raw_text(d->path, "SELECT count(*) FROM secret"), "3");
	assert_int_equal(verified_rows(d->ledger), 1);
}

static void
test_lengths(void **state)
{
	static uint8_t bytes[LEDGER_SEALED_MAX + 1];
	struct ledger_secret s;
	const struct {
		struct span *field, value;
	} cases[] = {
	    {&s.collection, SPAN_LIT("")},
	    {&s.collection, span_of(bytes, LEDGER_COLLECTION_MAX + 1)},
	    {&s.collection, SPAN_LIT("a\0b")},
	    {&s.collection, SPAN_LIT("a\033[2J")},
	    {&s.collection, SPAN_LIT("a\xff")},
	    {&s.name, SPAN_LIT("")},
	    {&s.name, {NULL, 0}},
	    {&s.name, span_of(bytes, LEDGER_NAME_MAX + 1)},
	    {&s.name, span_of(bytes, SIZE_MAX / 2)},
	    {&s.endpoint, SPAN_LIT("")},
	    {&s.endpoint, span_of(bytes, LEDGER_NAME_MAX + 1)},
	    {&s.master, SPAN_LIT("")},
	    {&s.master, span_of(bytes, 65)},
	    {&s.master, SPAN_LIT("m\n")},
	    {&s.sealed, SPAN_LIT("")},
	    {&s.sealed, span_of(bytes, sizeof(bytes))},
	    {&s.sealed, span_of(bytes, SIZE_MAX / 2)},
	};
	struct desk *d = *state;

	memset(bytes, 'x', sizeof(bytes));
	begin(d);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		s = meter;
		*cases[i].field = cases[i].value;
		if (ledger_secret_put(d->ledger, &s, NULL) != RC_MALFORMED)
			fail_msg("case %zu", i);
	}
	s = meter;
	s.epoch = 0;
	assert_int_equal(ledger_secret_put(d->ledger, &s, NULL), RC_MALFORMED);
	/* And all that is as large as it may be; the group went on. */
	s = (struct ledger_secret){
	    .collection = span_of(bytes, LEDGER_COLLECTION_MAX),
	    .name = span_of(bytes, LEDGER_NAME_MAX),
	    .epoch = UINT32_MAX,
	    .endpoint = span_of(bytes, LEDGER_NAME_MAX),
	    .master = span_of(bytes, 64),
	    .sealed = span_of(bytes, LEDGER_SEALED_MAX),
	};
	assert_true(put_new(d, &s));
	commit(d);
	assert_string_equal(
	    raw_text(d->path, "SELECT count(*) FROM secret"), "1");
	/* No such name was ever there. */
	assert_string_equal(
	    read_all(d->ledger,
		&(struct ledger_secret_query){.name = span_of(bytes, 4000)}),
	    "");
}

static void
test_out_of_turn(void **state)
{
	struct desk *d = *state;
	struct ledger *reader;

	assert_int_equal(ledger_secret_put(d->ledger, &meter, NULL), RC_BUG);
	assert_int_equal(
	    ledger_open(d->path, LEDGER_READ, &reader, NULL, 0), RC_OK);
	assert_int_equal(ledger_secret_put(reader, &meter, NULL), RC_BUG);
	ledger_close(reader);
	assert_string_equal(
	    raw_text(d->path, "SELECT count(*) FROM secret"), "0");
}

static void
put_named(struct desk *d, const char *collection, const char *name,
    uint32_t epoch, const char *endpoint)
{
	struct ledger_secret s = meter;

	s.collection = span_str(collection);
	s.name = span_str(name);
	s.epoch = epoch;
	s.endpoint = span_str(endpoint);
	assert_true(put_new(d, &s));
}

static void
put_some(struct desk *d)
{
	begin(d);
	put_named(d, "q3", "b", 1, "ep-1");
	put_named(d, "q3", "a", 1, "ep-1");
	put_named(d, "q3", "a", 3, "ep-1");
	put_named(d, "q3", "a", 2, "ep-2");
	put_named(d, "q3", "c", 1, "ep-2");
	put_named(d, "q4", "a", 9, "ep-1");
	commit(d);
}

static void
test_queries(void **state)
{
	static const struct {
		const char *collection, *name, *endpoint;
		uint32_t epoch;
		uint64_t limit;
		const char *want;
	} cases[] = {
	    {NULL, NULL, NULL, 0, 0, "a.3 a.2 a.1 b.1 c.1 a.9 "},
	    {"q3", NULL, NULL, 0, 0, "a.3 a.2 a.1 b.1 c.1 "},
	    {"q3", NULL, NULL, 1, 0, "a.1 b.1 c.1 "},
	    {"q3", NULL, NULL, 0, 2, "a.3 a.2 "},
	    {"q3", NULL, NULL, 0, UINT64_MAX, "a.3 a.2 a.1 b.1 c.1 "},
	    {"q3", "a", NULL, 0, 0, "a.3 a.2 a.1 "},
	    {"q3", "a", NULL, 0, 1, "a.3 "},
	    {"q3", "a", NULL, 2, 0, "a.2 "},
	    {"q3", "a", NULL, 9, 0, ""},
	    {"q3", "a", "ep-1", 0, 0, "a.3 a.1 "},
	    {"q3", NULL, "ep-1", 0, 0, "a.3 a.1 b.1 "},
	    {"q3", NULL, "ep-2", 1, 0, "c.1 "},
	    {NULL, "a", NULL, 0, 0, "a.3 a.2 a.1 a.9 "},
	    {NULL, NULL, "ep-1", 0, 0, "a.3 a.1 b.1 a.9 "},
	    {NULL, NULL, "ep", 0, 0, ""},
	    {"q", NULL, NULL, 0, 0, ""},
	};
	struct desk *d = *state;
	struct seen s = {.stop_after = 2};

	put_some(d);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct ledger_secret_query q = {
		    .collection = span_str(cases[i].collection),
		    .name = span_str(cases[i].name),
		    .endpoint = span_str(cases[i].endpoint),
		    .epoch = cases[i].epoch,
		    .limit = cases[i].limit,
		};

		assert_string_equal(read_all(d->ledger, &q), cases[i].want);
	}
	/* Who reads may stop. */
	assert_int_equal(ledger_secret_read(d->ledger,
			     &(struct ledger_secret_query){0}, note, &s),
	    RC_TIMEOUT);
	assert_string_equal(s.text, "a.3 a.2 ");
}

static enum rc
note_collection(void *ctx, const struct ledger_collection *c)
{
	char *text = ctx;

	snprintf(text + strlen(text), 64, "%.*s/%.*s=%llu ",
	    SPAN_FMT(c->collection), SPAN_FMT(c->master),
	    (unsigned long long)c->count);
	return RC_OK;
}

static enum rc
stop(void *ctx, const struct ledger_collection *c)
{
	(void)ctx;
	(void)c;
	return RC_AGAIN;
}

static void
test_collections(void **state)
{
	struct desk *d = *state;
	struct ledger_secret s = meter;
	char text[256] = "";

	assert_int_equal(
	    ledger_collections(d->ledger, note_collection, text), RC_OK);
	assert_string_equal(text, "");
	put_some(d);
	begin(d);
	s.collection = SPAN_LIT("q3");
	s.master = SPAN_LIT("seal-2027");
	assert_true(put_new(d, &s));
	commit(d);
	assert_int_equal(
	    ledger_collections(d->ledger, note_collection, text), RC_OK);
	assert_string_equal(
	    text, "q3/seal-2026=5 q3/seal-2027=1 q4/seal-2026=1 ");
	assert_int_equal(ledger_collections(d->ledger, stop, NULL), RC_AGAIN);
}

/* Killed with the group open: nothing of it, and all of the one before. */
static void
test_a_crash_between(void **state)
{
	struct desk *d = *state;
	int status;
	pid_t pid;

	desk_close(d);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		desk_open(d);
		put_some(d);
		begin(d);
		put_named(d, "q3", "late", 1, "ep-1");
		PUT(d->ledger, "secrets_imported", 0, NULL, F_INT("rows", 1));
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	desk_open(d);
	assert_string_equal(
	    read_all(d->ledger, &(struct ledger_secret_query){0}),
	    "a.3 a.2 a.1 b.1 c.1 a.9 ");
	assert_int_equal(verified_rows(d->ledger), 0);
	begin(d);
	put_named(d, "q3", "late", 1, "ep-1");
	commit(d);
}

#define ON_A_DESK(test) \
	cmocka_unit_test_setup_teardown(test, setup, desk_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_A_DESK(test_what_is_put_in_is_there),
	    ON_A_DESK(test_a_conflict_spoils_nothing_else),
	    ON_A_DESK(test_lengths),
	    ON_A_DESK(test_out_of_turn),
	    ON_A_DESK(test_queries),
	    ON_A_DESK(test_collections),
	    ON_A_DESK(test_a_crash_between),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
