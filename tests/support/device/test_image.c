/* Factory images, as Anjay's loader takes them and as our tool writes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "image.h"

#include <stdio.h>
#include <stdlib.h>

#define HEAD "{\"format\":\"bootstrapd-image-1\",\"endpoint\":\"dev-1\","
#define URI "{\"path\":\"/0/1/0\",\"type\":\"string\",\"value\":\"coaps://x\"}"
#define BOOT "{\"path\":\"/0/1/1\",\"type\":\"boolean\",\"value\":true}"

static struct image image;

static enum rc
read_text(const char *text)
{
	enum rc rc;

	image_fini(&image);
	rc = image_read(span_str(text), &image);
	return rc;
}

static void
read_vector(const char *name)
{
	char path[512];

	image_fini(&image);
	snprintf(path, sizeof(path), "%s/senml_cbor/%s", VECTORS_DIR, name);
	assert_int_equal(image_load(path, &image), RC_OK);
}

static void
anjay(void **state)
{
	static const char *const names[] = {"anjay-psk-bs.senml.cbor",
	    "anjay-psk-bs.bn.senml.cbor", "anjay-psk-bs-server.senml.cbor"};
	struct account a;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		read_vector(names[i]);
		assert_int_equal(image_account(&image, &a), RC_OK);
		assert_int_equal(a.instance, 1);
		assert_int_equal(a.mode, MODE_PSK);
		assert_true(span_is(a.uri, "coaps://bs.example.com:5684"));
		assert_true(span_is(a.identity, "urn:dev:os:32473-000042"));
		assert_true(span_is(a.endpoint, "urn:dev:os:32473-000042"));
		assert_int_equal(a.key.len, 16);
		for (uint8_t n = 0; n < 16; n++)
			assert_int_equal(a.key.p[n], n);
	}
}

static void
of_our_tool(void **state)
{
	static const char text[] = HEAD
	    "\"entries\": [" URI ",\n" BOOT ",\n"
	    "{\"path\":\"/0/1/2\",\"type\":\"integer\",\"value\":0},\n"
	    "{\"path\":\"/0/1/3\",\"type\":\"opaque\",\"value\":"
	    "\"6465762D31\"},\n"
	    "{\"path\":\"/0/1/5\",\"type\":\"opaque\",\"value\":"
	    "\"00ff\"},\n"
	    "{\"path\":\"/0/1/16/0\",\"type\":\"unsigned\",\"value\":49320},\n"
	    "{\"path\":\"/0/1/17\",\"type\":\"objlnk\",\"value\":\"21:0\"},\n"
	    "{\"path\":\"/3/0/13\",\"type\":\"time\",\"value\":-5}\n"
	    "], \"made\": {\"by\": [1, 2.5e3, null, "
	    "\"\\u00fc\\ud83d\\ude00\"]}}";
	struct account a;

	(void)state;
	assert_int_equal(read_text(text), RC_OK);
	assert_int_equal(image.count, 8);
	assert_int_equal(image_account(&image, &a), RC_OK);
	assert_true(span_is(a.uri, "coaps://x"));
	assert_true(span_is(a.identity, "dev-1"));
	assert_true(span_is(a.endpoint, "dev-1"));
	assert_int_equal(a.key.len, 2);
	assert_int_equal(a.key.p[1], 0xff);
	assert_int_equal(image.entries[5].value.number, 49320);
	assert_int_equal(image.entries[5].path.resource_instance, 0);
	assert_int_equal(image.entries[6].value.link.object, 21);
	assert_int_equal(image.entries[7].value.integer, -5);
}

/* Certificates as they stand in an image; the name is the certificate's. */
static void
anjay_certificate(void **state)
{
	static const char *const names[] = {
	    "anjay-x509-bs.senml.cbor", "anjay-x509-bs.bn.senml.cbor"};
	struct account a;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		read_vector(names[i]);
		assert_int_equal(image_account(&image, &a), RC_OK);
		assert_int_equal(a.instance, 1);
		assert_int_equal(a.mode, MODE_CERTIFICATE);
		assert_int_equal(a.identity.len, 422);
		assert_int_equal(a.server_key.len, 385);
		assert_int_equal(a.key.len, 138);
		assert_int_equal(a.usage, USAGE_TRUST_ANCHOR);
		assert_int_equal(a.matching, MATCHING_EXACT);
		assert_int_equal(a.sni.len, 0);
		assert_true(span_is(a.endpoint, "urn:dev:os:32473-000042"));
	}
}

