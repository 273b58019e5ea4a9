/*
 * A partition with one payload in it, little-endian, FF where nothing stands;
 * schema/image-container.cddl describes it, too:
 *
 *   00 "LBFP" | 04 version u16 = 1 | 06 head length u16 = 32 |
 *   08 payload length u32 | 0c CRC-32 of the payload | 10 format u16 |
 *   12 flags u16 | 14 generation u32 | 18 FFFFFFFF | 1c CRC-32 of 00..1b |
 *   20 payload | FF | CRC-32 of all before, u32 | "PFBL"
 *
 * The container begins at an offset in the partition, FF before it, and ends
 * with it.
 */
#include "image_format.h"

#include "image_bytes.h"
#include "lwm2m/format.h"

enum {
	HEAD_LEN = 32,
	TAIL_LEN = 8,
	VERSION = 1,
	PARTITION_PRESET = 4096,
	FLAG_BOOTSTRAP = 1, /* it has a bootstrap account */
	FLAG_SERVERS = 2, /* it has server accounts */
	FORMAT_SMARTCARD = 0xff01,
};

static const char magic[] = "LBFP", end_magic[] = "PFBL";

/** How the head names what is in it. */
static const struct {
	const struct image_format *format;
	uint16_t number;
} payloads[] = {
    {&image_senml_cbor, FORMAT_SENML_CBOR},
    {&image_lwm2m_cbor, FORMAT_LWM2M_CBOR},
    {&image_smartcard, FORMAT_SMARTCARD},
};

enum { PAYLOAD_COUNT = sizeof(payloads) / sizeof(payloads[0]) };

static unsigned
flags_of(const struct image *image)
{
	unsigned flags = 0;

	for (size_t i = 0; i < image->entry_count; i++) {
		const struct lwm2m_entry *e = &image->entries[i];

		if (e->path.object == OBJECT_SECURITY &&
		    e->path.resource == SECURITY_BOOTSTRAP &&
		    e->value.type == LWM2M_BOOLEAN)
			flags |=
			    e->value.boolean ? FLAG_BOOTSTRAP : FLAG_SERVERS;
	}
	return flags;
}

/** The payload, in the middle of the container at `p` of `len` bytes. */
static enum rc
put_payload(const struct image *image, struct image_writing *g,
    const struct image_format *format, uint8_t *p, size_t len, size_t *used)
{
	struct image_geometry inner = *g->geometry;
	struct image_writing carried = {.geometry = &inner};
	struct writer w;
	enum rc rc;

	/* the partition is ours, a card's file would be padded to it */
	inner.partition_len = 0;
	writer_init(&w, p + HEAD_LEN, len - HEAD_LEN - TAIL_LEN);
	rc = format->write(image, &carried, &w);
	g->why = carried.why;
	if (rc == RC_TOO_LARGE && w.full)
		g->why = "it is larger than the partition, --partition";
	*used = w.len;
	return rc;
}

static void
put_head(uint8_t *p, const struct image *image, const struct image_geometry *g,
    uint16_t number, size_t used)
{
	memcpy(p, magic, 4);
	put_le(p + 4, VERSION, 2);
	put_le(p + 6, HEAD_LEN, 2);
	put_le(p + 8, used, 4);
	put_le(p + 12, crc32_ieee(0, span_of(p + HEAD_LEN, used)), 4);
	put_le(p + 16, number, 2);
	put_le(p + 18, flags_of(image), 2);
	put_le(p + 20, g->generation, 4);
	put_le(p + 24, UINT32_MAX, 4);
	put_le(p + 28, crc32_ieee(0, span_of(p, 28)), 4);
}

static enum rc
write_raw(const struct image *image, struct image_writing *g, struct writer *w)
{
	const struct image_geometry *geo = g->geometry;
	const struct image_format *format = image_carried(&image_raw, geo);
	size_t len = geo->partition_len ? geo->partition_len : PARTITION_PRESET;
	size_t used, i = 0;
	uint8_t *p;
	enum rc rc;

	while (i < PAYLOAD_COUNT && payloads[i].format != format)
		i++;
	if (i == PAYLOAD_COUNT)
		return RC_UNSUPPORTED;
	if (len > IMAGE_PARTITION_MAX || geo->offset % 4 != 0 ||
	    geo->offset > len || len - geo->offset < HEAD_LEN + TAIL_LEN) {
		g->why = "the partition has no room for a head and an end";
		return RC_TOO_LARGE;
	}
	p = writer_skip(w, len);
	if (!p)
		return RC_TOO_LARGE;
	memset(p, 0xff, len);
	p += geo->offset;
	len -= geo->offset;
	rc = put_payload(image, g, format, p, len, &used);
	if (rc != RC_OK)
		return rc;
	memset(p + HEAD_LEN + used, 0xff, len - HEAD_LEN - used);
	put_head(p, image, geo, payloads[i].number, used);
	put_le(p + len - 8, crc32_ieee(0, span_of(p, len - 8)), 4);
	memcpy(p + len - 4, end_magic, 4);
	return RC_OK;
}

