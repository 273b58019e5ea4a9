/* Lists of keys as vendors send them: taken apart, and what is refused. */
#include "psk_row.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define K16 "000102030405060708090a0b0c0d0e0f"
#define K16B "AAECAwQFBgcICQoLDA0ODw=="

static int
file_of(const void *bytes, size_t len)
{
	int fd = memfd_create("list", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

/* What becomes of the list, a word or more a record: "2=ep/id/16 ", or the
 * line and a part of the fault; static. */
static const char *
read_list(struct span list, enum psk_format format, enum psk_encoding encoding)
{
	static char said[2048];
	struct psk_row row = {0};
	struct psk_record r;
	struct psk_file f;
	enum psk_next next;
	const char *fault;
	int fd = file_of(list.p, list.len), n = 0;

	said[0] = '\0';
	assert_int_equal(psk_file_begin(&f, fd, format), RC_OK);
	while ((next = psk_file_next(&f, &r)) == PSK_RECORD &&
	    n < (int)sizeof(said) - 600) {
		enum rc rc = psk_row_read(&r, encoding, &row, &fault);

		if (rc == RC_OK)
			n += snprintf(said + n, 600, "%d=%.*s/%.*s/%zu ",
			    (int)r.line, SPAN_FMT(row.endpoint),
			    SPAN_FMT(row.identity), row.key.len);
		else
			n += snprintf(
			    said + n, 600, "%d!%s ", (int)r.line, fault);
		if (rc == RC_OK)
			assert_int_equal(
			    row.key.bytes[row.key.len - 1], row.key.len - 1);
	}
	if (next == PSK_UNUSABLE)
		snprintf(said + n, 600, "%d!!%s", (int)r.line, r.fault);
	else
		assert_int_equal(next, PSK_END);
	secret_fini(&row.key);
	psk_file_end(&f);
	close(fd);
	return said;
}

struct vector {
	const char *list;
	const char *want; /**< all of it; or "~" and a part */
};

static void
expect(const struct vector *v, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *said = read_list(
		    span_str(v[i].list), PSK_FORMAT_SNIFF, PSK_ENCODING_NONE);
		bool as_wanted = v[i].want[0] == '~'
		    ? strstr(said, v[i].want + 1) != NULL
		    : strcmp(said, v[i].want) == 0;

		if (!as_wanted)
			fail_msg(
			    "%s\ngives %s\nnot %s", v[i].list, said, v[i].want);
		/* Nothing of a key in what is said. */
		if (strstr(said, "0405") || strstr(said, "AAEC"))
			fail_msg("%s", said);
	}
}
#define EXPECT(v) expect((v), sizeof(v) / sizeof((v)[0]))

static void
test_csv(void **state)
{
	static const struct vector lists[] = {
	    {"endpoint,identity,key\nep,id," K16 "\n", "2=ep/id/16 "},
	    /* without the last line break, and with carriage returns */
	    {"endpoint,identity,key\r\nep,id," K16, "2=ep/id/16 "},
	    {"endpoint,key\r\nep," K16 "\r\n\r\nep2," K16 "\r",
		"2=ep/ep/16 4=ep2/ep2/16 "},
	    /* any order and case, others between, and what vendors call it */
	    {"IMEI,PSK_Key,Batch,PSK Identity,Endpoint-Client.Name\n"
	     "3,\"" K16 "\",,id,ep\n",
		"2=ep/id/16 "},
	    {"key,urn\n" K16 ",u\n", "2=u/u/16 "},
	    {"ep,public_key_or_identity,pre-shared key\ne,," K16 "\n",
		"2=e/e/16 "},
	    {"ep,PSK-Base64\ne," K16B "\n", "2=e/e/16 "},
	    {"ep,psk_hex\ne," K16 "\n", "2=e/e/16 "},
	    /* the other separators */
	    {"endpoint;identity;key\ne,p;i;" K16 "\n", "2=e,p/i/16 "},
	    {"endpoint\tidentity\tkey\ne;p\ti\t" K16 "\n", "2=e;p/i/16 "},
	    /* a mark of UTF-8, quoted names, empty lines above */
	    {"\xef\xbb\xbf\n\r\n\"endpoint\",\"key\"\ne," K16 "\n",
		"4=e/e/16 "},
	    /* quotes: separators, quotes and line breaks in a field */
	    {"endpoint,identity,key,remark\n"
	     "\"e,p\",\"i\"\"d\"," K16 ",\"two\nlines\"\n"
	     "e2,," K16 ",\"\"\n",
		"2=e,p/i\"d/16 4=e2/e2/16 "},
	    {"endpoint,key\n\"\xc3\xa4\",\"" K16 "\"\r\n",
		"2=\xc3\xa4/\xc3\xa4/16 "},
	    /* blank lines between are none */
	    {"endpoint,key\n\n  \n\te," K16 "\n", "~4!a space"},
	    {"endpoint,key\n", ""},
	    {"endpoint,key", ""},
	};

	(void)state;
	EXPECT(lists);
}

/* One line each is wrong, and the one behind it goes on. */
static void
test_csv_findings(void **state)
{
#define HEAD "endpoint,identity,key\n"
#define ZEROS "00000000000000000000000000000000"
#define ONES "ffffffffffffffffffffffffffffffffffffffffffffffff"
#define REST "\nnext,," K16 "\n"
#define GOES_ON "~ 3=next/next/16 "
	static const struct vector lists[] = {
	    {HEAD "e,i" REST, GOES_ON},
	    {HEAD "e,i" REST, "~2!the line has not as many columns"},
	    {HEAD "e,i," K16 ",x" REST, "~2!the line has not as many"},
	    {HEAD ",i," K16 REST, "~2!the endpoint is missing"},
	    {HEAD "e,i," REST, "~2!the key is missing"},
	    {HEAD "e,i,\"\"" REST, "~2!the key is missing"},
	    {HEAD "e,i," K16 "0" REST, "~2!the key is not hexadecimal"},
	    {HEAD "e,i,0x" K16 REST, "~2!the key is not hexadecimal"},
	    {HEAD "e,i, " K16 REST, "~2!the key is not hexadecimal"},
	    {HEAD "e,i," K16B REST, "~--key-encoding base64"},
	    {HEAD "e,i,000102030405060708090a0b0c0d0e" REST,
		"~2!the key is shorter than 16 bytes"},
	    {HEAD "e,i," K16 K16 K16 K16 "40" REST,
		"~2!the key is longer than 64 bytes"},
	    {HEAD " e,i," K16 REST, "~2!a space"},
	    {HEAD "e,\"i\t\"," K16 REST, "~2!a space"},
	    {HEAD "\xff,i," K16 REST, "~2!the endpoint is not UTF-8"},
	    {HEAD "e\tp,i," K16 REST, "~2!the endpoint has a control"},
	    {HEAD "\"e\np\",i," K16 REST, "~2!the endpoint has a control"},
	    {HEAD "e\x1b[2J,i," K16 REST, "~2!the endpoint has a control"},
	    {HEAD "e\x7f,i," K16 REST, "~2!the endpoint has a control"},
	    {HEAD "\xe2\x80\xaepe,," K16 REST, "~2!the endpoint has a control"},
	    {HEAD "e\xe2\x80\x8b,i," K16 REST, GOES_ON},
	    {HEAD "e,i," ZEROS REST, "~2!the key is one byte over and over"},
	    {HEAD "e,i," ONES REST, "~2!the key is one byte over and over"},
	    {HEAD "e,i," ONES REST, GOES_ON},
	    {HEAD "e\"p,i," K16 REST, "~2!a quote stands within a field"},
	    {HEAD "e\"p,i," K16 REST, GOES_ON},
	    {HEAD "\"e\"p,i," K16 REST, "~2!text stands behind a closing"},
	    {HEAD "\"e\"p,i," K16 REST, GOES_ON},
	    /* a quote that is never closed takes its own line alone */
	    {HEAD "\"e,i," K16 REST, "~2!a quote is not closed"},
	    {HEAD "\"e,i," K16 REST, GOES_ON},
	    {HEAD "e,i," K16 "\ne,i,\"" K16, "~3!a quote is not closed"},
	};

	(void)state;
	EXPECT(lists);
}

/* Nothing of such a list is taken, and nothing of it is said. */
static void
test_no_names(void **state)
{
	static const struct vector lists[] = {
	    {"", "~1!!it is empty"},
	    {"\n\r\n", "~it is empty"},
	    {"\xef\xbb\xbf", "~it is empty"},
	    {"ep,id," K16 "\n", "~1!!no line of column names"},
	    {K16 "\n", "~put \"endpoint,identity,key\" above"},
	    {"endpoint,identity\ne,i\n", "~no line of column names"},
	    {"key,identity\n" K16 ",i\n", "~no line of column names"},
	    {"endpoint,key,psk\n", "~two columns"},
	    {"ep,endpoint,key\n", "~two columns"},
	    {"\"endpoint,key\ne," K16 "\n", "~a quote is not closed"},
	    {"endpoint,key\"\ne," K16 "\n", "~a quote stands within"},
	    {"\xff\xfe"
	     "e",
		"~UTF-16"},
	    {"\xfe\xff", "~UTF-16"},
	};

	(void)state;
	EXPECT(lists);
}

static void
test_json_lines(void **state)
{
	static const struct vector lists[] = {
	    {"{\"endpoint\":\"e\",\"identity\":\"i\",\"key\":\"" K16 "\"}\n",
		"1=e/i/16 "},
	    {" { \"PSK-Key\" : \"" K16 "\" , \"Ep\" : \"e\" } \r\n\n"
	     "{\"ep\":\"f\",\"key\":\"" K16 "\"}",
		"1=e/e/16 3=f/f/16 "},
	    /* escapes: some write every slash of base64 with one */
	    {"{\"ep\":\"\\u00e4\\ud83d\\ude00\\\"\",\"psk\":\"" K16 "\"}",
		"1=\xc3\xa4\xf0\x9f\x98\x80\"/\xc3\xa4\xf0\x9f\x98\x80\"/16 "},
	    {"{\"ep\":\"e\",\"key_base64\":\"AAEC\\u0041wQFBgcICQoLDA0ODw==\"}",
		"1=e/e/16 "},
	    /* what else stands there */
	    {"{\"n\":-1.5e3,\"t\":true,\"o\":{\"key\":[1,\"]\",{}]},\"z\":null,"
	     "\"a\":[],\"ep\":\"e\",\"key\":\"" K16 "\"}",
		"1=e/e/16 "},
	    {"{}", "1!the endpoint is missing; name one "},
	    {"{\"ep\":7,\"key\":\"" K16 "\"}", "~1!endpoint, identity and key"},
	    {"{\"ep\":\"e\",\"key\":[\"" K16 "\"]}", "~1!endpoint, identity"},
	    {"{\"ep\":\"e\",\"key\":\"" K16 "\",\"psk\":\"" K16 "\"}",
		"~1!two members"},
	    {"{\"ep\":\"e\",\"identity\":\"a\\u0000b\",\"key\":\"" K16 "\"}",
		"~1!the identity has a NUL"},
	    {"{\"ep\":\"a\\u0000b\",\"key\":\"" K16 "\"}",
		"~1!the endpoint is not UTF-8"},
	    /* no objects; and the line behind goes on */
	    {"{\"ep\":\"e\"\n{\"ep\":\"e\",\"key\":\"" K16 "\"}",
		"~1!it is no JSON object; each line must be one, whole "
		"2=e/e/16 "},
	    {"{\"ep\":\"e\",}", "~1!it is no JSON"},
	    {"{\"ep\":\"e\"} x", "~1!it is no JSON"},
	    {"{\"ep\":\"\\x\"}", "~1!it is no JSON"},
	    {"{\"ep\":\"\\ud800\"}", "~1!it is no JSON"},
	    {"{\"ep\":\"\\ud800\\u0041\"}", "~1!it is no JSON"},
	    {"{\"ep\":\"\\u00g0\"}", "~1!it is no JSON"},
	    {"{\"ep\":\"a\tb\"}", "~1!it is no JSON"},
	    {"{\"ep\"}", "~1!it is no JSON"},
	    {"{\"ep\":}", "~1!it is no JSON"},
	    {"{\"ep\":\"", "~1!it is no JSON"},
	    {"{\"a\":[}", "~1!it is no JSON"},
	    {"{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
		"~1!it is no JSON"},
	    {"{\"a\":{\"b\":]}", "~1!it is no JSON"},
	};

	(void)state;
	EXPECT(lists);
}

/* Line by line, of every length that the window can be cut at. */
static void
test_long_lists(void **state)
{
	enum { ROWS = 3000 };
	size_t cap = ROWS * 128, len;
	char *list = malloc(cap);
	struct psk_record r;
	struct psk_file f;
	int fd;

	(void)state;
	assert_non_null(list);
	for (size_t pad = 0; pad < 64; pad += 7) {
		unsigned n = 0;

		len = (size_t)snprintf(
		    list, cap, "%*sendpoint,x,key\n", (int)pad, "\n");
		for (unsigned i = 0; i < ROWS; i++)
			len += (size_t)snprintf(list + len, cap - len,
			    i % 3 ? "ep-%u,\"x\n\"\"%u\"," K16 "\r\n"
				  : "ep-%u,%u," K16 "\n",
			    i, i);
		fd = file_of(
		    list + (pad ? pad - 1 : 0), len - (pad ? pad - 1 : 0));
		assert_int_equal(
		    psk_file_begin(&f, fd, PSK_FORMAT_SNIFF), RC_OK);
		while (psk_file_next(&f, &r) == PSK_RECORD) {
			char name[16];

			assert_null(r.fault);
			snprintf(name, sizeof(name), "ep-%u", n++);
			assert_true(span_is(r.cells[PSK_ENDPOINT], name));
			assert_true(span_is(r.cells[PSK_KEY], K16));
		}
		assert_int_equal(n, ROWS);
		assert_int_equal(f.taken, len - (pad ? pad - 1 : 0));
		psk_file_end(&f);
		close(fd);
	}
	free(list);
}

/* Far longer than a record may be: skipped to its end, and no further. */
static void
test_records_too_long(void **state)
{
	static const char *const heads[] = {"endpoint,key\n",
	    "endpoint,key\n\"",
	    "{\"ep\":\"e\",\"key\":\"" K16 "\"}\n{\"ep\":\""};
	static const char *const wants[] = {"2!the record is longer",
	    "2!the record is longer", "2!the record is longer"};
	size_t lens[] = {PSK_RECORD_MAX - 1, PSK_RECORD_MAX, PSK_RECORD_MAX + 1,
	    65535, 65536, 200000};
	char *list = malloc(300000);

	(void)state;
	assert_non_null(list);
	for (size_t h = 0; h < 3; h++) {
		for (size_t i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
			size_t len = strlen(heads[h]);
			const char *said;

			memcpy(list, heads[h], len);
			memset(list + len, 'x', lens[i]);
			len += lens[i];
			len += (size_t)snprintf(list + len, 200, "%s",
			    h == 2 ? "\n{\"ep\":\"f\",\"key\":\"" K16 "\"}\n"
				   : "\nf," K16 "\n");
			said = read_list(span_of(list, len), PSK_FORMAT_SNIFF,
			    PSK_ENCODING_NONE);
			if (!strstr(said, "3=f/f/16 "))
				fail_msg("%zu of %zu: %s", h, lens[i], said);
			if (lens[i] > PSK_RECORD_MAX && !strstr(said, wants[h]))
				fail_msg("%zu of %zu: %s", h, lens[i], said);
		}
	}
	free(list);
}

static void
test_limits(void **state)
{
	static const struct {
		size_t endpoint, identity, key;
		const char *want;
	} cases[] = {
	    {252, 128, 64, "2="},
	    {1, 1, 16, "2="},
	    {253, 1, 16, "2!the endpoint is longer"},
	    {4000, 1, 16, "2!the endpoint is longer"},
	    {1, 129, 16, "2!the identity is longer"},
	    {129, 0, 16, "2!the identity is longer"},
	    {1, 1, 15, "2!the key is shorter"},
	    {1, 1, 65, "2!the key is longer"},
	    {1, 1, 1000, "2!the key is longer"},
	};
	char list[8192], pad[4001];

	(void)state;
	memset(pad, 'x', sizeof(pad));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int n = snprintf(list, sizeof(list),
		    "endpoint,identity,key\n%.*s,%.*s,", (int)cases[i].endpoint,
		    pad, (int)cases[i].identity, pad);
		const char *said;

		for (size_t k = 0; k < cases[i].key; k++)
			n += snprintf(list + n, 3, "%02zx", k & 0xff);
		said = read_list(span_of(list, (size_t)n), PSK_FORMAT_CSV,
		    PSK_ENCODING_NONE);
		if (strncmp(said, cases[i].want, strlen(cases[i].want)) != 0)
			fail_msg("case %zu: %s", i, said);
	}
}

