/*
 * Intel HEX: a partition, or a payload, at an address of flash.
 *
 *   : length u8 | address u16 | type u8 | data | minus the sum of these
 *
 * all big-endian, in hex, a record a line. Types 00 data, 01 the end, 02 and 04
 * the upper bits of the addresses that follow. The whole partition is written,
 * its FF too: flashers erase only the pages that a record touches. No record
 * crosses 64 KiB, where its address would begin again.
 */
#include "image_format.h"

#include "image_bytes.h"

enum {
	RECORD_DATA = 16, /* bytes, written */
	RECORD_MAX = 255, /* bytes, read */
	OVERHEAD = 5, /* length, address, type, checksum */
	TYPE_DATA = 0,
	TYPE_END = 1,
	TYPE_SEGMENT = 2,
	TYPE_LINEAR = 4,
	BANK = 0x10000,
};

static void
put_byte(struct writer *w, unsigned byte, unsigned *sum)
{
	static const char digits[] = "0123456789ABCDEF";
	const uint8_t two[2] = {
	    (uint8_t)digits[byte >> 4], (uint8_t)digits[byte & 15]};

	writer_put(w, span_of(two, 2));
	*sum += byte;
}

static void
put_record(struct writer *w, unsigned type, uint32_t address, struct span data)
{
	unsigned sum = 0;

	writer_str(w, ":");
	put_byte(w, (unsigned)data.len, &sum);
	put_byte(w, address >> 8 & 0xff, &sum);
	put_byte(w, address & 0xff, &sum);
	put_byte(w, type, &sum);
	for (size_t i = 0; i < data.len; i++)
		put_byte(w, data.p[i], &sum);
	put_byte(w, (0u - sum) & 0xff, &sum);
	writer_str(w, "\r\n");
}

static void
put_records(struct writer *w, uint32_t address, struct span bytes)
{
	bool first = true;

	while (bytes.len > 0) {
		size_t n = BANK - address % BANK;
		uint8_t upper[2];

		if (first || address % BANK == 0) {
			upper[0] = (uint8_t)(address >> 24);
			upper[1] = (uint8_t)(address >> 16);
			put_record(w, TYPE_LINEAR, 0, span_of(upper, 2));
		}
		first = false;
		if (n > RECORD_DATA)
			n = RECORD_DATA;
		if (n > bytes.len)
			n = bytes.len;
		put_record(w, TYPE_DATA, address, span_of(bytes.p, n));
		bytes = span_from(bytes, n);
		address += (uint32_t)n;
	}
	put_record(w, TYPE_END, 0, span_of(NULL, 0));
}

static enum rc
write_ihex(const struct image *image, struct image_writing *g, struct writer *w)
{
	const struct image_geometry *geo = g->geometry;
	struct image_writing inner = {.geometry = geo};
	struct span bytes;
	enum rc rc;

	g->scratch.len = 0;
	rc = image_carried(&image_ihex, geo)->write(image, &inner, &g->scratch);
	g->why = inner.why;
	if (rc != RC_OK)
		return rc;
	bytes = writer_span(&g->scratch);
	if (bytes.len > UINT32_MAX - geo->address) {
		g->why = "it goes beyond 32 bits of address";
		return RC_TOO_LARGE;
	}
	put_records(w, geo->address, bytes);
	return w->full ? RC_TOO_LARGE : RC_OK;
}

static bool
guess_ihex(struct span bytes)
{
	size_t i = 0;

	while (i < bytes.len && (bytes.p[i] == '\r' || bytes.p[i] == '\n'))
		i++;
	return i < bytes.len && bytes.p[i] == ':';
}

/** What has been read so far. */
struct hex {
	struct span text;
	size_t at; /* in `text` */
	uint64_t base; /* of addresses */
	uint64_t first, next; /* address of the first byte, and behind the last
	                       */
	bool begun, ended;
};

