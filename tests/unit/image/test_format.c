/*
 * Every account in every format and back: the same account comes out, or the
 * writer has said that the format cannot hold it. And what no writer takes.
 */
#include "sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { LONG_URI = 255, LONG_IDENTITY = 128, LONG_KEY = 64 };

static uint8_t letters[256];

static struct lwm2m_path
security(uint16_t resource)
{
	return LWM2M_RESOURCE(OBJECT_SECURITY, 1, resource);
}

static void
empty_fields(struct sample *s)
{
	sample_psk(s);
	sample_value(s, security(SECURITY_URI))->bytes = SPAN_LIT("");
	sample_value(s, security(SECURITY_IDENTITY))->bytes = SPAN_LIT("");
	sample_value(s, security(SECURITY_SECRET_KEY))->bytes = SPAN_LIT("");
}

static void
long_uri(struct sample *s)
{
	sample_psk(s);
	sample_value(s, security(SECURITY_URI))->bytes =
	    span_of(letters, LONG_URI);
}

static void
long_identity(struct sample *s)
{
	sample_psk(s);
	sample_value(s, security(SECURITY_IDENTITY))->bytes =
	    span_of(letters, LONG_IDENTITY);
}

static void
long_key(struct sample *s)
{
	sample_psk(s);
	sample_value(s, security(SECURITY_SECRET_KEY))->bytes =
	    span_of(letters, LONG_KEY);
}

static void
two_with_ssid(struct sample *s, int64_t ssid)
{
	sample_two(s);
	sample_value(s, LWM2M_RESOURCE(0, 2, SECURITY_SSID))->integer = ssid;
	sample_value(s, LWM2M_RESOURCE(1, 1, SERVER_SSID))->integer = ssid;
}

static void
ssid_1(struct sample *s)
{
	two_with_ssid(s, 1);
}

static void
ssid_65534(struct sample *s)
{
	two_with_ssid(s, 65534);
}

static void
instance_65534(struct sample *s)
{
	sample_psk(s);
	for (size_t i = 0; i < s->image.entry_count; i++)
		s->entries[i].path.instance = 65534;
}

/* Numbers of every width, links, several instances of a resource. */
static void
every_type(struct sample *s)
{
	struct lwm2m_path p = security(SECURITY_CIPHERSUITE);

	sample_psk(s);
	for (p.resource_instance = 0; p.resource_instance < 2;
	     p.resource_instance++)
		sample_add(s, p, LWM2M_VALUE_UNSIGNED(0xc0a8));
	sample_add(s, security(SECURITY_OSCORE),
	    (struct lwm2m_value){
		.type = LWM2M_OBJLNK, .link = {.object = 21, .instance = 3}});
	sample_add(s, LWM2M_RESOURCE(1, 0, SERVER_LIFETIME),
	    LWM2M_VALUE_INTEGER(UINT32_MAX));
	sample_add(s, LWM2M_RESOURCE(3, 0, 13),
	    (struct lwm2m_value){.type = LWM2M_TIME, .integer = 1700000000});
}

/** The accounts, and the formats that cannot hold each. */
static const struct {
	const char *name;
	void (*account)(struct sample *s);
	const char * not [4];
} accounts[] = {
    {"psk", sample_psk, {NULL}},
    {"two", sample_two, {NULL}},
    {"x509", sample_x509, {NULL}},
    {"nosec", sample_nosec, {"nrf91-at"}},
    /* flash has no value of nothing, and a modem no key of nothing */
    {"empty fields", empty_fields, {"nrf91-at", "zephyr-nvs"}},
    {"255-byte URI", long_uri, {NULL}},
    {"128-byte identity", long_identity, {NULL}},
    /* the modem's library has 32 bytes */
    {"64-byte key", long_key, {"nrf91-at"}},
    {"SSID 1", ssid_1, {NULL}},
    {"SSID 65534", ssid_65534, {NULL}},
    {"instance 65534", instance_65534, {NULL}},
    {"every type", every_type, {NULL}},
};

static bool
cannot(const char *const * not, const char *name)
{
	for (size_t i = 0; i < 4 && not [i]; i++)
		if (strcmp(not [i], name) == 0)
			return true;
	return false;
}

