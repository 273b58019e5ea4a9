/* Images byte for byte: the account that a client of another make has loaded
 * (tests/vectors/senml_cbor), and what must not be written. */
#include "image_format.h"

#include "lwm2m/object.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define EP "urn:dev:os:32473-000042"

static const uint8_t key[] = {
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

enum { ACCOUNT = 6, ROOM = 1024 };

/** The account of the vector; `e` has room for ACCOUNT entries. */
static struct image
account(struct lwm2m_entry *e)
{
	const struct lwm2m_entry all[ACCOUNT] = {
	    {LWM2M_RESOURCE(0, 1, SECURITY_URI),
		LWM2M_VALUE_STRING(SPAN_LIT("coaps://bs.example.com:5684"))},
	    {LWM2M_RESOURCE(0, 1, SECURITY_BOOTSTRAP),
		LWM2M_VALUE_BOOLEAN(true)},
	    {LWM2M_RESOURCE(0, 1, SECURITY_MODE),
		LWM2M_VALUE_INTEGER(MODE_PSK)},
	    {LWM2M_RESOURCE(0, 1, SECURITY_IDENTITY),
		LWM2M_VALUE_OPAQUE(SPAN_LIT(EP))},
	    {LWM2M_RESOURCE(0, 1, SECURITY_SECRET_KEY),
		LWM2M_VALUE_OPAQUE(span_of(key, sizeof(key)))},
	    {LWM2M_RESOURCE(0, 1, SECURITY_HOLD_OFF), LWM2M_VALUE_INTEGER(10)},
	};

	memcpy(e, all, sizeof(all));
	return (struct image){SPAN_LIT(EP), e, ACCOUNT};
}

static enum rc
write_as(const char *format, const struct image *image, struct writer *w)
{
	const struct image_format *f = image_format_find(format);

	assert_non_null(f);
	return f->write(image, w);
}

static void
test_senml_cbor_is_the_vector(void **state)
{
	struct lwm2m_entry e[ACCOUNT];
	struct image image = account(e);
	uint8_t ours[ROOM], vector[ROOM];
	struct writer w;
	ssize_t n;
	int fd = open(getenv("VECTOR"), O_RDONLY);

	(void)state;
	assert_true(fd >= 0);
	n = read(fd, vector, sizeof(vector));
	close(fd);
	assert_int_equal(n, 135);

	writer_init(&w, ours, sizeof(ours));
	assert_int_equal(write_as("senml-cbor", &image, &w), RC_OK);
	assert_int_equal(w.len, n);
	assert_memory_equal(ours, vector, (size_t)n);
}

static void
test_json(void **state)
{
	static const char wanted[] =
	    "{\"format\":\"bootstrapd-image-1\",\"endpoint\":\"" EP
	    "\",\"entries\":[\n"
	    "{\"path\":\"/0/1/0\",\"type\":\"string\","
	    "\"value\":\"coaps://bs.example.com:5684\"},\n"
	    "{\"path\":\"/0/1/1\",\"type\":\"boolean\",\"value\":true},\n"
	    "{\"path\":\"/0/1/2\",\"type\":\"integer\",\"value\":0},\n"
	    "{\"path\":\"/0/1/3\",\"type\":\"opaque\",\"value\":"
	    "\"75726e3a6465763a6f733a33323437332d303030303432\"},\n"
	    "{\"path\":\"/0/1/5\",\"type\":\"opaque\",\"value\":"
	    "\"000102030405060708090a0b0c0d0e0f\"},\n"
	    "{\"path\":\"/0/1/11\",\"type\":\"integer\",\"value\":10}\n"
	    "]}\n";
	struct lwm2m_entry e[ACCOUNT];
	struct image image = account(e);
	char ours[ROOM];
	struct writer w;

	(void)state;
	writer_init(&w, ours, sizeof(ours));
	assert_int_equal(write_as("json", &image, &w), RC_OK);
	assert_int_equal(w.len, strlen(wanted));
	assert_memory_equal(ours, wanted, w.len);
}

/* Every room that is too small is said to be, whichever byte does not fit. */
static void
test_no_room(void **state)
{
	struct lwm2m_entry e[ACCOUNT];
	struct image image = account(e);
	uint8_t buf[ROOM];
	struct writer w;

	(void)state;
	for (size_t i = 0; image_formats_known[i]; i++) {
		size_t len;

		writer_init(&w, buf, sizeof(buf));
		assert_int_equal(
		    image_formats_known[i]->write(&image, &w), RC_OK);
		len = w.len;
		for (size_t cap = 0; cap < len; cap++) {
			writer_init(&w, buf, cap);
			assert_int_equal(
			    image_formats_known[i]->write(&image, &w),
			    RC_TOO_LARGE);
		}
	}
}

/* An empty array is loaded, and wipes the device. */
static void
test_empty_is_no_factory_payload(void **state)
{
	struct image image = {.endpoint = SPAN_LIT(EP)};
	uint8_t buf[ROOM];
	struct writer w;

	(void)state;
	writer_init(&w, buf, sizeof(buf));
	assert_int_equal(write_as("senml-cbor", &image, &w), RC_MALFORMED);
	assert_int_equal(w.len, 0);
}

static void
test_duplicate_and_disorder(void **state)
{
	struct lwm2m_entry e[ACCOUNT];
	struct image image = account(e);
	uint8_t buf[ROOM];
	struct writer w;

	(void)state;
	e[3] = e[4];
	writer_init(&w, buf, sizeof(buf));
	assert_int_equal(write_as("senml-cbor", &image, &w), RC_MALFORMED);

	image = account(e);
	e[0].path.resource = 99;
	writer_init(&w, buf, sizeof(buf));
	assert_int_equal(write_as("senml-cbor", &image, &w), RC_MALFORMED);
}

/* The loader keeps a name in 24 characters and a NUL; 22 is the longest path
 * that LwM2M has, so every instance of /0 fits. */
static void
test_longest_name(void **state)
{
	struct lwm2m_entry e[ACCOUNT];
	struct image image = account(e);
	uint8_t buf[ROOM];
	struct writer w;

	(void)state;
	for (size_t i = 0; i < ACCOUNT; i++)
		e[i].path.instance = 65534;
	writer_init(&w, buf, sizeof(buf));
	assert_int_equal(write_as("senml-cbor", &image, &w), RC_OK);

	e[0].path = (struct lwm2m_path){65534, 65534, 65534, 65534};
	image.entry_count = 1;
	writer_init(&w, buf, sizeof(buf));
	assert_int_equal(write_as("senml-cbor", &image, &w), RC_OK);
}

static void
test_json_has_no_float(void **state)
{
	const struct lwm2m_entry e = {
	    LWM2M_RESOURCE(3, 0, 99), {.type = LWM2M_FLOAT, .real = 0.5}};
	const struct image image = {SPAN_LIT(EP), &e, 1};
	uint8_t buf[ROOM];
	struct writer w;

	(void)state;
	writer_init(&w, buf, sizeof(buf));
	assert_int_equal(write_as("json", &image, &w), RC_MALFORMED);
}

/* The names that the option takes are those of the formats. */
static void
test_names(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; image_formats_known[i]; i++)
		assert_string_equal(
		    image_formats_known[i]->name, image_format_names[i]);
	assert_null(image_format_names[i]);
	assert_null(image_format_find("yaml"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_senml_cbor_is_the_vector),
	    cmocka_unit_test(test_json),
	    cmocka_unit_test(test_no_room),
	    cmocka_unit_test(test_empty_is_no_factory_payload),
	    cmocka_unit_test(test_duplicate_and_disorder),
	    cmocka_unit_test(test_longest_name),
	    cmocka_unit_test(test_json_has_no_float),
	    cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
