/* What peers have shown: counted, bounded, freed with the last who needs it. */
#include "papers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
kept_as_long_as_needed(void **state)
{
	struct papers_room room = {.max = 100};
	struct papers *p =
	    papers_new(&room, SPAN_LIT("certificate"), SPAN_LIT("chain"));

	(void)state;
	assert_non_null(p);
	assert_int_equal(room.used, 16);
	assert_ptr_equal(papers_ref(p), p);
	papers_unref(p);
	assert_true(span_is(papers_peer(p), "certificate"));
	assert_true(span_is(papers_chain(p), "chain"));
	papers_unref(p);
	assert_int_equal(room.used, 0);
}

static void
no_more_than_there_is_room(void **state)
{
	struct papers_room room = {.max = 11};
	struct papers *p;

	(void)state;
	assert_null(papers_new(&room, SPAN_LIT("certificate"), SPAN_LIT("x")));
	p = papers_new(&room, SPAN_LIT("certificate"), (struct span){0});
	assert_non_null(p);
	assert_int_equal(papers_chain(p).len, 0);
	assert_null(papers_new(&room, SPAN_LIT("x"), (struct span){0}));
	papers_unref(p);
	p = papers_new(&room, SPAN_LIT("x"), (struct span){0});
	assert_non_null(p);
	papers_unref(p);
}

static void
none(void **state)
{
	(void)state;
	assert_null(papers_ref(NULL));
	assert_int_equal(papers_peer(NULL).len, 0);
	assert_int_equal(papers_chain(NULL).len, 0);
	papers_unref(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(kept_as_long_as_needed),
	    cmocka_unit_test(no_more_than_there_is_room),
	    cmocka_unit_test(none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