#define RESOURCE(n, type, value) \
	"{\"path\":\"/0/1/" n "\",\"type\":\"" type "\",\"value\":" value "}"
#define WITH(entries) HEAD "\"entries\":[" URI "," BOOT "," entries "]}"

/* What is not said is as the standard has it; what is said wrongly is not. */
static void
expectations(void **state)
{
	static const struct {
		const char *text;
		uint64_t usage, matching;
	} rows[] = {
	    {WITH(RESOURCE("2", "integer", "2")), 3, 0},
	    {WITH(RESOURCE("15", "unsigned", "2") "," RESOURCE(
		 "13", "unsigned", "1")),
		2, 1},
	    {WITH(RESOURCE("15", "integer", "1")), 1, 0},
	    {WITH(RESOURCE("15", "integer", "-1")), UINT64_MAX, 0},
	    {WITH(RESOURCE("13", "string", "\"1\"")), 3, UINT64_MAX},
	};
	struct account a;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(read_text(rows[i].text), RC_OK);
		assert_int_equal(image_account(&image, &a), RC_OK);
		assert_int_equal(a.usage, rows[i].usage);
		assert_int_equal(a.matching, rows[i].matching);
	}
	assert_int_equal(
	    read_text(WITH(RESOURCE("14", "string", "\"bs.example\""))), RC_OK);
	assert_int_equal(image_account(&image, &a), RC_OK);
	assert_true(span_is(a.sni, "bs.example"));
}

/* What is printed is read as what it was. */
static void
printed(void **state)
{
	static const char text[] = HEAD
	    "\"entries\":[" URI "," BOOT
	    ",{\"path\":\"/0/1/2\",\"type\":\"integer\",\"value\":-3}"
	    ",{\"path\":\"/0/1/3\",\"type\":\"opaque\",\"value\":\"00ff\"}"
	    ",{\"path\":\"/0/1/16/1\",\"type\":\"unsigned\",\"value\":49320}"
	    ",{\"path\":\"/0/1/17\",\"type\":\"objlnk\",\"value\":\"21:0\"}"
	    ",{\"path\":\"/3/0/0\",\"type\":\"string\",\"value\":"
	    "\"\\\"\\u00fc\\n\"}"
	    ",{\"path\":\"/3/0/13\",\"type\":\"time\",\"value\":5}]}";
	struct lwm2m_entry real = {LWM2M_RESOURCE(5, 0, 0), {0}};
	uint8_t buf[2048];
	struct held s = {0};
	struct image again;
	struct writer w;

	(void)state;
	assert_int_equal(read_text(text), RC_OK);
	for (size_t i = 0; i < image.count; i++)
		assert_int_equal(held_put(&s, &image.entries[i]), RC_OK);
	writer_init(&w, buf, sizeof(buf));
	assert_int_equal(image_print(&w, SPAN_LIT("dev \"1\""), &s), RC_OK);
	assert_int_equal(image_read(writer_span(&w), &again), RC_OK);
	assert_true(span_is(again.endpoint, "dev \"1\""));
	assert_int_equal(again.count, image.count);
	for (size_t i = 0; i < image.count; i++) {
		assert_int_equal(
		    path_compare(again.entries[i].path, image.entries[i].path),
		    0);
		assert_true(value_equal(
		    &again.entries[i].value, &image.entries[i].value));
	}
	image_fini(&again);
	writer_init(&w, buf, 40);
	assert_int_equal(image_print(&w, SPAN_LIT("dev-1"), &s), RC_TOO_LARGE);
	real.value.type = LWM2M_FLOAT;
	assert_int_equal(held_put(&s, &real), RC_OK);
	writer_init(&w, buf, sizeof(buf));
	assert_int_equal(
	    image_print(&w, SPAN_LIT("dev-1"), &s), RC_UNSUPPORTED);
	held_fini(&s);
}

static void
escapes(void **state)
{
	(void)state;
	assert_int_equal(
	    read_text(HEAD "\"entries\":[{\"path\":\"/3/0/0\",\"type\":"
			   "\"string\",\"value\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t"
			   "\\u0041\\u00e9\\u20ac\\ud83d\\ude00\"}]}"),
	    RC_OK);
	assert_true(span_is(image.entries[0].value.bytes,
	    "\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"));
}

