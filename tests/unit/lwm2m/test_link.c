#include "lwm2m/link.h"
#include "vectors.h"

#define NONE LWM2M_ID_NONE
#define ROOT \
	{ \
		NONE, NONE, NONE, NONE \
	}
#define OBJECT(o) \
	{ \
		(o), NONE, NONE, NONE \
	}
#define INSTANCE(o, i) \
	{ \
		(o), (i), NONE, NONE \
	}

enum { LINKS_MAX = 16, NO_SSID = -1 };

struct wanted {
	struct lwm2m_path path;
	int ssid; /* NO_SSID: none */
	const char *uri, *version;
};

struct reply {
	const char *who, *body;
	unsigned skipped;
	size_t count;
	struct wanted links[LINKS_MAX];
};

static void
check(const struct reply *reply)
{
	struct link_reader r;
	struct lwm2m_link link;
	size_t n = 0;

	link_reader_init(&r, span_str(reply->body));
	for (; link_next(&r, &link); n++) {
		const struct wanted *w = &reply->links[n];

		if (n == reply->count)
			fail_msg("%s: more links than %zu", reply->who, n);
		if (path_compare(link.path, w->path) != 0)
			fail_msg("%s: path of link %zu", reply->who, n);
		if (link.has_ssid != (w->ssid != NO_SSID) ||
		    (link.has_ssid && link.ssid != w->ssid))
			fail_msg("%s: ssid of link %zu", reply->who, n);
		assert_bytes(
		    reply->who, link.uri, span_str(w->uri ? w->uri : ""));
		assert_bytes(reply->who, link.version,
		    span_str(w->version ? w->version : ""));
	}
	if (n != reply->count || r.skipped != reply->skipped)
		fail_msg("%s: %zu links, %u skipped", reply->who, n, r.skipped);
	assert_false(link_next(&r, &link));
}

static void
check_all(const struct reply *replies, size_t count)
{
	for (size_t i = 0; i < count; i++)
		check(&replies[i]);
}

/* clang-format off */

static const struct reply clients[] = {
	{"Anjay 1.1", "</>;lwm2m=1.1,</0>,</0/1>;uri=\"coaps://bs.example.com:"
	    "5684\",</1>,</3/0>", 0, 5, {
		{ROOT, NO_SSID, NULL, "1.1"},
		{OBJECT(0), NO_SSID, NULL, NULL},
		{INSTANCE(0, 1), NO_SSID, "coaps://bs.example.com:5684", NULL},
		{OBJECT(1), NO_SSID, NULL, NULL},
		{INSTANCE(3, 0), NO_SSID, NULL, NULL},
	}},
	{"Anjay 1.0", "lwm2m=\"1.0\",</0>,</0/1>", 0, 3, {
		{ROOT, NO_SSID, NULL, "1.0"},
		{OBJECT(0), NO_SSID, NULL, NULL},
		{INSTANCE(0, 1), NO_SSID, NULL, NULL},
	}},
	{"Wakaama", "</>;lwm2m=1.1,</0/0>,</0/1>;ssid=1;uri=\"coap://"
	    "[2001:db8::1]:5683\",</1/0>;ssid=1", 0, 4, {
		{ROOT, NO_SSID, NULL, "1.1"},
		{INSTANCE(0, 0), NO_SSID, NULL, NULL},
		{INSTANCE(0, 1), 1, "coap://[2001:db8::1]:5683", NULL},
		{INSTANCE(1, 0), 1, NULL, NULL},
	}},
	{"Zephyr", "lwm2m=\"1.1\",</0/0>,</0/1>;ssid=0", 0, 3, {
		{ROOT, NO_SSID, NULL, "1.1"},
		{INSTANCE(0, 0), NO_SSID, NULL, NULL},
		{INSTANCE(0, 1), 0, NULL, NULL},
	}},
	{"Zephyr 1.0", "</>;lwm2m=\"1.0\",</0/0>", 0, 2, {
		{ROOT, NO_SSID, NULL, "1.0"},
		{INSTANCE(0, 0), NO_SSID, NULL, NULL},
	}},
	{"Leshan", "</>;lwm2m=1.0,</0>;ver=1.2,</0/0>;uri=\"coap://localhost:"
	    "5683\",</1>;ver=1.2,</21>;ver=2.0", 0, 5, {
		{ROOT, NO_SSID, NULL, "1.0"},
		{OBJECT(0), NO_SSID, NULL, "1.2"},
		{INSTANCE(0, 0), NO_SSID, "coap://localhost:5683", NULL},
		{OBJECT(1), NO_SSID, NULL, "1.2"},
		{OBJECT(21), NO_SSID, NULL, "2.0"},
	}},
	{"AwaLWM2M", "", 0, 0, {{ROOT, NO_SSID, NULL, NULL}}},
};

