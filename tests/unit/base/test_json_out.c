/* JSON that grows: where the commas go, and what becomes of hostile texts. */
#include "base/json_out.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

struct sheet {
	struct json_out j;
	char *text;
	size_t len;
};

static void
begin(struct sheet *s)
{
	*s = (struct sheet){0};
	s->j.f = open_memstream(&s->text, &s->len);
	assert_non_null(s->j.f);
}

static void
expect_text(struct sheet *s, const char *want)
{
	assert_int_equal(fclose(s->j.f), 0);
	assert_string_equal(s->text, want);
	free(s->text);
}

static void
commas_stand_between(void **state)
{
	struct sheet s;

	(void)state;
	begin(&s);
	jout_begin(&s.j, NULL, '{');
	jout_int(&s.j, "a", -1);
	jout_begin(&s.j, "empty", '[');
	jout_end(&s.j, ']');
	jout_begin(&s.j, "list", '[');
	for (int i = 0; i < 2; i++) {
		jout_begin(&s.j, NULL, '{');
		jout_bool(&s.j, "first", i == 0);
		jout_end(&s.j, '}');
	}
	jout_int(&s.j, NULL, INT64_MAX);
	jout_end(&s.j, ']');
	jout_str(&s.j, "none", NULL);
	jout_hex(&s.j, "hex", SPAN_LIT("\001\377"));
	jout_raw(&s.j, "raw", SPAN_LIT("[1]"));
	jout_end(&s.j, '}');
	expect_text(&s,
	    "{\"a\":-1,\"empty\":[],\"list\":[{\"first\":true},"
	    "{\"first\":false},9223372036854775807],\"none\":null,"
	    "\"hex\":\"01ff\",\"raw\":[1]}");
}

static void
texts_of_peers_are_escaped(void **state)
{
	struct sheet s;

	(void)state;
	begin(&s);
	jout_text(&s.j, NULL, SPAN_LIT("a\"b\\\n\033[2J\377"));
	expect_text(&s, "\"a\\\"b\\\\\\n\\u001b[2J\\u00ff\"");
}

static void
long_texts_are_whole(void **state)
{
	enum { LONG = 100000 };
	char *text = malloc(LONG);
	struct sheet s;

	(void)state;
	assert_non_null(text);
	memset(text, '\001', LONG);
	begin(&s);
	put_quoted(s.j.f, span_of(text, LONG));
	assert_int_equal(fclose(s.j.f), 0);
	assert_int_equal(s.len, 6 * LONG + 2);
	free(s.text);
	free(text);
}

static void
no_number_that_json_does_not_have(void **state)
{
	struct sheet s;

	(void)state;
	begin(&s);
	jout_begin(&s.j, NULL, '[');
	jout_real(&s.j, NULL, 0.5);
	jout_real(&s.j, NULL, NAN);
	jout_real(&s.j, NULL, -INFINITY);
	jout_end(&s.j, ']');
	expect_text(&s, "[0.5,null,null]");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(commas_stand_between),
	    cmocka_unit_test(texts_of_peers_are_escaped),
	    cmocka_unit_test(long_texts_are_whole),
	    cmocka_unit_test(no_number_that_json_does_not_have),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
