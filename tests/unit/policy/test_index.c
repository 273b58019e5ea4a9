/* The index finds what asking every policy in order finds, and asks few. */
#include "policy/index.h"

#include "expect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

static unsigned
roll(unsigned n)
{
	static uint64_t x = 88172645463325252u;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (unsigned)(x % n);
}

/* One after the other, as `order:` is defined. */
static const struct policy *
first(const struct policy_set *s, const struct policy_facts *f)
{
	for (size_t i = 0; i < s->policy_count; i++)
		if (policy_miss(s, &s->policies[i], f) == MISS_NONE)
			return &s->policies[i];
	return NULL;
}

/* A short text over a small alphabet, so that much overlaps. */
static const char *
word(char *out, unsigned most, const char *letters)
{
	unsigned len = roll(most + 1);

	for (unsigned i = 0; i < len; i++)
		out[i] = letters[roll((unsigned)strlen(letters))];
	out[len] = '\0';
	return out;
}

static void
print_pattern(FILE *f)
{
	char text[16];

	switch (roll(5)) {
	case 0:
		fprintf(f, "{prefix: \"a%s\"}", word(text, 3, "ab"));
		break;
	case 1:
		fprintf(f, "{regex: 'a%s[ab]+'}", word(text, 3, "ab"));
		break;
	case 2:
		fprintf(f, "{list: %c.txt}", "xyz"[roll(3)]);
		break;
	default:
		fprintf(f, "\"a%s\"", word(text, 4, "ab*?"));
		break;
	}
}

static void
print_policy(FILE *f, unsigned i)
{
	static const char *const identities[] = {
	    "i0", "i1", "[i0, i2]", "[i0, i1, i2]"};
	static const char *const networks[] = {"10.0.0.0/8", "\"::/0\""};

	fprintf(f, "---\npolicy: p%u\norder: %u\nservers: []\nmatch:\n", i,
	    roll(6));
	fputs("  credential: psk\n", f);
	if (roll(2))
		fprintf(f, "  identity: %s\n", identities[roll(4)]);
	if (roll(8) == 0)
		fprintf(f, "  network: %s\n", networks[roll(2)]);
	if (roll(6) == 0)
		return;
	fputs("  endpoint: [", f);
	for (unsigned n = roll(3); n > 0; n--) {
		print_pattern(f);
		fputs(", ", f);
	}
	print_pattern(f);
	fputs("]\n", f);
}

static struct policy_set *
random_set(const struct folder *folder)
{
	struct policy_set *s;
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	unsigned count = 1 + roll(40);

	for (unsigned i = 0; i < 3; i++)
		fprintf(f, "%sidentity: i%u\npsk: {derive: m%u}\n",
		    i ? "---\n" : "", i, i);
	for (unsigned i = 0; i < count; i++)
		print_policy(f, i);
	fclose(f);
	folder_put(folder, "t.yaml", span_of(text, len));
	free(text);
	s = expect_folder(folder, "t.yaml", NULL);
	assert_non_null(s);
	return s;
}

static void
test_as_if_all_were_asked(void **state)
{
	unsigned found = 0, none = 0, later = 0;
	struct folder folder;

	(void)state;
	assert_true(folder_init(&folder));
	folder_put(&folder, "x.txt", SPAN_LIT("ab\nabba\nabab\n"));
	folder_put(&folder, "y.txt", SPAN_LIT("a\nb\nbb\n"));
	folder_put(&folder, "z.txt", SPAN_LIT("# nobody\n"));
	for (unsigned i = 0; i < 200; i++) {
		struct policy_set *s = random_set(&folder);

		for (unsigned k = 0; k < 100; k++) {
			struct address from = {0};
			char name[16] = "a";
			const struct policy *want;
			struct policy_facts f;

			word(name + (roll(8) > 0), 6, "ab");
			if (!name[0])
				continue;
			from.family = roll(2) ? 4 : 6;
			from.ip[0] = 10;
			f = (struct policy_facts){
			    .identity = &s->identities[roll(3)],
			    .endpoint = span_str(name),
			    .from = &from,
			};
			want = first(s, &f);
			assert_ptr_equal(policy_for(s, &f), want);
			found += want != NULL;
			none += want == NULL;
			later += want && want != s->policies;
		}
		policy_set_unref(s);
	}
	folder_fini(&folder);
	/* it was no test of one case alone */
	assert_true(found > 5000);
	assert_true(none > 500);
	assert_true(later > 3000);
}

/* So many policies and identities; `#` in `by` is the number of each. */
static struct policy_set *
many(unsigned count, const char *by)
{
	struct policy_set *s;
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	for (unsigned i = 0; i < count; i++) {
		fprintf(f,
		    "%sidentity: i%04u\npsk: {derive: m, identity: "
		    "\"%u/{endpoint}\"}\n---\n",
		    i ? "---\n" : "", i, i);
		fprintf(f, "policy: p%u\nmatch: ", i);
		for (const char *c = by; *c; c++)
			if (*c == '#')
				fprintf(f, "%04u", i);
			else
				fputc(*c, f);
		fputs("\nservers: []\n", f);
	}
	fclose(f);
	s = loaded(text);
	free(text);
	return s;
}

static void
test_few_are_asked(void **state)
{
	static const char *const t[] = {
	    "{endpoint: \"urn:dev:ops:0057F2-#-*\"}",
	    "{endpoint: {prefix: \"urn:dev:ops:0057F2-#-\"}}",
	    "{endpoint: {regex: 'urn:dev:ops:0057F2-#-\\d+'}}",
	    "{endpoint: [\"urn:dev:ops:0057F2-#-1\", \"x-*\"]}",
	    "{identity: i#}",
	    "{identity: i#, endpoint: \"urn:dev:*\"}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct policy_set *s = many(2000, t[i]);
		struct policy_facts f = {
		    .identity = identity_at(s, 1234),
		    .endpoint = SPAN_LIT("urn:dev:ops:0057F2-1234-1"),
		};
		const struct policy *p;
		size_t asked;

		p = index_find(s, &f, &asked);
		assert_non_null(p);
		assert_string_equal(p->name, "p1234");
		assert_int_equal(asked, 1);
		f.endpoint = SPAN_LIT("urn:other:1");
		f.identity = identity_at(s, 0);
		(void)index_find(s, &f, &asked);
		assert_in_range(asked, 0, 1);
		policy_set_unref(s);
	}
}

static void
test_a_set_without_policies(void **state)
{
	struct policy_set *s = loaded("identity: i\npsk: {derive: m}\n");
	const struct policy_facts f = {
	    .identity = identity_at(s, 0), .endpoint = SPAN_LIT("a")};

	(void)state;
	assert_null(policy_for(s, &f));
	policy_set_unref(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_as_if_all_were_asked),
	    cmocka_unit_test(test_few_are_asked),
	    cmocka_unit_test(test_a_set_without_policies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
