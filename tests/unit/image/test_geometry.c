/* The edges of flash: pages, sectors, banks and blocks that are just full. */
#include "esp_nvs.h"
#include "image_bytes.h"
#include "sample.h"
#include "zephyr_nvs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static uint8_t pattern[70000];

/* --- ESP NVS -------------------------------------------------------------- */

/** A partition in which `used` entries of page 0 are taken, by numbers. */
static void
begin_used(struct esp_nvs_writer *n, uint8_t *partition, size_t len,
    unsigned version, size_t used)
{
	char key[8];

	esp_nvs_begin(n, partition, len, version);
	esp_nvs_namespace(n, "n");
	for (size_t i = 1; i < used; i++) {
		snprintf(key, sizeof(key), "k%zu", i);
		esp_nvs_integer(n, key, ESP_NVS_U8, i);
	}
	assert_int_equal(n->used, used);
}

/** Read the item `key` back. */
static void
expect_bytes(struct span partition, const char *key, struct span wanted)
{
	static uint8_t room[70000];
	struct esp_nvs_reader r;
	struct esp_nvs_item item;
	struct writer w;

	if (!esp_nvs_open(&r, partition))
		fail_msg("%s at 0x%zx", r.fault, r.fault_at);
	writer_init(&w, room, sizeof(room));
	while (esp_nvs_next(&r, &w, &item))
		if (span_is(item.key, key)) {
			sample_same_bytes(item.bytes, wanted);
			return;
		}
	fail_msg("%s is not there", key);
}

/* A blob behind 124, 125 and 126 used entries, of sizes around what is left.
 * Where one entry is left the next page begins: no chunk is of nothing. */
static void
test_blob_at_the_end_of_a_page(void **state)
{
	static uint8_t p[0x4000];
	struct span all = {p, sizeof(p)};

	(void)state;
	for (size_t used = 100; used <= 126; used++) {
		size_t room = used < 125 ? (125 - used) * 32 : 0;
		const size_t sizes[] = {0, 1, 31, 32, 33, room, room + 1,
		    room > 0 ? room - 1 : 0, room > 31 ? room - 31 : 0,
		    room > 32 ? room - 32 : 0, 3968, 3999, 4000, 4001, 5000};

		for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
			struct span blob = {pattern, sizes[i]};
			struct esp_nvs_writer n;

			begin_used(&n, p, sizeof(p), 2, used);
			esp_nvs_blob(&n, "blob", blob);
			esp_nvs_integer(&n, "last", ESP_NVS_U8, 1);
			assert_int_equal(esp_nvs_end(&n), RC_OK);
			expect_bytes(all, "blob", blob);
			if (used >= 125)
				assert_int_not_equal(n.page, 0);
		}
	}
}

static void
test_string_of_a_page(void **state)
{
	static uint8_t p[0x4000];
	struct esp_nvs_writer n;

	(void)state;
	for (size_t len = 3960; len <= ESP_NVS_STRING_MAX; len++) {
		esp_nvs_begin(&n, p, sizeof(p), 2);
		esp_nvs_namespace(&n, "n");
		esp_nvs_string(&n, "s", span_of(pattern, len));
		esp_nvs_string(&n, "t", SPAN_LIT(""));
		assert_int_equal(esp_nvs_end(&n), RC_OK);
		expect_bytes(span_of(p, sizeof(p)), "s", span_of(pattern, len));
	}
	esp_nvs_begin(&n, p, sizeof(p), 2);
	esp_nvs_namespace(&n, "n");
	esp_nvs_string(&n, "s", span_of(pattern, ESP_NVS_STRING_MAX + 1));
	assert_int_equal(esp_nvs_end(&n), RC_TOO_LARGE);
}

