/*
 * The samples of tests/vectors/images, byte for byte: the same account gives
 * the same image, each is known by its looks, and reads back as that account.
 * Clients, bootloaders and the vendors' own tools have taken these bytes.
 */
#include "esp_nvs.h"
#include "image_bytes.h"
#include "sample.h"
#include "zephyr_nvs.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/** What differs from the defaults of a geometry. */
static void
at_fc000(struct image_geometry *g)
{
	g->address = 0x000fc000;
}

static void
payload_at_fc000(struct image_geometry *g)
{
	g->address = 0x000fc000;
	g->carries = &image_senml_cbor;
}

static void
nrf52840(struct image_geometry *g)
{
	g->address = 0x000fc000;
	assert_true(image_uf2_family("nRF52840", &g->family));
}

static void
rp2040(struct image_geometry *g)
{
	g->address = 0x103f0000;
	assert_true(image_uf2_family("0xE48BFF56", &g->family));
}

static void
base_names(struct image_geometry *g)
{
	g->base_names = true;
}

static void
padded(struct image_geometry *g)
{
	g->partition_len = 256;
}

static void
write_block_1(struct image_geometry *g)
{
	g->write_block = 1;
}

/* --- accounts that only one sample has ------------------------------------ */

/* No hold-off and no identity, and the endpoint is nowhere. */
static void
sample_min(struct sample *s)
{
	sample_psk(s);
	sample_drop(s, LWM2M_RESOURCE(0, 1, SECURITY_IDENTITY));
	sample_drop(s, LWM2M_RESOURCE(0, 1, SECURITY_HOLD_OFF));
	s->image.endpoint = span_of(NULL, 0);
}

/* The key is in the modem, and the account in instance 0. */
static void
sample_settings(struct sample *s)
{
	sample_psk(s);
	sample_drop(s, LWM2M_RESOURCE(0, 1, SECURITY_SECRET_KEY));
	sample_drop(s, LWM2M_RESOURCE(0, 1, SECURITY_HOLD_OFF));
	for (size_t i = 0; i < s->image.entry_count; i++)
		s->entries[i].path.instance = 0;
}

/* /0/0 with nothing but an address, mode 3 and a Short Server ID. */
static void
sample_card(struct sample *s)
{
	struct span file = sample_file("smartcard-nosec-min.bin");
	struct read_back b;

	*s = (struct sample){0};
	assert_int_equal(sample_read(&b, &image_smartcard, NULL, file), RC_OK);
	for (size_t i = 0; i < b.r.image.entry_count; i++)
		sample_add(s, b.entries[i].path, b.entries[i].value);
	sample_read_fini(&b);
}

static const struct {
	const char *file;
	const struct image_format *format;
	void (*account)(struct sample *s);
	void (*geometry)(struct image_geometry *g);
	const struct image_format *carried, *payload;
} vectors[] = {
    {"anjay-psk-bs.senml.cbor", &image_senml_cbor, sample_psk, NULL, NULL,
	NULL},
    {"anjay-psk-bs.bn.senml.cbor", &image_senml_cbor, sample_psk, base_names,
	NULL, NULL},
    {"anjay-psk-bs-server.senml.cbor", &image_senml_cbor, sample_two, NULL,
	NULL, NULL},
    {"anjay-x509-bs.senml.cbor", &image_senml_cbor, sample_x509, NULL, NULL,
	NULL},
    {"anjay-x509-bs.bn.senml.cbor", &image_senml_cbor, sample_x509, base_names,
	NULL, NULL},
    {"lwm2m-psk-bs.11544.cbor", &image_lwm2m_cbor, sample_psk, NULL, NULL,
	NULL},
    {"lwm2m-x509-bs.11544.cbor", &image_lwm2m_cbor, sample_x509, NULL, NULL,
	NULL},
    {"smartcard-psk-bs.bin", &image_smartcard, sample_psk, NULL, NULL, NULL},
    {"smartcard-psk-bs-pad256.bin", &image_smartcard, sample_psk, padded, NULL,
	NULL},
    {"smartcard-x509-bs.bin", &image_smartcard, sample_x509, NULL, NULL, NULL},
    {"smartcard-nosec-min.bin", &image_smartcard, sample_card, NULL, NULL,
	NULL},
    {"raw-lbfp-psk-bs-4k.bin", &image_raw, sample_psk, NULL, &image_senml_cbor,
	NULL},
    {"psk-bs-at-000FC000.hex", &image_ihex, sample_psk, payload_at_fc000,
	&image_senml_cbor, NULL},
    {"lbfp-at-000FC000.hex", &image_ihex, sample_psk, at_fc000, &image_raw,
	&image_senml_cbor},
    {"lbfp-nrf52840.uf2", &image_uf2, sample_psk, nrf52840, &image_raw,
	&image_senml_cbor},
    {"lbfp-rp2040.uf2", &image_uf2, sample_psk, rp2040, &image_raw,
	&image_senml_cbor},
    {"esp-nvs-min-0x3000.bin", &image_esp_nvs, sample_min, NULL, NULL, NULL},
    {"zephyr-nvs-settings-wbs4.bin", &image_zephyr_nvs, sample_settings, NULL,
	NULL, NULL},
    {"zephyr-nvs-settings-wbs1.bin", &image_zephyr_nvs, sample_settings,
	write_block_1, NULL, NULL},
    {"nrf91-psk-bs.at.txt", &image_nrf91_at, sample_psk, NULL, NULL, NULL},
    {"nrf91-x509-bs.at.txt", &image_nrf91_at, sample_x509, NULL, NULL, NULL},
};

