/*
 * Each byte of each small sample, changed: to every other value where the
 * sample is below 600 bytes, else in every bit.
 *
 * The image is refused, or what comes out is another account, or lies
 * elsewhere. That is so where a format has no checksum over its values, and
 * only in the places that stand below. Nowhere does a change go by unseen, but
 * for the two that Intel HEX has by definition.
 */
#include "sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { RANGES_MAX = 14, EVERY_VALUE_MAX = 600 };

/** Bytes `from` to `to`, both included, each of which can be another one. */
struct range {
	size_t from, to;
	const char *what; /**< NULL: the end */
};

static const struct {
	const char *file;
	struct range open[RANGES_MAX];
} samples[] = {
    {"anjay-psk-bs.senml.cbor",
	{{7, 7, "instance"}, {13, 39, "URI"}, {50, 50, "true or false"},
	    {61, 61, "mode"}, {70, 70, "resource"}, {73, 95, "identity"},
	    {104, 104, "resource"}, {107, 122, "key"}, {127, 127, "object"},
	    {129, 129, "instance"}, {131, 132, "resource"},
	    {134, 134, "hold-off"}}},
    {"anjay-psk-bs.bn.senml.cbor",
	{{5, 5, "object"}, {7, 7, "instance"}, {15, 41, "URI"},
	    {47, 47, "true or false"}, {53, 53, "mode"}, {57, 57, "resource"},
	    {60, 82, "identity"}, {86, 86, "resource"}, {89, 104, "key"},
	    {108, 109, "resource"}, {111, 111, "hold-off"}}},
    {"lwm2m-psk-bs.11544.cbor",
	{{2, 3, "object and instance"}, {8, 34, "URI"},
	    {36, 36, "true or false"}, {38, 38, "mode"}, {39, 39, "resource"},
	    {41, 63, "identity"}, {64, 64, "resource"}, {66, 81, "key"},
	    {82, 82, "resource"}, {83, 83, "hold-off"}}},
    /* the length of one value can make the next ones part of it */
    {"smartcard-psk-bs.bin",
	{{4, 5, "object"}, {10, 10, "instance"}, {15, 41, "URI"},
	    {44, 44, "true or false"}, {47, 47, "mode"}, {49, 49, "resource"},
	    {50, 50, "length"}, {51, 73, "identity"}, {75, 75, "resource"},
	    {76, 76, "length"}, {77, 92, "key"},
	    {93, 95, "hold-off, or nothing of it"}}},
    {"smartcard-nosec-min.bin",
	{{4, 5, "object"}, {10, 10, "instance"}, {15, 52, "values"},
	    {54, 57, "values"}}},
    {"smartcard-psk-bs-pad256.bin",
	{{4, 5, "object"}, {10, 10, "instance"}, {15, 41, "URI"},
	    {44, 44, "true or false"}, {47, 47, "mode"}, {49, 49, "resource"},
	    {50, 50, "length"}, {51, 73, "identity"}, {75, 75, "resource"},
	    {76, 76, "length"}, {77, 92, "key"},
	    {93, 95, "hold-off, or nothing of it"}}},
    {"nrf91-psk-bs.at.txt", {{77, 99, "identity"}, {125, 156, "key"}}},
    /* without CONFIG_NVS_DATA_CRC values and names have no checksum */
    {"zephyr-nvs-settings-wbs4.bin",
	{{0, 26, "URI"}, {38, 38, "object"}, {40, 40, "instance"},
	    {42, 42, "resource"}, {48, 48, "true or false"}, {62, 62, "object"},
	    {64, 64, "instance"}, {66, 66, "resource"}, {72, 72, "mode"},
	    {86, 86, "object"}, {88, 88, "instance"}, {90, 90, "resource"},
	    {96, 118, "identity"}, {130, 134, "path, between its slashes"}}},
    {"zephyr-nvs-settings-wbs1.bin",
	{{0, 26, "URI"}, {38, 38, "object"}, {40, 40, "instance"},
	    {42, 42, "resource"}, {45, 45, "true or false"}, {56, 56, "object"},
	    {58, 58, "instance"}, {60, 60, "resource"}, {63, 63, "mode"},
	    {74, 74, "object"}, {76, 76, "instance"}, {78, 78, "resource"},
	    {81, 103, "identity"}, {114, 118, "path, between its slashes"}}},
    /* checksums, or FF, or structure: not one byte is free */
    {"esp-nvs-min-0x3000.bin", {{0}}},
    {"raw-lbfp-psk-bs-4k.bin", {{0}}},
    {"lbfp-nrf52840.uf2", {{0}}},
    {"lbfp-rp2040.uf2", {{0}}},
    {"lbfp-at-000FC000.hex", {{0}}},
    {"psk-bs-at-000FC000.hex", {{0}}},
};

