#include "base/address.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>

static struct address
parsed(const char *text)
{
	struct address a;

	assert_int_equal(address_parse(span_str(text), &a), RC_OK);
	return a;
}

static void
expect_text(const struct address *a, const char *want)
{
	char text[ADDRESS_TEXT_MAX];
	struct writer w;

	writer_init(&w, text, sizeof(text));
	address_print(&w, a);
	assert_false(w.full);
	assert_true(span_is(writer_span(&w), want));
}

static void
test_text_and_back(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
	    {"127.0.0.1:5683", "127.0.0.1:5683"},
	    {"0.0.0.0:0", "0.0.0.0:0"},
	    {"[::1]:5684", "[::1]:5684"},
	    {"[2001:DB8:0:0::1]:65535", "[2001:db8::1]:65535"},
	    {"[::ffff:192.0.2.1]:5684", "192.0.2.1:5684"},
	    {"[fe80::1%12]:5683", "[fe80::1%12]:5683"},
	    {"[fe80:1111:2222:3333:4444:5555:6666:7777%4294967295]:65535",
		"[fe80:1111:2222:3333:4444:5555:6666:7777%4294967295]:65535"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct address a = parsed(cases[i].in);

		expect_text(&a, cases[i].out);
	}
}

static void
test_text_that_is_no_address(void **state)
{
	static const char *const cases[] = {
	    "",
	    ":",
	    "127.0.0.1",
	    "127.0.0.1:",
	    "127.0.0.1:65536",
	    "127.0.0.1:05683",
	    "127.0.0.1:-1",
	    "127.0.0:1",
	    "127.0.0.1.5:1",
	    "[127.0.0.1]:1",
	    "::1:5684",
	    "[::1]",
	    "[::1]5684",
	    "[::1:5684",
	    "[]:5684",
	    "[::1]]:5684",
	    "[2001:db8::1%3]:1",
	    "[fe80::1%eth0]:1",
	    "[fe80::1%4294967296]:1",
	    "localhost:5683",
	    " 127.0.0.1:1",
	    "[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]:1",
	};
	struct address a;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(
		    address_parse(span_str(cases[i]), &a), RC_MALFORMED);
		assert_int_equal(a.family, 0);
	}
	assert_int_equal(
	    address_parse(SPAN_LIT("127.0.0.1\0:1"), &a), RC_MALFORMED);
}

/* One peer, one name: whether it came to an IPv4 or an IPv6 socket. */
static void
test_mapped_peers_are_ipv4(void **state)
{
	struct address want = parsed("192.0.2.7:1234"), got;
	struct sockaddr_in6 in6;
	struct sockaddr_in in;

	(void)state;
	assert_int_equal(
	    address_to(&want, AF_INET, (struct sockaddr *)&in), sizeof(in));
	assert_int_equal(
	    address_from((struct sockaddr *)&in, sizeof(in), &got), RC_OK);
	assert_true(address_equal(&got, &want));

	assert_int_equal(
	    address_to(&want, AF_INET6, (struct sockaddr *)&in6), sizeof(in6));
	assert_true(IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr));
	assert_int_equal(
	    address_from((struct sockaddr *)&in6, sizeof(in6), &got), RC_OK);
	assert_true(address_equal(&got, &want));
}

static void
test_sockets_and_scopes(void **state)
{
	struct address link = parsed("[fe80::1%7]:1"), got;
	struct sockaddr_in6 in6;

	(void)state;
	assert_int_equal(
	    address_to(&link, AF_INET6, (struct sockaddr *)&in6), sizeof(in6));
	assert_int_equal(in6.sin6_scope_id, 7);
	assert_int_equal(
	    address_from((struct sockaddr *)&in6, sizeof(in6), &got), RC_OK);
	assert_true(address_equal(&got, &link));
	/* The same link-local address on another link is another peer. */
	link.scope = 8;
	assert_false(address_equal(&got, &link));
	/* An IPv6 peer cannot be reached through an IPv4 socket. */
	assert_int_equal(
	    address_to(&link, AF_INET, (struct sockaddr *)&in6), 0);
}

static void
test_other_families_are_refused(void **state)
{
	struct sockaddr_in6 in6 = {.sin6_family = AF_UNIX};
	struct sockaddr *sa = (struct sockaddr *)&in6;
	struct address a;

	(void)state;
	assert_int_equal(address_from(sa, sizeof(in6), &a), RC_UNSUPPORTED);
	in6.sin6_family = AF_INET6;
	assert_int_equal(address_from(sa, sizeof(in6) - 1, &a), RC_UNSUPPORTED);
	assert_int_equal(address_from(sa, 0, &a), RC_UNSUPPORTED);
	assert_int_equal(a.family, 0);
	a = (struct address){0};
	expect_text(&a, "-");
}

static void
test_networks_contain(void **state)
{
	static const struct {
		const char *network, *address;
		bool inside;
	} cases[] = {
	    {"127.0.0.0/8", "127.255.0.1:1", true},
	    {"127.0.0.0/8", "128.0.0.1:1", false},
	    {"0.0.0.0/0", "203.0.113.9:1", true},
	    {"0.0.0.0/0", "[2001:db8::1]:1", false},
	    {"::/0", "[2001:db8::1]:1", true},
	    {"::/0", "203.0.113.9:1", false},
	    {"::1/128", "[::1]:1", true},
	    {"::1/128", "[::2]:1", false},
	    {"10.1.2.128/25", "10.1.2.129:1", true},
	    {"10.1.2.128/25", "10.1.2.127:1", false},
	    {"10.1.2.3/32", "10.1.2.3:1", true},
	    {"10.1.2.3/32", "10.1.2.2:1", false},
	    {"2001:db8:8000::/33", "[2001:db8:ffff::]:1", true},
	    {"2001:db8:8000::/33", "[2001:db8:7fff::]:1", false},
	    {"::ffff:10.0.0.0/104", "10.9.9.9:1", true},
	    {"::ffff:10.0.0.0/104", "11.9.9.9:1", false},
	};
	struct network n;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct address a = parsed(cases[i].address);

		assert_int_equal(
		    network_parse(span_str(cases[i].network), &n), RC_OK);
		assert_int_equal(network_contains(&n, &a), cases[i].inside);
	}
	n = (struct network){0};
	assert_false(network_contains(&n, &(struct address){0}));
}

static void
test_text_that_is_no_network(void **state)
{
	static const char *const cases[] = {
	    "",
	    "/",
	    "10.0.0.0",
	    "10.0.0.0/",
	    "10.0.0.0/33",
	    "10.0.0.0/08",
	    "10.0.0.1/8",
	    "10.0.0.128/24",
	    "0.0.0.1/0",
	    "::1/64",
	    "::/129",
	    "[::1]/128",
	    "fe80::%1/64",
	    "10.0.0.0/255.0.0.0",
	};
	struct network n;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(
		    network_parse(span_str(cases[i]), &n), RC_MALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text_and_back),
	    cmocka_unit_test(test_text_that_is_no_address),
	    cmocka_unit_test(test_mapped_peers_are_ipv4),
	    cmocka_unit_test(test_sockets_and_scopes),
	    cmocka_unit_test(test_other_families_are_refused),
	    cmocka_unit_test(test_networks_contain),
	    cmocka_unit_test(test_text_that_is_no_network),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