/** Bytes of FF before the container: multiples of 4. */
static size_t
offset_of(struct span bytes)
{
	size_t at = 0;

	while (at + 4 <= bytes.len && bytes_erased(span_of(bytes.p + at, 4)))
		at += 4;
	return at;
}

static bool
guess_raw(struct span bytes)
{
	return span_starts(
	    span_from(bytes, offset_of(bytes)), SPAN_LIT("LBFP"));
}

/** In the order of what can be trusted next; NULL: nothing is wrong. */
static const char *
fault_of(struct span c, size_t *at)
{
	const uint8_t *p = c.p;
	size_t used;

	if (c.len < HEAD_LEN + TAIL_LEN || c.len > IMAGE_PARTITION_MAX)
		return "no partition is so small, or so large";
	if (memcmp(p, magic, 4) != 0)
		return "it does not begin with LBFP";
	*at = 4;
	if (get_le16(p + 4) != VERSION || get_le16(p + 6) != HEAD_LEN)
		return "the head is of another version";
	*at = 28;
	if (get_le32(p + 28) != crc32_ieee(0, span_of(p, 28)))
		return "the CRC of the head is wrong";
	*at = 8;
	used = get_le32(p + 8);
	if (used > c.len - HEAD_LEN - TAIL_LEN)
		return "the payload is longer than the partition";
	*at = 12;
	if (get_le32(p + 12) != crc32_ieee(0, span_of(p + HEAD_LEN, used)))
		return "the CRC of the payload is wrong";
	*at = HEAD_LEN + used;
	if (!bytes_erased(span_of(
		p + HEAD_LEN + used, c.len - HEAD_LEN - used - TAIL_LEN)))
		return "something stands behind the payload that is not FF";
	*at = c.len - 4;
	if (memcmp(p + c.len - 4, end_magic, 4) != 0)
		return "it does not end with PFBL";
	*at = c.len - 8;
	if (get_le32(p + c.len - 8) != crc32_ieee(0, span_of(p, c.len - 8)))
		return "the CRC of the partition is wrong";
	*at = 24;
	if (get_le32(p + 24) != UINT32_MAX)
		return "what is reserved is not FF";
	return NULL;
}

static enum rc
read_raw(struct span bytes, struct image_reading *r)
{
	size_t offset = offset_of(bytes), at = 0, i = 0;
	struct span c = span_from(bytes, offset);
	const char *fault = fault_of(c, &at);
	enum rc rc;

	if (fault)
		return image_fault(r, offset + at, fault);
	if (r->geometry.partition_len && r->geometry.partition_len != bytes.len)
		return image_fault(
		    r, 0, "it is not of the length of the partition");
	while (i < PAYLOAD_COUNT && payloads[i].number != get_le16(c.p + 16))
		i++;
	if (i == PAYLOAD_COUNT)
		return image_foreign(
		    r, offset + 16, "the payload is of an unknown format");
	rc = image_read(
	    span_of(c.p + HEAD_LEN, get_le32(c.p + 8)), payloads[i].format, r);
	if (rc != RC_OK)
		return rc;
	if (payloads[i].format == &image_smartcard &&
	    r->geometry.partition_len != 0) {
		return image_fault(r, offset, "the payload is padded");
	}
	/* unknown flags, and known ones that are not true */
	if (get_le16(c.p + 18) != flags_of(&r->image)) {
		return image_fault(
		    r, offset + 18, "the flags are not those of the payload");
	}
	r->geometry.payload = payloads[i].format;
	r->geometry.generation = get_le32(c.p + 20);
	r->geometry.offset = offset;
	r->geometry.partition_len = bytes.len;
	return RC_OK;
}

const struct image_format image_raw = {
    .name = "raw",
    .summary = "a flash partition with head, payload and checksums",
    .extension = "bin",
    .options = IMAGE_OPTION_PARTITION | IMAGE_OPTION_OFFSET |
	IMAGE_OPTION_PAYLOAD | IMAGE_OPTION_GENERATION,
    .guess = guess_raw,
    .write = write_raw,
    .read = read_raw,
};