/** The geometry that everything goes into. */
static struct image_geometry
roomy(void)
{
	struct image_geometry g = image_geometry_default();

	g.address = 0x000fc000;
	g.family = 0xada52840;
	g.value_max = 512;
	g.partition_len = 16384;
	g.sector_len = 8192;
	return g;
}

/** Write, read by the look of it, and compare. */
static void
there_and_back(const struct image_format *f, const struct image_geometry *g,
    struct sample *s)
{
	struct image held = s->image;
	struct lwm2m_entry some[SAMPLE_ENTRIES_MAX];
	struct read_back b;
	struct written w;
	enum rc rc;

	if (f->credentials_only) {
		held.entries = some;
		held.entry_count = image_credentials(&s->image, some);
		/* a script has no instances; it reads as /0/1 and /0/2 */
		for (size_t i = 0; i < held.entry_count; i++)
			if (some[i].path.instance == 65534)
				some[i].path.instance = 1;
	}
	sample_write(&w, f, g, &s->image);
	if (w.rc != RC_OK)
		fail_msg("%s, written: %s, %s", f->name, rc_name(w.rc),
		    w.why ? w.why : "");
	rc = sample_read(&b, NULL, NULL, w.bytes);
	if (rc != RC_OK)
		fail_msg(
		    "%s, read: %s at 0x%zx", f->name, b.r.fault, b.r.fault_at);
	assert_ptr_equal(b.r.nested[0], f);
	sample_same_image(&b.r.image, &held);
	/* the endpoint is there where the format has one */
	if (b.r.image.endpoint.len > 0)
		assert_true(span_equal(b.r.image.endpoint, s->image.endpoint));
	else
		assert_true(f != &image_json && f != &image_esp_nvs);
	sample_read_fini(&b);
	sample_written_fini(&w);
}

static void
test_there_and_back(void **state)
{
	struct image_geometry g = roomy();

	(void)state;
	for (size_t a = 0; a < sizeof(accounts) / sizeof(accounts[0]); a++) {
		struct sample s;
		struct written w;

		accounts[a].account(&s);
		for (size_t i = 0; image_formats_known[i]; i++) {
			const struct image_format *f = image_formats_known[i];

			print_message("%s in %s\n", accounts[a].name, f->name);
			if (!cannot(accounts[a].not, f->name)) {
				there_and_back(f, &g, &s);
				continue;
			}
			sample_write(&w, f, &g, &s.image);
			assert_true(
			    w.rc == RC_UNSUPPORTED || w.rc == RC_TOO_LARGE);
			assert_non_null(w.why);
			sample_written_fini(&w);
		}
	}
}

/* Whatever can be carried, in whatever carries it. */
static void
test_nested(void **state)
{
	const struct image_format *outer[] = {&image_ihex, &image_uf2};
	struct sample s;

	(void)state;
	sample_two(&s);
	for (size_t o = 0; o < 2; o++) {
		for (size_t c = 0; image_carried_names[c]; c++) {
			struct image_geometry g = roomy();

			g.carries = image_format_find(image_carried_names[c]);
			/* blocks of UF2 carry words, not any bytes */
			if (outer[o] == &image_uf2 &&
			    !(g.carries->options & IMAGE_OPTION_PARTITION))
				continue;
			there_and_back(outer[o], &g, &s);
		}
		for (size_t p = 0; image_payload_names[p]; p++) {
			struct image_geometry g = roomy();

			g.payload = image_format_find(image_payload_names[p]);
			g.offset = 4096;
			there_and_back(outer[o], &g, &s);
		}
	}
}