static bool
is_open(const struct range *r, size_t at)
{
	for (size_t i = 0; i < RANGES_MAX && r[i].what; i++)
		if (at >= r[i].from && at <= r[i].to)
			return true;
	return false;
}

/* Digits of hex in either case, and lines that end without a CR (a blank line
 * may follow one). */
static bool
is_another_spelling(const struct image_format *f, uint8_t was, uint8_t is)
{
	return f == &image_ihex &&
	    ((was >= 'A' && was <= 'F' && is == (was | 0x20)) ||
		(was == '\r' && is == '\n'));
}

static bool
same_place(const struct image_geometry *a, const struct image_geometry *b)
{
	return a->address == b->address && a->family == b->family &&
	    a->generation == b->generation && a->card_major == b->card_major &&
	    a->card_minor == b->card_minor &&
	    strcmp(a->name_space, b->name_space) == 0;
}

static void
mutate(const char *file, const struct range *open)
{
	static struct read_back whole, b;
	struct span bytes = sample_file(file);
	const struct image_format *f;
	uint8_t *m = malloc(bytes.len);

	assert_non_null(m);
	memcpy(m, bytes.p, bytes.len);
	assert_int_equal(sample_read(&whole, NULL, NULL, bytes), RC_OK);
	f = whole.r.nested[0];
	for (size_t i = 0; i < bytes.len; i++) {
		bool taken = false;

		for (unsigned v = 0; v < 256; v++) {
			unsigned bits = v ^ bytes.p[i];

			if (bits == 0 ||
			    (bytes.len > EVERY_VALUE_MAX &&
				(bits & (bits - 1)) != 0))
				continue;
			m[i] = (uint8_t)v;
			if (sample_read(&b, f, NULL, span_of(m, bytes.len)) ==
				RC_OK &&
			    !is_another_spelling(f, bytes.p[i], m[i])) {
				taken = true;
				if (image_equal(&b.r.image, &whole.r.image) &&
				    same_place(
					&b.r.geometry, &whole.r.geometry))
					fail_msg("%zu: %02x for %02x is not "
						 "seen",
					    i, v, bytes.p[i]);
			}
			sample_read_fini(&b);
		}
		m[i] = bytes.p[i];
		/* slashes within a path are not open, whatever the range says
		 */
		if (taken && !is_open(open, i))
			fail_msg("%zu (%02x) can be another byte", i, m[i]);
		if (!taken && is_open(open, i) && m[i] != '/')
			fail_msg("%zu (%02x) stands below, and cannot be "
				 "another",
			    i, m[i]);
	}
	sample_read_fini(&whole);
	free(m);
}

static void
test_every_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		print_message("%s\n", samples[i].file);

		mutate(samples[i].file, samples[i].open);
	}
}

/* Cut anywhere, or with something behind. */
static void
test_cut_and_longer(void **state)
{
	static struct read_back b;

	(void)state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		struct span bytes = sample_file(samples[i].file);
		const struct image_format *f = image_guess(bytes);
		uint8_t *m = malloc(bytes.len + 1);
		size_t end = bytes.len;

		assert_non_null(m);
		memcpy(m, bytes.p, bytes.len);
		/* a card's file may be padded, and lines end with LF, or not */
		if (f == &image_smartcard && bytes.len == 256)
			end = 96;
		for (size_t len = 0; len < end; len++) {
			if (f == &image_ihex && len + 2 >= bytes.len)
				break;
			assert_int_not_equal(
			    sample_read(&b, f, NULL, span_of(m, len)), RC_OK);
			sample_read_fini(&b);
		}
		m[bytes.len] = 0;
		assert_int_not_equal(
		    sample_read(&b, f, NULL, span_of(m, bytes.len + 1)), RC_OK);
		sample_read_fini(&b);
		free(m);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_byte),
	    cmocka_unit_test(test_cut_and_longer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