static void
refused(void **state)
{
	static const struct {
		const char *text;
		enum rc rc;
	} cases[] = {
	    {"", RC_MALFORMED},
	    {"{}", RC_UNSUPPORTED},
	    {"{\"format\":\"bootstrapd-image-2\",\"entries\":[" URI "]}",
		RC_UNSUPPORTED},
	    {"{\"entries\":[" URI "]}", RC_UNSUPPORTED},
	    {HEAD "\"entries\":[]}", RC_MALFORMED},
	    {HEAD "\"entries\":{}}", RC_MALFORMED},
	    {HEAD "\"entries\":[" URI "]", RC_MALFORMED},
	    {HEAD "\"entries\":[" URI "]}x", RC_MALFORMED},
	    {HEAD "\"entries\":[" URI ",]}", RC_MALFORMED},
	    {HEAD "\"entries\":[" URI BOOT "]}", RC_MALFORMED},
	    {HEAD "\"entries\":[1]}", RC_MALFORMED},
	    {HEAD "\"entries\":[{\"path\":\"/0/1\",\"type\":\"integer\","
		  "\"value\":1}]}",
		RC_MALFORMED},
	    {HEAD "\"entries\":[{\"path\":\"/0/01/0\",\"type\":\"integer\","
		  "\"value\":1}]}",
		RC_MALFORMED},
	    {HEAD "\"entries\":[{\"path\":\"/0/1/2\",\"type\":\"integer\","
		  "\"value\":\"1\"}]}",
		RC_MALFORMED},
	    {HEAD "\"entries\":[{\"path\":\"/0/1/2\",\"type\":\"integer\","
		  "\"value\":1.5}]}",
		RC_MALFORMED},
	    {HEAD "\"entries\":[{\"path\":\"/0/1/2\",\"type\":\"integer\"}]}",
		RC_MALFORMED},
	    {HEAD "\"entries\":[{\"path\":\"/0/1/5\",\"type\":\"opaque\","
		  "\"value\":\"0g\"}]}",
		RC_MALFORMED},
	    {HEAD "\"entries\":[{\"path\":\"/0/1/5\",\"type\":\"opaque\","
		  "\"value\":\"000\"}]}",
		RC_MALFORMED},
	    {HEAD "\"entries\":[{\"path\":\"/0/1/0\",\"type\":\"text\","
		  "\"value\":\"x\"}]}",
		RC_UNSUPPORTED},
	    {HEAD "\"entries\":[{\"path\":\"/0/1/0\",\"type\":\"string\","
		  "\"value\":\"\\ud83d\"}]}",
		RC_MALFORMED},
	    {HEAD "\"entries\":[{\"path\":\"/0/1/0\",\"type\":\"string\","
		  "\"value\":\"\n\"}]}",
		RC_MALFORMED},
	    {HEAD "\"deep\":[[[[[[[[[[1]]]]]]]]]]}", RC_MALFORMED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum rc rc = read_text(cases[i].text);

		if (rc != cases[i].rc)
			fail_msg("%s: %s", cases[i].text, rc_name(rc));
	}
}

/* Every beginning of an image is no image. */
static void
truncated(void **state)
{
	static const char text[] = HEAD "\"entries\":[" URI "," BOOT "]}";

	(void)state;
	for (size_t len = 0; len < sizeof(text) - 1; len++) {
		uint8_t *exact = malloc(len ? len : 1);

		assert_non_null(exact);
		memcpy(exact, text, len);
		image_fini(&image);
		assert_int_not_equal(
		    image_read(span_of(exact, len), &image), RC_OK);
		free(exact);
	}
}

static void
no_account(void **state)
{
	struct account a;

	(void)state;
	assert_int_equal(read_text(HEAD "\"entries\":[" URI "]}"), RC_OK);
	assert_int_equal(image_account(&image, &a), RC_NOT_FOUND);
	assert_int_equal(read_text(HEAD "\"entries\":[" BOOT "]}"), RC_OK);
	assert_int_equal(image_account(&image, &a), RC_NOT_FOUND);
}

static void
no_file(void **state)
{
	(void)state;
	image_fini(&image);
	assert_int_equal(image_load("/nonexistent/image", &image), RC_IO);
}

static int
teardown(void **state)
{
	(void)state;
	image_fini(&image);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(anjay),
	    cmocka_unit_test(anjay_certificate),
	    cmocka_unit_test(of_our_tool),
	    cmocka_unit_test(expectations),
	    cmocka_unit_test(printed),
	    cmocka_unit_test(escapes),
	    cmocka_unit_test(refused),
	    cmocka_unit_test(truncated),
	    cmocka_unit_test(no_account),
	    cmocka_unit_test(no_file),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
