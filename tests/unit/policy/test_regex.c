/* Regular expressions over endpoint names, in bounded time. */
#include "policy/regex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>

static struct arena *arena;

static int
setup(void **state)
{
	(void)state;
	arena = arena_new(0);
	return arena ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(arena);
	return 0;
}

static const struct regex *
compiled(const char *text)
{
	const struct regex *r;
	struct regex_fault fault;

	if (regex_compile(arena, span_str(text), &r, &fault) != RC_OK)
		fail_msg("%s: %zu: %s", text, fault.at, fault.why);
	return r;
}

static void
test_what_is_described(void **state)
{
	static const struct {
		const char *text, *name;
		bool fits;
	} t[] = {
	    {"abc", "abc", true},
	    {"abc", "abcd", false},
	    {"abc", "xabc", false},
	    {"^abc$", "abc", true},
	    {"a.c", "axc", true},
	    {"a.c", "ac", false},
	    {"a\\.c", "a.c", true},
	    {"a\\.c", "axc", false},
	    {"m-[0-9]{4}", "m-0042", true},
	    {"m-[0-9]{4}", "m-042", false},
	    {"m-\\d{2,4}", "m-42", true},
	    {"m-\\d{2,4}", "m-42424", false},
	    {"m-\\d{2,}", "m-4242424242", true},
	    {"m-\\d{2,}", "m-4", false},
	    {"m-(n|s)-\\w+", "m-s-a_9Z", true},
	    {"m-(n|s)-\\w+", "m-e-a", false},
	    {"a|bc|d*", "bc", true},
	    {"a|bc|d*", "", true},
	    {"a|bc|d*", "ddd", true},
	    {"a|bc|d*", "bcd", false},
	    {"[^a-c]x", "dx", true},
	    {"[^a-c]x", "bx", false},
	    {"[]a]", "]", true},
	    {"[\\]a]", "]", true},
	    {"[a-]", "-", true},
	    {"[\\d-]", "-", true},
	    {"(ab?)*c", "aababc", true},
	    {"(a*)*b", "aaab", true},
	    {"(a*)+", "", true},
	    {"(a|b){0,2}", "ab", true},
	    {"(a|b){0,2}", "aba", false},
	    {"((a|b)c){2}", "acbc", true},
	    {"((a|b)c){2}", "ac", false},
	    /* a character is repeated whole */
	    {"\xc3\xbc+", "\xc3\xbc\xc3\xbc", true},
	    {"\xc3\xbc+", "\xc3\xbc\xbc", false},
	    {"..", "\xc3\xbc", true},
	    {"\\^\\$\\{\\}\\|\\\\", "^${}|\\", true},
	    {"a\\$", "a$", true},
	    {"a\\\\$", "a\\", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		if (regex_match(compiled(t[i].text), span_str(t[i].name)) !=
		    t[i].fits)
			fail_msg("%s and %s", t[i].text, t[i].name);
}

static void
test_what_is_refused_and_where(void **state)
{
	static const struct {
		const char *text;
		size_t at;
		const char *why; /* some of its words */
	} t[] = {
	    {"", 0, "1 to 1000 bytes"},
	    {"a(b", 1, "not closed"},
	    {"a)b", 1, "closes nothing"},
	    {"a[bc", 1, "not closed"},
	    {"a]", 1, "nothing is open"},
	    {"*a", 0, "nothing is before it"},
	    {"a**", 2, "one repetition behind the other"},
	    {"a{2}{3}", 4, "one repetition behind the other"},
	    {"a{0}", 1, "is expected"},
	    {"a{3,2}", 1, "is expected"},
	    {"a{,2}", 1, "is expected"},
	    {"a{2", 1, "is expected"},
	    {"a{256}", 2, "at most 255"},
	    {"a^b", 1, "in front of all"},
	    {"a$b", 1, "behind all"},
	    {"^a|b$", 2, "in ( )"},
	    {"a||b", 2, "nothing is here"},
	    {"()", 1, "nothing is here"},
	    {"(a)\\1", 3, "back reference"},
	    {"(?:a)", 0, "(? is not known"},
	    {"\\s", 0, "\\d and \\w"},
	    {"a\\", 1, "\\ goes before"},
	    {"[[:alpha:]]", 1, "not known"},
	    {"[z-a]", 1, "lower to the higher"},
	    {"[\xc3\xbc]", 1, "only ASCII"},
	    {"((((((((((((((((( a", 16, "16 groups"},
	    {"((a{255}){255}){255}", 9, "1024 states"},
	    {"(((((a|b){9}){9}){9}){9}){9}", 17, "1024 states"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		const struct regex *r;
		struct regex_fault fault;
		enum rc rc =
		    regex_compile(arena, span_str(t[i].text), &r, &fault);

		if (rc != RC_MALFORMED && rc != RC_TOO_LARGE)
			fail_msg("%s is taken", t[i].text);
		if (!strstr(fault.why, t[i].why) ||
		    (strcmp(t[i].why, "1024 states") && fault.at != t[i].at))
			fail_msg("%s: %zu: %s", t[i].text, fault.at, fault.why);
	}
}

/* What makes others go back 2^n times: here each byte is a step. */
static void
test_nothing_backtracks(void **state)
{
	char name[253];

	(void)state;
	memset(name, 'a', sizeof(name));
	name[251] = 'b';
	assert_false(regex_match(compiled("(a|aa)+"), span_of(name, 252)));
	assert_false(regex_match(compiled("(a*)*"), span_of(name, 252)));
	assert_false(
	    regex_match(compiled("((a?){250})a{250}"), span_of(name, 252)));
	assert_true(regex_match(compiled("(a|aa)+b"), span_of(name, 252)));
}

static void
test_what_names_begin_with(void **state)
{
	static const struct {
		const char *text, *prefix;
	} t[] = {
	    {"abc", "abc"},
	    {"^urn:x-\\d+$", "urn:x-"},
	    {"ab+", "ab"},
	    {"ab?", "a"},
	    {"ab*", "a"},
	    {"a{3}b", "aaab"},
	    {"a|b", ""},
	    {"a(b|c)", "a"},
	    {".a", ""},
	    {"(ab)+c", "ab"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		if (!span_is(regex_prefix(compiled(t[i].text)), t[i].prefix))
			fail_msg("%s", t[i].text);
}

/* --- against the C library's ---------------------------------------------- */

static unsigned
roll(unsigned n)
{
	static uint64_t x = 88172645463325252u;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (unsigned)(x % n);
}

static void
make(char *out, size_t *len, unsigned depth)
{
	static const char *const tails[] = {
	    "", "", "", "*", "+", "?", "{2}", "{1,3}", "{0,2}", "{2,}"};
	static const char *const atoms[] = {"a", "b", ".", "[ab]", "[^a]"};
	unsigned pieces = 1 + roll(3);

	for (unsigned i = 0; i < pieces; i++) {
		if (depth > 0 && roll(3) == 0) {
			out[(*len)++] = '(';
			make(out, len, depth - 1);
			if (roll(2)) {
				out[(*len)++] = '|';
				make(out, len, depth - 1);
			}
			out[(*len)++] = ')';
		} else {
			*len +=
			    (size_t)sprintf(out + *len, "%s", atoms[roll(5)]);
		}
		*len += (size_t)sprintf(out + *len, "%s", tails[roll(10)]);
	}
}

static void
test_the_same_as_posix(void **state)
{
	unsigned compared = 0, fit = 0;

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		char text[2000], whole[2100], name[8];
		const struct regex *r;
		struct regex_fault fault;
		size_t len = 0;
		regex_t posix;

		make(text, &len, 2);
		text[len] = '\0';
		if (regex_compile(arena, span_str(text), &r, &fault) ==
		    RC_TOO_LARGE)
			continue;
		assert_null(fault.why);
		snprintf(whole, sizeof(whole), "^(%s)$", text);
		assert_int_equal(
		    regcomp(&posix, whole, REG_EXTENDED | REG_NOSUB), 0);
		for (unsigned k = 0; k < 20; k++) {
			size_t n = roll(sizeof(name));
			struct span prefix = regex_prefix(r);
			bool want;

			for (size_t j = 0; j < n; j++)
				name[j] = (char)('a' + roll(2));
			name[n] = '\0';
			want = regexec(&posix, name, 0, NULL, 0) == 0;
			if (regex_match(r, span_str(name)) != want)
				fail_msg("%s and %s", text, name);
			if (want && !span_starts(span_str(name), prefix))
				fail_msg("%s begins otherwise", text);
			compared++;
			fit += want;
		}
		regfree(&posix);
	}
	assert_true(compared > 20000);
	assert_true(fit > 2000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_is_described),
	    cmocka_unit_test(test_what_is_refused_and_where),
	    cmocka_unit_test(test_nothing_backtracks),
	    cmocka_unit_test(test_what_names_begin_with),
	    cmocka_unit_test(test_the_same_as_posix),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
