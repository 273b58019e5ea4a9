/* Nothing on a label covers something else or stands over its edge, and what
 * does not fit is refused with its millimetres. */
#include "label.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct label l;
static char endpoint[LABEL_PAYLOAD_MAX + 1];

static enum rc
make(struct label_spec spec, size_t endpoint_len)
{
	struct label_values v = {.serial = SPAN_LIT("000042")};

	for (size_t i = 0; i < endpoint_len; i++)
		endpoint[i] = "urn:dev:ops:0057F2-abc"[i % 22];
	v.endpoint = span_of(endpoint, endpoint_len);
	return label_make(&l, &spec, &v);
}

/** The square of the code with its quiet zone is free, and so is the edge. */
static void
check(const struct label_spec *spec, size_t endpoint_len)
{
	const unsigned quiet = LABEL_QUIET * l.module;
	const unsigned end = l.origin + l.symbol.modules * l.module + quiet;
	size_t text_len = 0;

	assert_true(l.origin >= quiet);
	assert_true(end <= l.width && end <= l.height);
	assert_true(l.module * 25400 >= LABEL_MODULE_MIN_UM * l.dpi - 12700);
	assert_true(l.module <= LABEL_MODULE_MAX);
	assert_true(!spec->module || l.module == spec->module);
	for (size_t i = 0; i < l.line_count; i++) {
		const struct label_line *a = &l.lines[i];

		text_len += a->text.len;
		assert_true(a->x >= end || a->y >= end);
		assert_true(a->x + a->width <= l.width);
		assert_true(a->y + a->height <= l.height);
		/* 1.5 mm at least */
		assert_true(a->height * 25400 >= 1500 * l.dpi - 12700);
		if (i > 0)
			assert_true(a->y >= a[-1].y + a[-1].height);
	}
	/* all of it is there */
	assert_int_equal(text_len, strlen("SN 000042") + endpoint_len);
}

static void
everything_fits(void **state)
{
	static const unsigned sizes[][2] = {{50000, 25000}, {25000, 50000},
	    {50800, 25400}, {100000, 150000}, {30000, 30000}, {100000, 25000}};
	static const unsigned dpis[] = {203, 300, 600};
	unsigned made = 0, not_made = 0;

	(void)state;
	for (size_t s = 0; s < 6; s++)
		for (size_t d = 0; d < 3; d++)
			for (size_t len = 1; len <= 252; len += 7)
				for (int level = 0; level < 4; level++) {
					struct label_spec spec =
					    label_spec_default();

					spec.width_um = sizes[s][0];
					spec.height_um = sizes[s][1];
					spec.dpi = dpis[d];
					spec.level = (enum label_level)level;
					if (make(spec, len) == RC_OK) {
						check(&spec, len);
						made++;
					} else {
						assert_string_not_equal(
						    l.fault, "");
						not_made++;
					}
				}
	assert_true(made > 1000);
	assert_true(not_made > 10);
}

static void
golden_place(void **state)
{
	struct label_spec spec = label_spec_default();

	(void)state;
	spec.width_um = 50800;
	spec.height_um = 25400;
	assert_int_equal(make(spec, 23), RC_OK);
	assert_int_equal(l.width, 406);
	assert_int_equal(l.height, 203);
	assert_int_equal(l.origin, 20);
	assert_int_equal(l.module, 4);
	assert_int_equal(l.lines[0].height, 24);
	assert_int_equal(l.lines[1].height, 18);
	assert_int_equal(l.lines[1].y, 60);
}

static void
too_much(void **state)
{
	struct label_spec spec = label_spec_default();

	(void)state;
	spec.width_um = spec.height_um = 15000;
	assert_int_equal(make(spec, 200), RC_TOO_LARGE);
	assert_non_null(strstr(l.fault, "205 bytes at level M"));
	assert_non_null(strstr(l.fault, "version 10, 57 modules"));
	assert_non_null(strstr(l.fault, "2 dots a module"));
	assert_non_null(strstr(l.fault, "needs 17.8 mm"));
	assert_non_null(strstr(l.fault, "has 15.0 mm"));

	spec = label_spec_default();
	spec.level = LABEL_H;
	assert_int_equal(make(spec, 1400), RC_TOO_LARGE);
	assert_non_null(strstr(l.fault, "no QR code of level H"));

	/* the code fits, its text does not */
	spec = label_spec_default();
	spec.width_um = spec.height_um = 20000;
	assert_int_equal(make(spec, 150), RC_TOO_LARGE);
	assert_non_null(strstr(l.fault, "line "));

	/* a module of one's own choice is not made smaller */
	spec = label_spec_default();
	spec.module = 8;
	assert_int_equal(make(spec, 23), RC_TOO_LARGE);
	assert_non_null(strstr(l.fault, "8 dots a module"));
}

/** Letters of two and three bytes are not cut through. */
static void
broken_between_characters(void **state)
{
	struct label_spec spec = label_spec_default();
	const struct label_values v = {
	    .endpoint = SPAN_LIT("x"),
	    .serial =
		SPAN_LIT("\u65e5\u672c\u8a9e\u00e9\u65e5\u672c\u8a9e\u00e9"
			 "\u65e5\u672c\u8a9e\u00e9\u65e5\u672c\u8a9e\u00e9"
			 "\u65e5\u672c\u8a9e\u00e9\u65e5\u672c\u8a9e\u00e9"
			 "\u65e5\u672c\u8a9e\u00e9\u65e5\u672c\u8a9e\u00e9"
			 "\u65e5\u672c\u8a9e\u00e9\u65e5\u672c\u8a9e\u00e9"
			 "\u65e5\u672c\u8a9e\u00e9\u65e5\u672c\u8a9e\u00e9"),
	};

	(void)state;
	assert_int_equal(label_make(&l, &spec, &v), RC_OK);
	assert_true(l.line_count > 2);
	for (size_t i = 0; i < l.line_count; i++)
		assert_true((l.lines[i].text.p[0] & 0xc0) != 0x80);
}

/** The default's serial number is left out where it has none; a text that
 *  somebody has asked for is not. */
static void
without_serial(void **state)
{
	struct label_spec spec = label_spec_default();
	const struct label_values v = {.endpoint = SPAN_LIT("x")};

	(void)state;
	assert_int_equal(label_make(&l, &spec, &v), RC_OK);
	assert_int_equal(l.line_count, 1);
	spec.texts_optional = false;
	assert_int_equal(label_make(&l, &spec, &v), RC_NOT_FOUND);
	assert_non_null(strstr(l.fault, "{serial}"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(everything_fits),
	    cmocka_unit_test(golden_place),
	    cmocka_unit_test(too_much),
	    cmocka_unit_test(broken_between_characters),
	    cmocka_unit_test(without_serial),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
