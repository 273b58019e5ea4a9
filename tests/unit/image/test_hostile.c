/*
 * Images that somebody has made to break a reader, with right checksums: numbers
 * near 2^16 and 2^32, spans and counts that go on past the end, depth.
 */
#include "esp_nvs.h"
#include "image_bytes.h"
#include "sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { PARTITION = 0x3000 };

static void
expect_refused(
    const struct image_format *f, struct span bytes, const char *what)
{
	struct read_back b;
	enum rc rc = sample_read(&b, f, NULL, bytes);

	if (rc == RC_OK)
		fail_msg("taken: %s", what);
	assert_int_equal(b.r.image.entry_count, 0);
	if (rc != RC_TOO_LARGE)
		assert_non_null(b.r.fault);
	sample_read_fini(&b);
}

/* --- ESP NVS: the sample's entries stand at 40, 60, 80, C0 and 100 -------- */

static uint8_t *
esp_sample(void)
{
	static uint8_t p[PARTITION];

	memcpy(p, sample_file("esp-nvs-min-0x3000.bin").p, sizeof(p));
	return p;
}

/** The CRC of the entry at `at`, as it is now. */
static void
esp_mend(uint8_t *p, size_t at)
{
	uint8_t covered[28];

	memcpy(covered, p + at, 4);
	memcpy(covered + 4, p + at + 8, 24);
	put_le(p + at + 4, crc32_esp(span_of(covered, 28)), 4);
}