/* All pages but one can be used, and the last stays empty. */
static void
test_full_partition(void **state)
{
	static uint8_t p[IMAGE_PARTITION_MAX];
	struct esp_nvs_writer n;
	/* 126 entries a page; one is the namespace, one the index, and each
	 * page has the head of a chunk */
	const size_t most = (15 * 125 - 2) * 32;

	(void)state;
	esp_nvs_begin(&n, p, sizeof(p), 2);
	esp_nvs_namespace(&n, "n");
	esp_nvs_blob(&n, "b", span_of(pattern, most));
	assert_int_equal(esp_nvs_end(&n), RC_OK);
	expect_bytes(span_of(p, sizeof(p)), "b", span_of(pattern, most));
	assert_true(
	    bytes_erased(span_of(p + 15 * ESP_NVS_PAGE_LEN, ESP_NVS_PAGE_LEN)));
	esp_nvs_begin(&n, p, sizeof(p), 2);
	esp_nvs_namespace(&n, "n");
	esp_nvs_blob(&n, "b", span_of(pattern, most + 1));
	assert_int_equal(esp_nvs_end(&n), RC_TOO_LARGE);
}

static void
test_nvs_limits(void **state)
{
	static uint8_t p[0x3000];
	static const struct {
		const char *key;
		enum rc rc;
	} keys[] = {
	    {"fifteen-letters", RC_OK},
	    {"sixteen-letters-", RC_UNSUPPORTED},
	    {"", RC_UNSUPPORTED},
	    {"a b", RC_UNSUPPORTED},
	    {"\xc3\xa4", RC_UNSUPPORTED},
	};
	const size_t lengths[] = {0, 0x1000, 0x2000, 0x2fff, 0x3000};
	struct esp_nvs_writer n;

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		esp_nvs_begin(&n, p, sizeof(p), 2);
		esp_nvs_namespace(&n, "n");
		esp_nvs_integer(&n, keys[i].key, ESP_NVS_I64, 0);
		assert_int_equal(esp_nvs_end(&n), keys[i].rc);
		esp_nvs_begin(&n, p, sizeof(p), 2);
		esp_nvs_namespace(&n, keys[i].key);
		assert_int_equal(esp_nvs_end(&n), keys[i].rc);
	}
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		esp_nvs_begin(&n, p, lengths[i], 2);
		assert_int_equal(esp_nvs_end(&n),
		    lengths[i] == 0x3000 ? RC_OK : RC_UNSUPPORTED);
	}
	/* version 1 has blobs of one page, and no more than half of one */
	for (size_t len = 0; len <= ESP_NVS_BLOB_V1_MAX + 1; len++) {
		esp_nvs_begin(&n, p, sizeof(p), 1);
		esp_nvs_namespace(&n, "n");
		esp_nvs_blob(&n, "b", span_of(pattern, len));
		if (len > ESP_NVS_BLOB_V1_MAX) {
			assert_int_equal(esp_nvs_end(&n), RC_TOO_LARGE);
			continue;
		}
		assert_int_equal(esp_nvs_end(&n), RC_OK);
		expect_bytes(span_of(p, sizeof(p)), "b", span_of(pattern, len));
	}
}

/* Negative numbers come back with their sign, of every width. */
static void
test_numbers(void **state)
{
	static uint8_t p[0x3000], room[16];
	static const enum esp_nvs_type types[] = {
	    ESP_NVS_I8, ESP_NVS_I16, ESP_NVS_I32, ESP_NVS_I64};
	struct esp_nvs_writer n;
	struct esp_nvs_reader r;
	struct esp_nvs_item item;
	struct writer w;

	(void)state;
	esp_nvs_begin(&n, p, sizeof(p), 2);
	esp_nvs_namespace(&n, "n");
	for (size_t i = 0; i < 4; i++)
		esp_nvs_integer(&n, (const char *[]){"a", "b", "c", "d"}[i],
		    types[i], (uint64_t)-2);
	assert_true(esp_nvs_open(&r, span_of(p, sizeof(p))));
	writer_init(&w, room, sizeof(room));
	for (size_t i = 0; i < 4; i++) {
		assert_true(esp_nvs_next(&r, &w, &item));
		assert_int_equal(item.type, types[i]);
		assert_true((int64_t)item.integer == -2);
	}
	assert_false(esp_nvs_next(&r, &w, &item));
}

/* --- Zephyr NVS ----------------------------------------------------------- */