enum { VECTOR_COUNT = sizeof(vectors) / sizeof(vectors[0]) };

static void
test_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < VECTOR_COUNT; i++) {
		struct image_geometry g = image_geometry_default();
		struct sample s;
		struct written w;

		print_message("%s\n", vectors[i].file);
		vectors[i].account(&s);
		if (vectors[i].geometry)
			vectors[i].geometry(&g);
		sample_write(&w, vectors[i].format, &g, &s.image);
		if (w.rc != RC_OK)
			fail_msg("%s: %s", rc_name(w.rc), w.why);
		sample_same_bytes(w.bytes, sample_file(vectors[i].file));
		sample_written_fini(&w);
	}
}

static void
same_geometry(
    const struct image_geometry *found, const struct image_geometry *g)
{
	assert_int_equal(found->address, g->address);
	assert_int_equal(found->family, g->family);
	assert_int_equal(found->base_names, g->base_names);
	assert_int_equal(found->generation, g->generation);
	assert_int_equal(found->data_crc, false);
	assert_string_equal(found->name_space, g->name_space);
}

static void
test_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < VECTOR_COUNT; i++) {
		struct lwm2m_entry held[SAMPLE_ENTRIES_MAX];
		struct image_geometry g = image_geometry_default();
		struct read_back b;
		struct sample s;
		enum rc rc;

		print_message("%s\n", vectors[i].file);
		vectors[i].account(&s);
		if (vectors[i].geometry)
			vectors[i].geometry(&g);
		if (vectors[i].format->credentials_only) {
			s.image.entry_count = image_credentials(&s.image, held);
			s.image.entries = held;
		}
		rc = sample_read(&b, NULL, NULL, sample_file(vectors[i].file));
		if (rc != RC_OK)
			fail_msg("%s at 0x%zx", b.r.fault, b.r.fault_at);
		assert_ptr_equal(b.r.nested[0], vectors[i].format);
		assert_ptr_equal(b.r.nested[1], vectors[i].carried);
		assert_ptr_equal(b.r.nested[2], vectors[i].payload);
		sample_same_image(&b.r.image, &s.image);
		same_geometry(&b.r.geometry, &g);
		sample_read_fini(&b);
	}
}

/* The sample's items, some of which no account has. */
static void
test_esp_nvs_items(void **state)
{
	static uint8_t partition[0x3000], pad[3104], cert[900], scratch[8192];
	static const uint8_t key[] = {
	    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
	struct span file = sample_file("esp-nvs-v2-0x3000.bin");
	struct esp_nvs_writer n;
	struct esp_nvs_reader r;
	struct esp_nvs_item item;
	struct writer w;
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(pad); i++)
		pad[i] = (uint8_t)(13 * i + 1);
	for (size_t i = 0; i < sizeof(cert); i++)
		cert[i] = (uint8_t)(7 * i + 3);
	esp_nvs_begin(&n, partition, sizeof(partition), 2);
	esp_nvs_namespace(&n, "lwm2m");
	esp_nvs_integer(&n, "bs_mode", ESP_NVS_U8, 0);
	esp_nvs_string(&n, "bs_uri", SPAN_LIT(SAMPLE_BS_URI));
	esp_nvs_string(&n, "ep", SPAN_LIT(SAMPLE_EP));
	esp_nvs_blob(&n, "psk_key", span_of(key, sizeof(key)));
	esp_nvs_integer(&n, "hold_off", ESP_NVS_U32, 10);
	esp_nvs_blob(&n, "pad", span_of(pad, sizeof(pad)));
	esp_nvs_blob(&n, "srv_cert", span_of(cert, sizeof(cert)));
	assert_int_equal(esp_nvs_end(&n), RC_OK);
	sample_same_bytes(span_of(partition, sizeof(partition)), file);

	/* and back, the blob of two pages in one */
	assert_true(esp_nvs_open(&r, file));
	writer_init(&w, scratch, sizeof(scratch));
	while (esp_nvs_next(&r, &w, &item)) {
		count++;
		assert_true(span_is(item.name_space, "lwm2m"));
		if (span_is(item.key, "srv_cert"))
			sample_same_bytes(
			    item.bytes, span_of(cert, sizeof(cert)));
	}
	assert_int_equal(count, 7);
	assert_false(w.full);
}