static void
test_esp_entries(void **state)
{
	static const struct {
		const char *what;
		size_t entry, at;
		uint8_t byte;
	} cases[] = {
	    {"no namespace of that number", 0x60, 0, 2},
	    {"an item of the table of namespaces", 0xc0, 0, 0},
	    {"a type that is none", 0x60, 1, 0x03},
	    {"a type of version 1", 0xc0, 1, 0x41},
	    {"a text that is a number", 0x60, 1, 0x21},
	    {"a number that is a blob", 0x80, 1, 0x01},
	    {"span 0", 0x60, 2, 0},
	    {"span 2 of a number", 0x60, 2, 2},
	    {"span 3 of 28 bytes", 0x80, 2, 3},
	    {"span 127", 0x80, 2, 127},
	    {"span 255", 0x80, 2, 255},
	    {"a number that is a chunk", 0x60, 3, 0},
	    {"a text that is a chunk", 0x80, 3, 0},
	    {"the second chunk without the first", 0xc0, 3, 1},
	    {"chunk 255", 0xc0, 3, 255},
	    {"chunk 128, of what was written over", 0xc0, 3, 0x80},
	    {"no key", 0x60, 8, 0},
	    {"a key that is not ASCII", 0x60, 8, 0xc3},
	    {"a key with something behind its NUL", 0x60, 20, 'x'},
	    {"namespace 0", 0x40, 24, 0},
	    {"namespace 255", 0x40, 24, 255},
	    {"two bytes of one", 0x60, 25, 0},
	    {"a text of 284 bytes", 0x80, 25, 1},
	    {"a text of 27 bytes", 0x80, 24, 27},
	    {"a text of no byte", 0x80, 24, 0},
	    {"a blob of 65296 bytes", 0xc0, 25, 255},
	    {"an index of two chunks", 0x100, 28, 2},
	    {"an index of 255 chunks", 0x100, 28, 255},
	    {"an index from 128 on", 0x100, 29, 128},
	    {"an index of 2^24 bytes and more", 0x100, 27, 1},
	    {"an index with another key", 0x100, 8, 'q'},
	    {"an index that is chunk 0", 0x100, 3, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t *p = esp_sample();

		assert_int_not_equal(
		    p[cases[i].entry + cases[i].at], cases[i].byte);
		p[cases[i].entry + cases[i].at] = cases[i].byte;
		esp_mend(p, cases[i].entry);
		expect_refused(
		    &image_esp_nvs, span_of(p, PARTITION), cases[i].what);
	}
}

/* A key of 16 bytes has no NUL: bs_mode is the entry at 60. */
static void
test_esp_key_without_nul(void **state)
{
	uint8_t *p = esp_sample();

	(void)state;
	memcpy(p + 0x68, "sixteen-letters-", 16);
	esp_mend(p, 0x60);
	expect_refused(&image_esp_nvs, span_of(p, PARTITION), "16 letters");
}

static void
test_esp_pages(void **state)
{
	uint8_t *p = esp_sample();

	(void)state;
	/* page 0 everywhere: no page is empty */
	memcpy(p + 0x1000, p, 0x1000);
	memcpy(p + 0x2000, p, 0x1000);
	expect_refused(&image_esp_nvs, span_of(p, PARTITION), "no empty page");
	/* twice the same number, then two that are active */
	p = esp_sample();
	memcpy(p + 0x1000, p, 0x1000);
	put_le(p, 0xfffffffc, 4);
	expect_refused(&image_esp_nvs, span_of(p, PARTITION), "number 0 twice");
	put_le(p + 0x1004, 1, 4);
	put_le(p + 0x101c, crc32_esp(span_of(p + 0x1004, 24)), 4);
	expect_refused(&image_esp_nvs, span_of(p, PARTITION), "keys twice");
	put_le(p, 0xfffffffe, 4);
	expect_refused(&image_esp_nvs, span_of(p, PARTITION), "two active");
	/* states that no image leaves a factory in */
	for (size_t i = 0; i < 3; i++) {
		const uint32_t states[] = {0xfffffff8, 0xfffffff0, 0};

		p = esp_sample();
		put_le(p, states[i], 4);
		expect_refused(
		    &image_esp_nvs, span_of(p, PARTITION), "its state");
	}
	/* an entry erased, and one illegal */
	for (uint8_t bits = 0; bits < 2; bits++) {
		p = esp_sample();
		p[0x21] = (uint8_t)((p[0x21] & ~0x30) | bits << 4);
		expect_refused(
		    &image_esp_nvs, span_of(p, PARTITION), "its bitmap");
	}
	/* the number of a page near 2^32 */
	p = esp_sample();
	put_le(p + 4, UINT32_MAX, 4);
	put_le(p + 0x1c, crc32_esp(span_of(p + 4, 24)), 4);
	expect_refused(&image_esp_nvs, span_of(p, PARTITION), "page 2^32 - 1");
}

/* --- raw ------------------------------------------------------------------ */

static void
test_raw_head(void **state)
{
	static const struct {
		const char *what;
		size_t at, width;
		uint64_t value;
	} cases[] = {
	    {"version 0", 4, 2, 0},
	    {"version 2", 4, 2, 2},
	    {"a head of 65535 bytes", 6, 2, 0xffff},
	    {"a head of no byte", 6, 2, 0},
	    {"a payload of 2^32 - 1", 8, 4, 0xffffffff},
	    {"a payload of 2^32 - 40", 8, 4, 0xffffffd8},
	    {"a payload over the trailer", 8, 4, 4096 - 39},
	    {"a payload of nothing", 8, 4, 0},
	    {"SenML JSON", 16, 2, 110},
	    {"LwM2M CBOR", 16, 2, 11544},
	    {"a card's file", 16, 2, 0xff01},
	    {"no format", 16, 2, 0xffff},
	    {"no account", 18, 2, 0},
	    {"servers, too", 18, 2, 3},
	    {"encrypted", 18, 2, 5},
	    {"unknown flags", 18, 2, 0x8001},
	    {"what is reserved", 24, 4, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		static uint8_t p[4096];
		size_t len;

		memcpy(p, sample_file("raw-lbfp-psk-bs-4k.bin").p, sizeof(p));
		put_le(p + cases[i].at, cases[i].value, cases[i].width);
		len = get_le32(p + 8);
		if (len <= sizeof(p) - 40)
			put_le(p + 12, crc32_ieee(0, span_of(p + 32, len)), 4);
		put_le(p + 28, crc32_ieee(0, span_of(p, 28)), 4);
		put_le(p + 4088, crc32_ieee(0, span_of(p, 4088)), 4);
		expect_refused(
		    &image_raw, span_of(p, sizeof(p)), cases[i].what);
	}
}

/* --- UF2 ------------------------------------------------------------------ */

static void
test_uf2_fields(void **state)
{
	static const struct {
		const char *what;
		size_t at;
		uint32_t value;
	} cases[] = {
	    {"no family", 8, 0},
	    {"an MD5", 8, 0x6000},
	    {"an address of 2^32 - 4", 12, 0xfffffffc},
	    {"an odd address", 12, 0x000fc001},
	    {"no data", 16, 0},
	    {"477 bytes", 16, 477},
	    {"480 bytes", 16, 480},
	    {"2^32 - 4 bytes", 16, 0xfffffffc},
	    {"block 1 first", 20, 1},
	    {"block 2^32 - 1", 20, 0xffffffff},
	    {"no blocks in all", 24, 0},
	    {"2^32 - 1 in all", 24, 0xffffffff},
	    {"another magic at the end", 508, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		static uint8_t p[8192];

		memcpy(p, sample_file("lbfp-nrf52840.uf2").p, sizeof(p));
		put_le(p + cases[i].at, cases[i].value, 4);
		expect_refused(
		    &image_uf2, span_of(p, sizeof(p)), cases[i].what);
	}
}

/* --- the file of a card --------------------------------------------------- */

static void
test_card_sizes(void **state)
{
	static const struct {
		const char *what;
		size_t at;
		uint16_t value;
	} cases[] = {
	    {"no object", 0, 0},
	    {"two objects", 0, 2},
	    {"65535 objects", 0, 0xffff},
	    {"a size that is short", 2, 0x5b},
	    {"a size that is long", 2, 0x5d},
	    {"a size of 65535", 2, 0xffff},
	    {"object 65535", 4, 0xffff},
	    {"an object of 65535 bytes", 7, 0xffff},
	    {"an object of no byte", 7, 0},
	};
	static uint8_t p[40000];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memcpy(p, sample_file("smartcard-psk-bs.bin").p, 96);
		p[cases[i].at] = (uint8_t)(cases[i].value >> 8);
		p[cases[i].at + 1] = (uint8_t)cases[i].value;
		expect_refused(&image_smartcard, span_of(p, 96), cases[i].what);
	}
	/* a version in two bytes where the length has one for it */
	memcpy(p, sample_file("smartcard-psk-bs.bin").p, 96);
	p[6] = 1;
	expect_refused(&image_smartcard, span_of(p, 96), "version 1.0 of two");
	/* 32 KiB and more, all of them objects */
	for (size_t i = 0; i < sizeof(p); i += 5)
		memcpy(p + i, "\x00\x00\x00\x00\x00", 5);
	memcpy(p, "\x19\x98\x7f\xf8", 4);
	expect_refused(&image_smartcard, span_of(p, 4 + 0x7ff8), "32 KiB");
	expect_refused(&image_smartcard, span_of(p, sizeof(p)), "40,000");
	/* resources without their instance */
	expect_refused(&image_smartcard,
	    SPAN_LIT("\x00\x01\x00\x08\x00\x00\x00\x00\x03\xc1\x02\x03"),
	    "a resource at the top");
	/* numbers of three bytes */
	expect_refused(&image_smartcard,
	    SPAN_LIT("\x00\x01\x00\x0d\x00\x00\x00\x00\x08\x08\x00\x05\xc3"
		     "\x02\x00\x00\x03"),
	    "an Integer of 3 bytes");
}

/* --- CBOR, JSON, text ----------------------------------------------------- */

static void
test_deep_and_long(void **state)
{
	static uint8_t p[100000];
	static const char *const cbor[] = {
	    /* 2^64 - 1 records, 2^32 - 1, and keys of as many bytes */
	    "\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
	    "\x9a\xff\xff\xff\xff\xa2",
	    "\x81\xa2\x00\x7b\xff\xff\xff\xff\xff\xff\xff\xff",
	    "\xbb\xff\xff\xff\xff\xff\xff\xff\xff",
	    "\xa1\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
	    "\xa1\x82\x19\xff\xff\x01\xa1\x01\x01",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cbor) / sizeof(cbor[0]); i++) {
		struct span s = span_str(cbor[i]);

		expect_refused(&image_senml_cbor, s, "lengths");
		expect_refused(&image_lwm2m_cbor, s, "lengths");
	}
	memset(p, 0x81, sizeof(p));
	expect_refused(&image_senml_cbor, span_of(p, sizeof(p)), "depth");
	memset(p, 0xa1, sizeof(p));
	expect_refused(&image_lwm2m_cbor, span_of(p, sizeof(p)), "depth");
	memset(p, '[', sizeof(p));
	memcpy(p, "{\"format\":", 10);
	expect_refused(&image_json, span_of(p, sizeof(p)), "depth");
	memset(p, 'A', sizeof(p));
	memcpy(p, "AT+CFUN=4\r\nAT%CMNG=0,35724862,4,\"", 34);
	expect_refused(&image_nrf91_at, span_of(p, sizeof(p)), "no quote");
}

/* The JSON that people edit: what is there twice, or of another type. */
static void
test_json_grammar(void **state)
{
#define HEAD \
	"{\"format\":\"bootstrapd-image-1\",\"endpoint\":\"e\",\"entries\":["
	static const char *const bad[] = {
	    "{}",
	    HEAD "]}",
	    HEAD "{}]}",
	    HEAD "{\"path\":\"/0/1/2\",\"type\":\"integer\",\"value\":0}]",
	    HEAD "{\"path\":\"/0/1/2\",\"type\":\"integer\",\"value\":0}]} x",
	    HEAD
	    "{\"path\":\"/0/1/2\",\"type\":\"integer\",\"value\":0,\"x\":0}"
	    "]}",
	    HEAD "{\"path\":\"/0/1/2\",\"type\":\"integer\",\"value\":0,"
		 "\"value\":0}]}",
	    HEAD "{\"path\":\"/0/1/2\",\"type\":\"integer\",\"value\":0},"
		 "{\"path\":\"/0/1/2\",\"type\":\"integer\",\"value\":0}]}",
	    HEAD "{\"path\":\"/0/01/2\",\"type\":\"integer\",\"value\":0}]}",
	    HEAD "{\"path\":\"/0/1\",\"type\":\"integer\",\"value\":0}]}",
	    HEAD "{\"path\":\"/0/65535/2\",\"type\":\"integer\",\"value\":0}]}",
	    HEAD "{\"path\":\"/0/1/2\",\"type\":\"integer\",\"value\":0.5}]}",
	    HEAD "{\"path\":\"/0/1/2\",\"type\":\"integer\",\"value\":\"0\"}]}",
	    HEAD "{\"path\":\"/0/1/2\",\"type\":\"integer\","
		 "\"value\":9223372036854775808}]}",
	    HEAD "{\"path\":\"/0/1/2\",\"type\":\"unsigned\",\"value\":-1}]}",
	    HEAD "{\"path\":\"/0/1/1\",\"type\":\"boolean\",\"value\":1}]}",
	    HEAD "{\"path\":\"/0/1/3\",\"type\":\"opaque\",\"value\":\"0\"}]}",
	    HEAD "{\"path\":\"/0/1/17\",\"type\":\"objlnk\","
		 "\"value\":\"21:65536\"}]}",
	    HEAD "{\"path\":\"/0/1/0\",\"type\":\"float\",\"value\":1}]}",
	    "{\"format\":\"bootstrapd-image-2\",\"endpoint\":\"e\",\"entries\":"
	    "[{\"path\":\"/0/1/2\",\"type\":\"integer\",\"value\":0}]}",
	    "{\"format\":\"bootstrapd-image-1\",\"entries\":"
	    "[{\"path\":\"/0/1/2\",\"type\":\"integer\",\"value\":0}]}",
	};
	struct read_back b;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_refused(&image_json, span_str(bad[i]), bad[i]);
	assert_int_equal(
	    sample_read(&b, NULL, NULL,
		span_str(HEAD "{\"value\": 0,\n\"type\" : \"integer\", "
			      "\"path\":\"/0/1/2\"} ] }\n")),
	    RC_OK);
	sample_read_fini(&b);
}

/* A line of 10 MB: read to its end, and no further than a record goes. */
static void
test_hex_line(void **state)
{
	const size_t len = 10000000;
	uint8_t *p = malloc(len);
	struct read_back b;

	(void)state;
	assert_non_null(p);
	memset(p, '0', len);
	p[0] = ':';
	assert_int_equal(
	    sample_read(&b, NULL, NULL, span_of(p, len)), RC_MALFORMED);
	assert_int_equal(b.r.fault_at, 0);
	sample_read_fini(&b);
	free(p);
}

/* Neither entries nor scratch are enough: it is said, and nothing is written
 * beyond them. */
static void
test_little_room(void **state)
{
	static const char *const files[] = {"anjay-psk-bs.senml.cbor",
	    "lwm2m-psk-bs.11544.cbor", "smartcard-psk-bs.bin",
	    "raw-lbfp-psk-bs-4k.bin", "psk-bs-at-000FC000.hex",
	    "lbfp-rp2040.uf2", "esp-nvs-min-0x3000.bin",
	    "zephyr-nvs-settings-wbs4.bin", "nrf91-psk-bs.at.txt"};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct span bytes = sample_file(files[i]);

		for (size_t cap = 0; cap < 4; cap++) {
			struct lwm2m_entry *few = calloc(cap + 1, sizeof(*few));
			struct image_reading r = {
			    .entries = few,
			    .entry_cap = cap,
			    .geometry = image_geometry_any(),
			};
			size_t room = IMAGE_READ_SCRATCH(bytes.len);
			uint8_t *scratch = malloc(room);

			assert_non_null(few);
			assert_non_null(scratch);
			writer_init(&r.scratch, scratch, room);
			assert_int_equal(
			    image_read(bytes, NULL, &r), RC_TOO_LARGE);
			free(few);
			free(scratch);
		}
		for (size_t room = 0; room < 64; room++) {
			struct lwm2m_entry many[16];
			struct image_reading r = {
			    .entries = many,
			    .entry_cap = 16,
			    .geometry = image_geometry_any(),
			};
			uint8_t *scratch = malloc(room ? room : 1);

			assert_non_null(scratch);
			writer_init(&r.scratch, scratch, room);
			/* flash is read where it lies */
			if (image_read(bytes, NULL, &r) == RC_OK)
				assert_true(r.nested[0] == &image_esp_nvs ||
				    r.nested[0] == &image_zephyr_nvs);
			free(scratch);
		}
	}
}

static void
test_looks_like_nothing(void **state)
{
	struct read_back b;

	(void)state;
	assert_int_equal(
	    sample_read(&b, NULL, NULL, SPAN_LIT("")), RC_NOT_FOUND);
	sample_read_fini(&b);
	assert_int_equal(sample_read(&b, NULL, NULL,
			     SPAN_LIT("\x7f"
				      "ELF")),
	    RC_NOT_FOUND);
	sample_read_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_esp_entries),
	    cmocka_unit_test(test_esp_key_without_nul),
	    cmocka_unit_test(test_esp_pages),
	    cmocka_unit_test(test_raw_head),
	    cmocka_unit_test(test_uf2_fields),
	    cmocka_unit_test(test_card_sizes),
	    cmocka_unit_test(test_deep_and_long),
	    cmocka_unit_test(test_json_grammar),
	    cmocka_unit_test(test_hex_line),
	    cmocka_unit_test(test_little_room),
	    cmocka_unit_test(test_looks_like_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