static const struct reply standard[] = {
	{"1.2", "</>;lwm2m=1.2,</0/0>,</0/1>;ssid=101;uri=\"coaps://a.example."
	    "com:5684\",</1/0>;ssid=101,</2>,</3/0>,</21>;ver=2.0,</21/0>,"
	    "</21/1>;ssid=101,</55>;ver=1.9,</55/0>", 0, 11, {
		{ROOT, NO_SSID, NULL, "1.2"},
		{INSTANCE(0, 0), NO_SSID, NULL, NULL},
		{INSTANCE(0, 1), 101, "coaps://a.example.com:5684", NULL},
		{INSTANCE(1, 0), 101, NULL, NULL},
		{OBJECT(2), NO_SSID, NULL, NULL},
		{INSTANCE(3, 0), NO_SSID, NULL, NULL},
		{OBJECT(21), NO_SSID, NULL, "2.0"},
		{INSTANCE(21, 0), NO_SSID, NULL, NULL},
		{INSTANCE(21, 1), 101, NULL, NULL},
		{OBJECT(55), NO_SSID, NULL, "1.9"},
		{INSTANCE(55, 0), NO_SSID, NULL, NULL},
	}},
	{"1.1", "</>;lwm2m=1.1,</0/0>,</0/1>;ssid=101;uri=\"coaps://dm.example"
	    ".com\",</1/0>;ssid=101,</3/0>,</5>", 0, 6, {
		{ROOT, NO_SSID, NULL, "1.1"},
		{INSTANCE(0, 0), NO_SSID, NULL, NULL},
		{INSTANCE(0, 1), 101, "coaps://dm.example.com", NULL},
		{INSTANCE(1, 0), 101, NULL, NULL},
		{INSTANCE(3, 0), NO_SSID, NULL, NULL},
		{OBJECT(5), NO_SSID, NULL, NULL},
	}},
	{"1.0", "lwm2m=\"1.0\",</0/0>;ssid=101,</0/1>,</1/0>;ssid=101,</3/0>",
	    0, 5, {
		{ROOT, NO_SSID, NULL, "1.0"},
		{INSTANCE(0, 0), 101, NULL, NULL},
		{INSTANCE(0, 1), NO_SSID, NULL, NULL},
		{INSTANCE(1, 0), 101, NULL, NULL},
		{INSTANCE(3, 0), NO_SSID, NULL, NULL},
	}},
};

static const struct reply tolerated[] = {
	{"white space", " </>;lwm2m=1.0 ,\r\n </0/1> ; ssid = 7 ;\turi = "
	    "\"coap://a\" , </1/0>", 0, 3, {
		{ROOT, NO_SSID, NULL, "1.0"},
		{INSTANCE(0, 1), 7, "coap://a", NULL},
		{INSTANCE(1, 0), NO_SSID, NULL, NULL},
	}},
	{"a slash behind", "</0/1/>;ssid=1,</3/>", 0, 2, {
		{INSTANCE(0, 1), 1, NULL, NULL},
		{OBJECT(3), NO_SSID, NULL, NULL},
	}},
	{"quoted numbers", "</0/1>;ssid=\"65535\",</1>;ver=\"1.1\"", 0, 2, {
		{INSTANCE(0, 1), 65535, NULL, NULL},
		{OBJECT(1), NO_SSID, NULL, "1.1"},
	}},
	{"unknown parameters", "</>;rt=\"oma.lwm2m\";ct=\"110 112\";obs,"
	    "</0/1>;x;y=;ssid=3;z=\"\\\",\\\"\"", 0, 2, {
		{ROOT, NO_SSID, NULL, NULL},
		{INSTANCE(0, 1), 3, NULL, NULL},
	}},
	{"commas and semicolons in quotes",
	    "</0/1>;uri=\"coap://a/b,c;ssid=9\";ssid=1,</1/0>", 0, 2, {
		{INSTANCE(0, 1), 1, "coap://a/b,c;ssid=9", NULL},
		{INSTANCE(1, 0), NO_SSID, NULL, NULL},
	}},
	{"a quote in quotes", "</0/1>;uri=\"a\\\",b\";ssid=1", 0, 1, {
		{INSTANCE(0, 1), 1, "a\\\",b", NULL},
	}},
	{"no quotes", "</0/1>;uri=coap://a:5683;ssid=1", 0, 1, {
		{INSTANCE(0, 1), 1, "coap://a:5683", NULL},
	}},
	{"an empty uri", "</0/1>;uri=\"\";ssid=1", 0, 1, {
		{INSTANCE(0, 1), 1, NULL, NULL},
	}},
	{"commas too many", ",,</0/1>,, ,", 0, 1, {
		{INSTANCE(0, 1), NO_SSID, NULL, NULL},
	}},
	{"semicolons too many", "</0/1>;;ssid=1;", 0, 1, {
		{INSTANCE(0, 1), 1, NULL, NULL},
	}},
};