static void
test_esp_nvs_keys(void **state)
{
	struct span file = sample_file("esp-nvs-keys-0x1000.bin");
	struct image_geometry g = image_geometry_default();
	uint8_t key[ESP_NVS_KEY_LEN], made[ESP_NVS_KEYS_LEN];
	struct read_back b;
	struct sample s;
	struct written w;

	(void)state;
	for (unsigned i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(0x40 + i);
	esp_nvs_keys_write(key, made);
	sample_same_bytes(span_of(made, sizeof(made)), file);
	g.nvs_key = esp_nvs_keys_read(file);
	assert_non_null(g.nvs_key);

	sample_min(&s);
	sample_write(&w, &image_esp_nvs, &g, &s.image);
	assert_int_equal(w.rc, RC_OK);
	/* heads in clear, the first entry as the vendor's tool has it */
	assert_memory_equal(
	    w.bytes.p, sample_file("esp-nvs-min-0x3000.bin").p, 64);
	assert_memory_equal(w.bytes.p + 64,
	    "\xc1\x30\x79\xfc\xb4\xb6\x3b\x65\x9d\xdf\xdd\x67\x37\xdf\xfb\x13"
	    "\x48\xc9\x0f\xaa\xa4\x6e\xa6\x30\x26\x30\xc9\xe2\x14\x71\xcf\x52",
	    32);
	assert_int_equal(sample_read(&b, NULL, NULL, w.bytes), RC_MALFORMED);
	sample_read_fini(&b);
	assert_int_equal(sample_read(&b, NULL, &g, w.bytes), RC_OK);
	sample_same_image(&b.r.image, &s.image);
	sample_read_fini(&b);
	sample_written_fini(&w);
}

/* What notes of the format's makers give as checks. */
static void
test_checksums(void **state)
{
	struct span digits = SPAN_LIT("123456789"), none = {NULL, 0};

	(void)state;
	assert_int_equal(crc32_ieee(0, digits), 0xcbf43926);
	assert_int_equal(crc32_esp(digits), 0xd202d277);
	assert_int_equal(crc8_ccitt(digits), 0xfb);
	assert_int_equal(crc32_ieee(0, none), 0);
	assert_int_equal(crc32_esp(none), 0xffffffff);
	assert_int_equal(crc8_ccitt(none), 0xff);
}

/* With CRCs behind values: the first value and its slot, from the source of
 * the firmware's code. */
static void
test_zephyr_data_crc(void **state)
{
	struct image_geometry g = image_geometry_default();
	struct read_back b;
	struct sample s;
	struct written w;

	(void)state;
	g.data_crc = true;
	sample_settings(&s);
	sample_write(&w, &image_zephyr_nvs, &g, &s.image);
	assert_int_equal(w.rc, RC_OK);
	assert_memory_equal(w.bytes.p + 28, "\xa5\xea\x42\xce", 4);
	assert_memory_equal(
	    w.bytes.p + 0xfe8, "\x01\xc0\x00\x00\x20\x00\xff\xb1", 8);
	assert_int_equal(sample_read(&b, NULL, NULL, w.bytes), RC_OK);
	assert_true(b.r.geometry.data_crc);
	sample_same_image(&b.r.image, &s.image);
	sample_read_fini(&b);
	sample_written_fini(&w);
}

/* Slots of 16 bytes: from a flash that the firmware has mounted. */
static void
test_zephyr_write_block_16(void **state)
{
	struct image_geometry g = image_geometry_default();
	struct sample s;
	struct written w;

	(void)state;
	g.write_block = 16;
	sample_settings(&s);
	sample_write(&w, &image_zephyr_nvs, &g, &s.image);
	assert_int_equal(w.rc, RC_OK);
	assert_memory_equal(
	    w.bytes.p + 0xfe0, "\xff\xff\x00\x00\x00\x00\xff\x5c", 8);
	assert_memory_equal(w.bytes.p + 0xfd0,
	    "\x01\xc0\x00\x00\x1c\x00\xff\xaa\xff\xff\xff\xff\xff\xff\xff\xff",
	    16);
	assert_memory_equal(
	    w.bytes.p + 0xfc0, "\x01\x80\x20\x00\x0f\x00\xff\xa7", 8);
	sample_written_fini(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_checksums),
	    cmocka_unit_test(test_written),
	    cmocka_unit_test(test_read),
	    cmocka_unit_test(test_esp_nvs_items),
	    cmocka_unit_test(test_esp_nvs_keys),
	    cmocka_unit_test(test_zephyr_data_crc),
	    cmocka_unit_test(test_zephyr_write_block_16),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