/* The largest item there can be: four slots less than the sector. */
static void
test_item_that_fills_the_sector(void **state)
{
	static const size_t blocks[] = {1, 2, 4, 8, 16, 32};
	static uint8_t p[8192];

	(void)state;
	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		struct image_geometry g = image_geometry_default();
		size_t slot = blocks[i] > 8 ? blocks[i] : 8;
		size_t most = 4096 - 4 * slot;
		struct zephyr_nvs_writer n;
		struct zephyr_nvs_reader r;
		struct zephyr_nvs_item item;

		g.write_block = blocks[i];
		zephyr_nvs_begin(&n, p, sizeof(p), &g);
		zephyr_nvs_put(&n, 7, span_of(pattern, most));
		assert_int_equal(zephyr_nvs_end(&n), RC_OK);
		if (!zephyr_nvs_open(&r, span_of(p, sizeof(p)), &g))
			fail_msg("%s at 0x%zx", r.fault, r.fault_at);
		assert_true(zephyr_nvs_next(&r, &item));
		assert_int_equal(item.id, 7);
		sample_same_bytes(item.data, span_of(pattern, most));
		assert_false(zephyr_nvs_next(&r, &item));

		zephyr_nvs_begin(&n, p, sizeof(p), &g);
		zephyr_nvs_put(&n, 7, span_of(pattern, most + 1));
		assert_int_equal(zephyr_nvs_end(&n), RC_TOO_LARGE);
	}
}

/* Whatever the flash is like, the reader finds it out. */
static void
test_every_flash(void **state)
{
	static const size_t blocks[] = {1, 2, 4, 8, 16, 32};
	struct sample s;

	(void)state;
	sample_two(&s);
	for (size_t sector = 1024; sector <= 32768; sector *= 2) {
		for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]);
		     i++) {
			struct image_geometry g = image_geometry_default();
			struct read_back b;
			struct written w;

			g.sector_len = sector;
			g.write_block = blocks[i];
			g.data_crc = i % 2 == 1;
			sample_write(&w, &image_zephyr_nvs, &g, &s.image);
			if (w.rc == RC_TOO_LARGE && sector < 4096) {
				sample_written_fini(&w);
				continue;
			}
			assert_int_equal(w.rc, RC_OK);
			assert_int_equal(
			    sample_read(&b, NULL, NULL, w.bytes), RC_OK);
			sample_same_image(&b.r.image, &s.image);
			assert_int_equal(b.r.geometry.sector_len, sector);
			assert_int_equal(b.r.geometry.write_block, blocks[i]);
			assert_int_equal(b.r.geometry.data_crc, g.data_crc);
			sample_read_fini(&b);
			/* what is known, and another, is refused */
			g.sector_len = sector / 2;
			assert_int_equal(
			    sample_read(&b, &image_zephyr_nvs, &g, w.bytes),
			    RC_MALFORMED);
			sample_read_fini(&b);
			sample_written_fini(&w);
		}
	}
}

static void
test_no_flash(void **state)
{
	static const struct {
		size_t partition, sector, block;
	} bad[] = {
	    {8192, 4096, 3},
	    {8192, 4096, 64},
	    {4096, 4096, 4},
	    {12000, 4096, 4},
	    {8192, 3000, 4},
	    {8192, 0, 4},
	};
	struct sample s;

	(void)state;
	sample_psk(&s);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct image_geometry g = image_geometry_default();
		struct written w;

		g.partition_len = bad[i].partition;
		g.sector_len = bad[i].sector;
		g.write_block = bad[i].block;
		sample_write(&w, &image_zephyr_nvs, &g, &s.image);
		assert_int_equal(w.rc, RC_UNSUPPORTED);
		assert_non_null(w.why);
		sample_written_fini(&w);
	}
}

