#include "image_format.h"

const struct image_format *const image_formats_known[] = {
    &image_esp_nvs,
    &image_ihex,
    &image_json,
    &image_lwm2m_cbor,
    &image_nrf91_at,
    &image_raw,
    &image_senml_cbor,
    &image_smartcard,
    &image_uf2,
    &image_zephyr_nvs,
    NULL,
};

/* Constant, so that the table of options can stand on them. */
const char *const image_format_names[] = {"esp-nvs", "ihex", "json",
    "lwm2m-cbor", "nrf91-at", "raw", "senml-cbor", "tlv-smartcard", "uf2",
    "zephyr-nvs", NULL};
const char *const image_carried_names[] = {"esp-nvs", "lwm2m-cbor", "raw",
    "senml-cbor", "tlv-smartcard", "zephyr-nvs", NULL};
const char *const image_payload_names[] = {
    "lwm2m-cbor", "senml-cbor", "tlv-smartcard", NULL};

const struct image_format *
image_format_find(const char *name)
{
	for (size_t i = 0; image_formats_known[i]; i++)
		if (strcmp(image_formats_known[i]->name, name) == 0)
			return image_formats_known[i];
	return NULL;
}

const struct image_format *
image_carried(const struct image_format *format, const struct image_geometry *g)
{
	if (format->options & IMAGE_OPTION_CARRY)
		return g->carries ? g->carries : &image_raw;
	if (format->options & IMAGE_OPTION_PAYLOAD)
		return g->payload ? g->payload : &image_senml_cbor;
	return NULL;
}

unsigned
image_options_of(
    const struct image_format *format, const struct image_geometry *g)
{
	unsigned options = 0;

	for (; format; format = image_carried(format, g))
		options |= format->options;
	return options;
}

/* From what is told by a magic number to what is told by one byte. */
static const struct image_format *const by_look[] = {
    &image_uf2,
    &image_esp_nvs,
    &image_raw,
    &image_zephyr_nvs,
    &image_ihex,
    &image_json,
    &image_nrf91_at,
    &image_smartcard,
    &image_senml_cbor,
    &image_lwm2m_cbor,
};

const struct image_format *
image_guess(struct span bytes)
{
	for (size_t i = 0; i < sizeof(by_look) / sizeof(by_look[0]); i++)
		if (by_look[i]->guess(bytes))
			return by_look[i];
	return NULL;
}

enum rc
image_read(struct span bytes, const struct image_format *format,
    struct image_reading *r)
{
	enum rc rc;

	if (!format)
		format = image_guess(bytes);
	if (!format) {
		r->fault = "the bytes look like no format of an image";
		r->fault_at = 0;
		return RC_NOT_FOUND;
	}
	if (r->depth == IMAGE_NESTED_MAX)
		return image_fault(r, 0, "formats are nested too deeply");
	r->nested[r->depth++] = format;
	rc = format->read(bytes, r);
	/* what was refused is not to be looked at */
	if (rc != RC_OK)
		r->image = (struct image){0};
	return rc;
}

enum rc
image_read_carried(struct image_reading *r, size_t start, uint32_t address)
{
	const struct image_format *carried;
	struct span inner;
	enum rc rc;

	if (r->scratch.full)
		return RC_TOO_LARGE;
	inner = span_of(r->scratch.buf + start, r->scratch.len - start);
	carried = image_guess(inner);
	if (carried && (carried->text || carried->options & IMAGE_OPTION_CARRY))
		return image_foreign(r, 0, "what it carries is no partition");
	r->geometry.address = address;
	rc = image_read(inner, carried, r);
	r->geometry.carries = carried;
	return rc;
}