static void
test_what_the_user_says_goes(void **state)
{
	static const char list[] = "ep,key_hex\ne," K16B "\n";
	static const char json[] = "{\"ep\":\"e\",\"key\":\"" K16 "\"}\n";

	(void)state;
	assert_string_equal(
	    read_list(span_str(list), PSK_FORMAT_CSV, PSK_BASE64), "2=e/e/16 ");
	assert_non_null(
	    strstr(read_list(span_str(list), PSK_FORMAT_CSV, PSK_ENCODING_NONE),
		"not hexadecimal"));
	/* Base64 of what looks like hexadecimal is never guessed. */
	assert_non_null(strstr(
	    read_list(SPAN_LIT("ep,key\ne,0=\n"), PSK_FORMAT_CSV, PSK_BASE64),
	    "not base64"));
	assert_non_null(
	    strstr(read_list(span_str(json), PSK_FORMAT_CSV, PSK_ENCODING_NONE),
		"!!"));
}

static uint32_t
next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* Rubbish, and lists with bytes changed: an end, and each byte taken once. */
static void
test_rubbish(void **state)
{
	static const char good[] =
	    HEAD "e,\"i\"\"d\"," K16 "\r\n\"e\n\",i," K16 "\n";
	static const char bytes[] = "\",\n\r{}[]:\\u0;\t\xff x";
	uint32_t seed = 2026;

	(void)state;
	for (unsigned round = 0; round < 3000; round++) {
		uint8_t list[256];
		size_t len = next_random(&seed) % 200;
		struct psk_record r;
		struct psk_file f;
		enum psk_next next;
		int fd;

		for (size_t i = 0; i < len; i++)
			list[i] =
			    (uint8_t)bytes[next_random(&seed) % sizeof(bytes)];
		if (round % 2) {
			len = sizeof(good) - 1;
			memcpy(list, good, len);
			for (int i = 0; i < 3; i++)
				list[next_random(&seed) % len] = (uint8_t)
				    bytes[next_random(&seed) % sizeof(bytes)];
		}
		fd = file_of(list, len);
		assert_int_equal(
		    psk_file_begin(&f, fd,
			round % 3 ? PSK_FORMAT_SNIFF : PSK_FORMAT_JSONL),
		    RC_OK);
		for (uint64_t taken = 0;
		     (next = psk_file_next(&f, &r)) == PSK_RECORD;) {
			assert_true(f.taken > taken && f.taken <= len);
			taken = f.taken;
		}
		if (next == PSK_END)
			assert_int_equal(f.taken, len);
		else
			assert_int_equal(next, PSK_UNUSABLE);
		psk_file_end(&f);
		close(fd);
	}
}

static void
test_unreadable(void **state)
{
	struct psk_record r;
	struct psk_file f;

	(void)state;
	assert_int_equal(psk_file_begin(&f, -1, PSK_FORMAT_CSV), RC_OK);
	assert_int_equal(psk_file_next(&f, &r), PSK_UNREADABLE);
	psk_file_end(&f);
	psk_file_end(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_csv),
	    cmocka_unit_test(test_csv_findings),
	    cmocka_unit_test(test_no_names),
	    cmocka_unit_test(test_json_lines),
	    cmocka_unit_test(test_long_lists),
	    cmocka_unit_test(test_records_too_long),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_what_the_user_says_goes),
	    cmocka_unit_test(test_rubbish),
	    cmocka_unit_test(test_unreadable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