static int
digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/** The next two digits; -1: none. */
static int
next_byte(struct hex *h)
{
	int high, low;

	if (h->text.len - h->at < 2)
		return -1;
	high = digit(h->text.p[h->at]);
	low = digit(h->text.p[h->at + 1]);
	if (high < 0 || low < 0)
		return -1;
	h->at += 2;
	return high << 4 | low;
}

/** The record behind a ':'; NULL: it is sound, and in `record`. */
static const char *
next_record(struct hex *h, uint8_t record[static OVERHEAD + RECORD_MAX])
{
	unsigned sum = 0, len = OVERHEAD;

	for (unsigned i = 0; i < len; i++) {
		int byte = next_byte(h);

		if (byte < 0)
			return "the record ends early, or has no hex digit "
			       "where one should be";
		record[i] = (uint8_t)byte;
		sum += (unsigned)byte;
		if (i == 0)
			len += (unsigned)byte;
	}
	if ((sum & 0xff) != 0)
		return "the checksum of the record is wrong";
	if (h->at < h->text.len && h->text.p[h->at] == '\r')
		h->at++;
	if (h->at < h->text.len && h->text.p[h->at] != '\n')
		return "the record is longer than it says";
	return NULL;
}

static const char *
take_data(struct hex *h, uint64_t address, struct span data, struct writer *w)
{
	if (data.len == 0)
		return "a record without data";
	if (address % BANK + data.len > BANK)
		return "the record crosses 64 KiB";
	address += h->base;
	if (h->begun && address != h->next)
		return "the record does not begin where the one before ends";
	if (!h->begun)
		h->first = address;
	h->begun = true;
	h->next = address + data.len;
	if (h->next > (uint64_t)UINT32_MAX + 1 ||
	    h->next - h->first > IMAGE_PARTITION_MAX)
		return "more than a partition can be";
	writer_put(w, data);
	return NULL;
}

static const char *
take_record(struct hex *h, const uint8_t *record, struct writer *w)
{
	struct span data = span_of(record + 4, record[0]);
	unsigned address = (unsigned)record[1] << 8 | record[2];

	if (h->ended)
		return "something stands behind the end";
	if (record[3] == TYPE_DATA)
		return take_data(h, address, data, w);
	if (record[3] == TYPE_END && data.len == 0 && address == 0) {
		h->ended = true;
		return NULL;
	}
	if ((record[3] == TYPE_SEGMENT || record[3] == TYPE_LINEAR) &&
	    data.len == 2 && address == 0) {
		h->base = (uint64_t)data.p[0] << 8 | data.p[1];
		h->base <<= record[3] == TYPE_LINEAR ? 16 : 4;
		return NULL;
	}
	return "a record of a type that no partition has";
}

static enum rc
decode(struct hex *h, struct image_reading *r)
{
	uint8_t record[OVERHEAD + RECORD_MAX];

	for (; h->at < h->text.len; h->at++) {
		uint8_t c = h->text.p[h->at];
		size_t line = h->at;
		const char *fault = "a line begins with something else than :";

		if (c == '\n' ||
		    (c == '\r' && h->at + 1 < h->text.len &&
			h->text.p[h->at + 1] == '\n'))
			continue;
		h->at++;
		if (c == ':')
			fault = next_record(h, record);
		if (!fault)
			fault = take_record(h, record, &r->scratch);
		if (fault)
			return image_fault(r, line, fault);
	}
	return RC_OK;
}

static enum rc
read_ihex(struct span bytes, struct image_reading *r)
{
	struct hex h = {.text = bytes};
	size_t start = r->scratch.len;
	enum rc rc = decode(&h, r);

	if (rc != RC_OK)
		return rc;
	if (!h.ended || !h.begun)
		return image_fault(r, bytes.len, "the end is missing");
	return image_read_carried(r, start, (uint32_t)h.first);
}

const struct image_format image_ihex = {
    .name = "ihex",
    .summary = "Intel HEX of a partition at its address, for flashers",
    .extension = "hex",
    .text = true,
    .options = IMAGE_OPTION_ADDRESS | IMAGE_OPTION_CARRY,
    .guess = guess_ihex,
    .write = write_ihex,
    .read = read_ihex,
};
