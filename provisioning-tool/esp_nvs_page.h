/**
 * esp_nvs_page.h - the layout of a page, for esp_nvs_write.c and
 * esp_nvs_read.c:
 *
 *   00 state u32 | 04 sequence u32 | 08 version | 09 FF x 19 | 1c CRC of 04..1b
 *   20 bitmap, two bits an entry | 40 entries of 32 bytes
 *
 * and of an entry, whose CRC leaves itself out:
 *
 *   00 namespace | 01 type | 02 span | 03 chunk | 04 CRC | 08 key, NULs to 16 |
 *   18 data, 8 bytes
 */
#ifndef TOOL_ESP_NVS_PAGE_H
#define TOOL_ESP_NVS_PAGE_H

#include "esp_nvs.h"
#include "image_bytes.h"

enum {
	PAGE_VERSION_1 = 0xff,
	PAGE_VERSION_2 = 0xfe,
	PAGE_CRC_AT = 28,
	PAGE_BITMAP_AT = 32,
	PAGE_HEAD_LEN = 64, /* with the bitmap */
	ENTRY_KEY_AT = 8,
	ENTRY_KEY_LEN = 16,
	ENTRY_DATA_AT = 24,
	ENTRY_DATA_LEN = 8,
	TYPE_WIDTH = 15, /* of an integer's type: its bytes */
	TYPE_SIGNED = 16,
};

static const uint32_t PAGE_EMPTY = UINT32_MAX, PAGE_ACTIVE = 0xfffffffe,
		      PAGE_FULL = 0xfffffffc;

enum entry_state {
	ENTRY_ERASED = 0,
	ENTRY_ILLEGAL = 1,
	ENTRY_WRITTEN = 2,
	ENTRY_EMPTY = 3,
};

/** The state of entry `i` of a page, by its bitmap. */
static inline enum entry_state
entry_state(const uint8_t *page, size_t i)
{
	return (enum entry_state)(
	    page[PAGE_BITMAP_AT + i / 4] >> i % 4 * 2 & 3);
}

static inline uint32_t
entry_crc(const uint8_t *entry)
{
	uint8_t covered[28];

	memcpy(covered, entry, 4);
	memcpy(covered + 4, entry + 8, 24);
	return crc32_esp(span_of(covered, sizeof(covered)));
}

/** Entries that `len` bytes behind an entry take. */
static inline size_t
payload_entries(size_t len)
{
	return (len + ESP_NVS_ENTRY_LEN - 1) / ESP_NVS_ENTRY_LEN;
}

#endif