/* The firmware does not compare a value's length with its buffer's. */
static void
test_value_longer_than_the_buffer(void **state)
{
	struct image_geometry g = image_geometry_default();
	struct sample s;
	struct written w;

	(void)state;
	sample_psk(&s);
	g.value_max = sizeof(SAMPLE_BS_URI);
	sample_write(&w, &image_zephyr_nvs, &g, &s.image);
	assert_int_equal(w.rc, RC_OK);
	sample_written_fini(&w);
	g.value_max--;
	sample_write(&w, &image_zephyr_nvs, &g, &s.image);
	assert_int_equal(w.rc, RC_TOO_LARGE);
	assert_non_null(strstr(w.why, "--value-max"));
	sample_written_fini(&w);
}

/* --- carriers ------------------------------------------------------------- */

static bool
begins(struct span text, const char *with)
{
	return span_starts(text, span_str(with));
}

/** What stands behind the first end of line. */
static struct span
next_line(struct span text)
{
	const uint8_t *lf = memchr(text.p, '\n', text.len);

	assert_non_null(lf);
	return span_from(text, (size_t)(lf - text.p) + 1);
}

/* No record crosses 64 KiB: its address would begin again. */
static void
test_hex_over_64k(void **state)
{
	struct image_geometry g = image_geometry_default();
	struct read_back b;
	struct written w;
	struct sample s;
	struct span line;

	(void)state;
	sample_psk(&s);
	g.address = 0x0001fff8;
	g.carries = &image_senml_cbor;
	sample_write(&w, &image_ihex, &g, &s.image);
	assert_int_equal(w.rc, RC_OK);
	line = w.bytes;
	assert_true(begins(line, ":020000040001F9\r\n"));
	line = next_line(line);
	assert_true(begins(line, ":08FFF80086A200662F302F31"));
	line = next_line(line);
	assert_true(begins(line, ":020000040002F8\r\n"));
	assert_true(begins(next_line(line), ":10000000"));
	assert_int_equal(sample_read(&b, NULL, NULL, w.bytes), RC_OK);
	assert_int_equal(b.r.geometry.address, 0x0001fff8);
	sample_same_image(&b.r.image, &s.image);
	sample_read_fini(&b);
	sample_written_fini(&w);

	g.address = UINT32_MAX - 100;
	sample_write(&w, &image_ihex, &g, &s.image);
	assert_int_equal(w.rc, RC_TOO_LARGE);
	sample_written_fini(&w);
}

/** The sample in Intel HEX, its lines ending with LF alone, with `in` at the
 *  begin of its `line`th line, and `out` at its end. */
static enum rc
read_hex_with(size_t line, const char *in, size_t skip)
{
	struct span text = sample_file("psk-bs-at-000FC000.hex");
	static char made[4096];
	struct read_back b;
	size_t len = 0;
	enum rc rc;

	for (size_t n = 0; text.len > 0; n++) {
		struct span rest = next_line(text);
		size_t body = text.len - rest.len - 2;

		if (n == line)
			len += (size_t)sprintf(made + len, "%s", in);
		if (n < line || n >= line + skip) {
			memcpy(made + len, text.p, body);
			len += body;
			made[len++] = '\n';
		}
		text = rest;
	}
	rc = sample_read(&b, &image_ihex, NULL, span_of(made, len));
	sample_read_fini(&b);
	return rc;
}