/* What makes no sense costs itself and not its neighbours. */
static const struct reply broken[] = {
	{"not a link", "hello", 1, 0, {{ROOT, NO_SSID, NULL, NULL}}},
	{"a resource", "</0/1/2>,</1/0>", 1, 1, {
		{INSTANCE(1, 0), NO_SSID, NULL, NULL},
	}},
	{"paths of other things", "<>,<0/1>,</rd>,</0/x>,</0/65535>,</00>,"
	    "<coap://a/0>,<//>,</1/0>", 8, 1, {
		{INSTANCE(1, 0), NO_SSID, NULL, NULL},
	}},
	{"no closing bracket", "</0/1,</1/0>", 1, 1, {
		{INSTANCE(1, 0), NO_SSID, NULL, NULL},
	}},
	{"no closing quote", "</0/1>;uri=\"coap://a,</1/0>;ssid=1", 1, 1, {
		{INSTANCE(1, 0), 1, NULL, NULL},
	}},
	{"no closing quote at the end", "</1/0>,</0/1>;uri=\"", 1, 1, {
		{INSTANCE(1, 0), NO_SSID, NULL, NULL},
	}},
	{"text behind the quote", "</0/1>;uri=\"a\"b,</1/0>", 1, 1, {
		{INSTANCE(1, 0), NO_SSID, NULL, NULL},
	}},
	/* Without its ssid the instance would pass for the account we use. */
	{"an ssid that is none", "</0/1>;ssid=x,</0/2>;ssid=,</0/3>;ssid,"
	    "</0/4>;ssid=65536,</0/5>;ssid=-1,</0/6>;ssid=01,</0/7>;ssid=1", 6,
	    1, {
		{INSTANCE(0, 7), 1, NULL, NULL},
	}},
	{"two ssids", "</0/1>;ssid=1;ssid=2,</1/0>", 1, 1, {
		{INSTANCE(1, 0), NO_SSID, NULL, NULL},
	}},
	{"a backslash at the end", "</1/0>,</0/1>;uri=\"\\", 1, 1, {
		{INSTANCE(1, 0), NO_SSID, NULL, NULL},
	}},
};

/* clang-format on */

static void
test_what_clients_send(void **state)
{
	(void)state;
	check_all(clients, COUNT(clients));
}

static void
test_what_the_standard_shows(void **state)
{
	(void)state;
	check_all(standard, COUNT(standard));
}

static void
test_what_is_tolerated(void **state)
{
	(void)state;
	check_all(tolerated, COUNT(tolerated));
}

static void
test_what_is_skipped(void **state)
{
	(void)state;
	check_all(broken, COUNT(broken));
}

static void
test_a_body_cut_anywhere(void **state)
{
	struct span body = span_str(standard[0].body);

	(void)state;
	for (size_t len = 0; len < body.len; len++) {
		struct link_reader r;
		struct lwm2m_link link;
		size_t n = 0;

		link_reader_init(&r, span_of(body.p, len));
		while (link_next(&r, &link))
			n++;
		assert_true(r.skipped <= 1);
		assert_true(n < standard[0].count ||
		    (n == standard[0].count && r.skipped == 0));
	}
}

/*
 * A body as long as Block2 lets one grow, made of one part over and over: what
 * is in it is found, none of it is looked at more than a few times, and nothing
 * piles up.
 */
static void
test_a_hundred_kilobytes(void **state)
{
	enum { BODY_LEN = 100 * 1024 };
	static const struct {
		const char *part;
		unsigned links, skipped; /* of each part */
	} cases[] = {
	    {"</0/1>,", 1, 0},
	    {"</65534/65534>;ssid=65535;uri=\"coaps://a\",", 1, 0},
	    {"</0/1>;ssid=1;ssid=2,", 0, 1},
	    {"x,", 0, 1},
	    {",", 0, 0},
	    {" ", 0, 0},
	};
	/* One long thing that is nothing in the end. */
	static const char *const endless[] = {"\"", "\\", "<", ">", ";", "=",
	    "a", "</0/1>;", "</0/1>;uri=\"", "</0/1>;a=\"\\\"", ";a=\"\"", "<,",
	    "\"</", ",<", "=;", "\\\"", "\xff", "</"};
	static uint8_t body[BODY_LEN];
	struct lwm2m_link link;
	struct link_reader r;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t len = strlen(cases[i].part);
		size_t parts = BODY_LEN / len;
		size_t n = 0;

		for (size_t p = 0; p < parts; p++)
			memcpy(body + p * len, cases[i].part, len);
		link_reader_init(&r, span_of(body, parts * len));
		while (link_next(&r, &link))
			n++;
		assert_int_equal(n, parts * cases[i].links);
		assert_int_equal(r.skipped, parts * cases[i].skipped);
	}
	for (size_t i = 0; i < COUNT(endless); i++) {
		size_t len = strlen(endless[i]);
		size_t n = 0;

		for (size_t p = 0; p < BODY_LEN; p++)
			body[p] = (uint8_t)endless[i][p % len];
		link_reader_init(&r, span_of(body, BODY_LEN));
		while (link_next(&r, &link))
			n++;
		assert_true(n + r.skipped <= BODY_LEN / 2);
		assert_int_equal(r.rest.len, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_clients_send),
	    cmocka_unit_test(test_what_the_standard_shows),
	    cmocka_unit_test(test_what_is_tolerated),
	    cmocka_unit_test(test_what_is_skipped),
	    cmocka_unit_test(test_a_body_cut_anywhere),
	    cmocka_unit_test(test_a_hundred_kilobytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