/* Every room that is too small is said to be, whichever byte does not fit. */
static void
test_no_room(void **state)
{
	struct image_geometry g = image_geometry_default();
	struct sample s;

	(void)state;
	g.family = 1;
	sample_psk(&s);
	for (size_t i = 0; image_formats_known[i]; i++) {
		const struct image_format *f = image_formats_known[i];
		struct written full;
		uint8_t *room;

		sample_write(&full, f, &g, &s.image);
		assert_int_equal(full.rc, RC_OK);
		room = malloc(full.bytes.len);
		assert_non_null(room);
		for (size_t cap = 0; cap < full.bytes.len;
		     cap += cap < 600 ? 1 : 97) {
			struct image_writing job = {.geometry = &g};
			struct writer w;

			writer_init(&w, room, cap);
			writer_init(&job.scratch, full.scratch,
			    image_scratch_len(f, &g));
			assert_int_equal(
			    f->write(&s.image, &job, &w), RC_TOO_LARGE);
		}
		free(room);
		sample_written_fini(&full);
	}
}

/* Nothing, which wipes a device; a path twice; paths out of order; no path of
 * a value; text that is none. */
static void
test_no_account(void **state)
{
	struct image_geometry g = image_geometry_default();

	(void)state;
	g.family = 1;
	for (size_t i = 0; image_formats_known[i]; i++) {
		for (unsigned fault = 0; fault < 5; fault++) {
			struct written w;
			struct sample s;

			sample_psk(&s);
			if (fault == 0)
				s.image.entry_count = 0;
			else if (fault == 1)
				s.entries[3] = s.entries[4];
			else if (fault == 2)
				s.entries[0].path.resource = 99;
			else if (fault == 3)
				s.entries[5].path.resource = LWM2M_ID_NONE;
			else
				s.entries[0].value.bytes = SPAN_LIT("\xff");
			sample_write(&w, image_formats_known[i], &g, &s.image);
			assert_int_equal(w.rc, RC_MALFORMED);
			sample_written_fini(&w);
		}
	}
}

static void
test_json(void **state)
{
	static const char wanted[] =
	    "{\"format\":\"bootstrapd-image-1\",\"endpoint\":\"" SAMPLE_EP
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
	struct image_geometry g = image_geometry_default();
	struct written w;
	struct sample s;

	(void)state;
	sample_psk(&s);
	sample_write(&w, &image_json, &g, &s.image);
	sample_same_bytes(w.bytes, span_str(wanted));
	sample_written_fini(&w);

	/* there is no number with a point in any account */
	sample_add(&s, LWM2M_RESOURCE(3, 0, 99),
	    (struct lwm2m_value){.type = LWM2M_FLOAT, .real = 0.5});
	sample_write(&w, &image_json, &g, &s.image);
	assert_int_equal(w.rc, RC_UNSUPPORTED);
	sample_written_fini(&w);
}

/* The names that the options take are those of the formats. */
static void
test_names(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; image_formats_known[i]; i++)
		assert_string_equal(
		    image_formats_known[i]->name, image_format_names[i]);
	assert_null(image_format_names[i]);
	for (i = 0; image_carried_names[i]; i++)
		assert_non_null(image_format_find(image_carried_names[i]));
	for (i = 0; image_payload_names[i]; i++)
		assert_non_null(image_format_find(image_payload_names[i]));
	assert_null(image_format_find("yaml"));
	for (i = 0; i < IMAGE_OPTION_COUNT; i++)
		assert_non_null(image_option_name((unsigned)i));
	assert_null(image_option_name(IMAGE_OPTION_COUNT));
}

static void
test_families(void **state)
{
	uint32_t f;

	(void)state;
	assert_true(image_uf2_family("RP2040", &f));
	assert_int_equal(f, 0xe48bff56);
	assert_string_equal(image_uf2_family_name(f), "rp2040");
	assert_true(image_uf2_family("0xaDa52840", &f));
	assert_int_equal(f, 0xada52840);
	for (const char *const *bad = (const char *const[]){"", "0x", "0x1",
		 "ada52840", "0xada5284g", "0xada528400", "nrf9160", NULL};
	     *bad; bad++)
		assert_false(image_uf2_family(*bad, &f));
	assert_null(image_uf2_family_name(0));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_there_and_back),
	    cmocka_unit_test(test_nested),
	    cmocka_unit_test(test_no_room),
	    cmocka_unit_test(test_no_account),
	    cmocka_unit_test(test_json),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_families),
	};

	for (size_t i = 0; i < sizeof(letters); i++)
		letters[i] = (uint8_t)('a' + i % 26);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
