/* Threads that read while one writes: each on a connection of its own. */
#include "support.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

static const char sealed[] = "\x01 sealed for its place";

enum { GROUPS = 40, IN_GROUP = 25, READERS = 3 };

struct watcher {
	const char *path;
	atomic_bool *done;
	uint64_t reads, most;
	enum rc rc;
	bool torn;
};

static enum rc
count_one(void *ctx, const struct ledger_secret *s)
{
	uint64_t *n = ctx;

	*n += s->sealed.len == sizeof(sealed) - 1;
	return RC_OK;
}

/* A connection of its own, which sees groups whole, and never fewer. */
static void *
read_on(void *ctx)
{
	const struct ledger_secret_query q = {.collection = SPAN_LIT("q3")};
	struct watcher *r = ctx;
	struct ledger *l;
	bool last;

	r->rc = ledger_open(r->path, LEDGER_READ, &l, NULL, 0);
	do {
		uint64_t n = 0;

		last = atomic_load(r->done);
		if (r->rc == RC_OK)
			r->rc = ledger_secret_read(l, &q, count_one, &n);
		r->torn |= n % IN_GROUP != 0 || n < r->most;
		r->most = n;
		r->reads++;
	} while (!last && r->rc == RC_OK);
	ledger_close(l);
	return NULL;
}

static void
test_readers_beside_a_writer(void **state)
{
	struct desk *d = *state;
	struct watcher readers[READERS] = {0};
	pthread_t threads[READERS];
	atomic_bool done = false;
	struct ledger_secret s = {
	    .collection = SPAN_LIT("q3"),
	    .epoch = 1,
	    .endpoint = SPAN_LIT("ep"),
	    .master = SPAN_LIT("seal-2026"),
	    .sealed = span_str(sealed),
	};
	char name[32];

	for (int i = 0; i < READERS; i++) {
		readers[i] = (struct watcher){.path = d->path, .done = &done};
		assert_int_equal(
		    pthread_create(&threads[i], NULL, read_on, &readers[i]), 0);
	}
	for (int g = 0; g < GROUPS; g++) {
		assert_int_equal(ledger_begin(d->ledger), RC_OK);
		for (int i = 0; i < IN_GROUP; i++) {
			snprintf(name, sizeof(name), "n-%d-%d", g, i);
			s.name = span_str(name);
			assert_int_equal(
			    ledger_secret_put(d->ledger, &s, NULL), RC_OK);
		}
		PUT(d->ledger, "secrets_imported", 0, NULL,
		    F_INT("rows", IN_GROUP));
		assert_int_equal(ledger_commit(d->ledger), RC_OK);
	}
	atomic_store(&done, true);
	for (int i = 0; i < READERS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(readers[i].rc, RC_OK);
		assert_false(readers[i].torn);
		assert_int_equal(readers[i].most, GROUPS * IN_GROUP);
	}
	assert_int_equal(verified_rows(d->ledger), GROUPS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_readers_beside_a_writer, desk_setup, desk_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