static void
test_hex_of_others(void **state)
{
	static const struct {
		size_t line;
		const char *in;
		size_t skip;
		enum rc rc;
	} cases[] = {
	    {99, "", 0, RC_OK},
	    {3, "\n\n", 0, RC_OK},
	    /* the same address by a segment: F000 paragraphs are 0xF0000 */
	    {0, ":02000002F0000C\n", 1, RC_OK},
	    {0, ":020000040001F9\n", 0, RC_OK},
	    /* lower case */
	    {0, ":02000004000feb\n", 1, RC_OK},
	    {3, "\n;comment\n", 0, RC_MALFORMED},
	    {0, ":02000004000FEC\n", 1, RC_MALFORMED},
	    {0, ":02000004000FE\n", 1, RC_MALFORMED},
	    {0, ":02000004000FEB0\n", 1, RC_MALFORMED},
	    {0, ":03000004000FEB\n", 1, RC_MALFORMED},
	    {0, ":0200000G000FEB\n", 1, RC_MALFORMED},
	    /* an entry point, a start segment, a type that is none */
	    {1, ":04000005000FC00028\n", 0, RC_MALFORMED},
	    {1, ":0400000300003800C1\n", 0, RC_MALFORMED},
	    {1, ":00000006FA\n", 0, RC_MALFORMED},
	    {1, ":00C0000040\n", 0, RC_MALFORMED},
	    /* twice, a gap, an end that is early, or missing, or twice */
	    {2, ":10C0000086A200662F302F312F3003781B636F61BB\n", 0,
		RC_MALFORMED},
	    {3, "", 1, RC_MALFORMED},
	    {5, ":00000001FF\n", 0, RC_MALFORMED},
	    {10, "", 1, RC_MALFORMED},
	    {10, ":00000001FF\n", 0, RC_MALFORMED},
	    /* over 64 KiB */
	    {1, ":02FFFF000102FD\n", 0, RC_MALFORMED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (read_hex_with(cases[i].line, cases[i].in, cases[i].skip) !=
		    cases[i].rc)
			fail_msg("%zu: %s", i, cases[i].in);
}

static void
test_uf2_short_last_block(void **state)
{
	struct image_geometry g = image_geometry_default();
	struct sample s;

	(void)state;
	sample_psk(&s);
	g.family = 0xada52840;
	for (size_t len = 200; len <= 1024; len += 4) {
		struct read_back b;
		struct written w;
		size_t blocks = (len + 255) / 256;
		const uint8_t *last;

		g.partition_len = len;
		sample_write(&w, &image_uf2, &g, &s.image);
		assert_int_equal(w.rc, RC_OK);
		assert_int_equal(w.bytes.len, 512 * blocks);
		last = w.bytes.p + 512 * (blocks - 1);
		assert_int_equal(get_le32(last + 16), len - 256 * (blocks - 1));
		assert_int_equal(sample_read(&b, NULL, NULL, w.bytes), RC_OK);
		assert_int_equal(b.r.geometry.partition_len, len);
		sample_read_fini(&b);
		sample_written_fini(&w);
	}
	g.partition_len = 1022;
	{
		struct written w;

		sample_write(&w, &image_uf2, &g, &s.image);
		assert_int_equal(w.rc, RC_UNSUPPORTED);
		sample_written_fini(&w);
		g.partition_len = 0;
		g.family = 0;
		sample_write(&w, &image_uf2, &g, &s.image);
		assert_int_equal(w.rc, RC_UNSUPPORTED);
		assert_non_null(strstr(w.why, "--family"));
		sample_written_fini(&w);
	}
}

/* Blocks of two families in one file: each device takes its own. */
static void
test_uf2_families(void **state)
{
	struct span a = sample_file("lbfp-nrf52840.uf2");
	struct span c = sample_file("lbfp-rp2040.uf2");
	struct image_geometry g = image_geometry_any();
	static uint8_t both[16384];
	struct read_back b;

	(void)state;
	memcpy(both, a.p, a.len);
	memcpy(both + a.len, c.p, c.len);
	assert_int_equal(
	    sample_read(&b, NULL, NULL, span_of(both, a.len + c.len)),
	    RC_MALFORMED);
	sample_read_fini(&b);
	g.family_known = true;
	g.family = 0xe48bff56;
	assert_int_equal(
	    sample_read(&b, NULL, &g, span_of(both, a.len + c.len)), RC_OK);
	assert_int_equal(b.r.geometry.address, 0x103f0000);
	sample_read_fini(&b);
	g.family = 1;
	assert_int_equal(
	    sample_read(&b, NULL, &g, span_of(both, a.len + c.len)),
	    RC_MALFORMED);
	sample_read_fini(&b);
	/* what is not for flash is passed over; the others still count */
	both[8] |= 1;
	g.family = 0xada52840;
	assert_int_equal(
	    sample_read(&b, NULL, &g, span_of(both, a.len)), RC_MALFORMED);
	sample_read_fini(&b);
}

/* The container at an offset, and a partition that is just large enough. */
static void
test_raw_room(void **state)
{
	struct image_geometry g = image_geometry_default();
	struct read_back b;
	struct written w;
	struct sample s;

	(void)state;
	sample_psk(&s);
	g.partition_len = 32 + 135 + 8;
	sample_write(&w, &image_raw, &g, &s.image);
	assert_int_equal(w.rc, RC_OK);
	assert_int_equal(sample_read(&b, NULL, NULL, w.bytes), RC_OK);
	sample_read_fini(&b);
	/* of another partition than that */
	g.partition_len++;
	assert_int_equal(sample_read(&b, NULL, &g, w.bytes), RC_MALFORMED);
	sample_read_fini(&b);
	sample_written_fini(&w);
	g.partition_len -= 2;
	sample_write(&w, &image_raw, &g, &s.image);
	assert_int_equal(w.rc, RC_TOO_LARGE);
	assert_non_null(strstr(w.why, "--partition"));
	sample_written_fini(&w);

	g.partition_len = 8192;
	for (g.offset = 0; g.offset <= 8192; g.offset += 512) {
		bool fits = g.offset <= 8192 - 512;

		sample_write(&w, &image_raw, &g, &s.image);
		assert_int_equal(w.rc, fits ? RC_OK : RC_TOO_LARGE);
		if (fits) {
			assert_int_equal(
			    sample_read(&b, NULL, NULL, w.bytes), RC_OK);
			assert_int_equal(b.r.geometry.offset, g.offset);
			assert_int_equal(b.r.geometry.partition_len, 8192);
			sample_read_fini(&b);
		}
		sample_written_fini(&w);
	}
}

static void
test_card(void **state)
{
	struct image_geometry g = image_geometry_default();
	struct read_back b;
	struct written w;
	struct sample s;

	(void)state;
	sample_psk(&s);
	/* 1.2 in two bytes: everything behind it is one further */
	g.card_major = 1;
	g.card_minor = 2;
	sample_write(&w, &image_smartcard, &g, &s.image);
	assert_int_equal(w.rc, RC_OK);
	assert_memory_equal(w.bytes.p,
	    "\x00\x01\x00\x5d\x00\x00\x01\x02\x00\x57\x08\x01\x54", 13);
	assert_int_equal(sample_read(&b, NULL, NULL, w.bytes), RC_OK);
	assert_int_equal(b.r.geometry.card_major, 1);
	assert_int_equal(b.r.geometry.card_minor, 2);
	sample_read_fini(&b);
	sample_written_fini(&w);
	/* 0.1 has no form */
	g.card_major = 0;
	sample_write(&w, &image_smartcard, &g, &s.image);
	assert_int_equal(w.rc, RC_UNSUPPORTED);
	sample_written_fini(&w);
	/* of 32 KiB at most, and not smaller than what is in it */
	g.card_minor = 0;
	for (size_t i = 0; i < 4; i++) {
		const size_t lengths[] = {95, 96, 32768, 32769};

		g.partition_len = lengths[i];
		sample_write(&w, &image_smartcard, &g, &s.image);
		assert_int_equal(w.rc, i == 1 || i == 2 ? RC_OK : RC_TOO_LARGE);
		sample_written_fini(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_blob_at_the_end_of_a_page),
	    cmocka_unit_test(test_string_of_a_page),
	    cmocka_unit_test(test_full_partition),
	    cmocka_unit_test(test_nvs_limits),
	    cmocka_unit_test(test_numbers),
	    cmocka_unit_test(test_item_that_fills_the_sector),
	    cmocka_unit_test(test_every_flash),
	    cmocka_unit_test(test_no_flash),
	    cmocka_unit_test(test_value_longer_than_the_buffer),
	    cmocka_unit_test(test_hex_over_64k),
	    cmocka_unit_test(test_hex_of_others),
	    cmocka_unit_test(test_uf2_short_last_block),
	    cmocka_unit_test(test_uf2_families),
	    cmocka_unit_test(test_raw_room),
	    cmocka_unit_test(test_card),
	};

	for (size_t i = 0; i < sizeof(pattern); i++)
		pattern[i] = (uint8_t)(1 + i % 251);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
