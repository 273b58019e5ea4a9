/**
 * zephyr_nvs.h - items of Zephyr's NVS file system, in a partition as it leaves
 * a factory: all of them in the first sector, everything else erased.
 *
 * A sector of S bytes: data from its start, each item padded to the write
 * block; from its end downward the allocation table, an entry in a slot of 8
 * bytes rounded up to the write block:
 *
 *   00 id u16 | 02 offset u16 | 04 length u16 | 06 FF | 07 CRC-8 of 00..06
 *
 * The last slot is left erased, "open"; the one before it says "garbage
 * collection is done" (id FFFF, length 0); then an entry for each item.
 */
#ifndef TOOL_ZEPHYR_NVS_H
#define TOOL_ZEPHYR_NVS_H

#include "image_geometry.h"

enum {
	ZEPHYR_NVS_SECTOR_MAX = 65536, /**< bytes */
	ZEPHYR_NVS_SECTOR_MIN = 128, /**< bytes, of ours */
	ZEPHYR_NVS_WRITE_BLOCK_MAX = 32, /**< bytes */
	ZEPHYR_NVS_SETTING_MAX = 64, /**< bytes of a setting's name */
};

struct zephyr_nvs_writer {
	uint8_t *sector; /**< borrowed */
	size_t sector_len, write_block, slot_len;
	size_t data_at; /**< where the next item's data goes */
	size_t slot_at; /**< where its entry goes */
	uint16_t names; /**< settings so far */
	bool data_crc;
	enum rc rc;
};

/** Begin a partition of `len` bytes by the geometry; errors come in the end.
 */
void zephyr_nvs_begin(struct zephyr_nvs_writer *n, uint8_t *partition,
    size_t len, const struct image_geometry *g);
/** Append an item; `data` is not empty: that deletes one. */
void zephyr_nvs_put(struct zephyr_nvs_writer *n, uint16_t id, struct span data);
/** Append a setting: its value, its name and the count of names. */
void zephyr_nvs_setting(
    struct zephyr_nvs_writer *n, struct span name, struct span value);
/** Errors: RC_TOO_LARGE (a sector is full), RC_UNSUPPORTED (a geometry that is
 *  none, an empty value, a name that is none). */
MUST_CHECK enum rc zephyr_nvs_end(const struct zephyr_nvs_writer *n);

/** Could it be one, and of which geometry? */
bool zephyr_nvs_looks(struct span partition);

struct zephyr_nvs_item {
	uint16_t id;
	struct span data; /**< borrowed, without its CRC */
	size_t at; /**< offset of its data in the partition */
};

struct zephyr_nvs_reader {
	struct span partition;
	size_t sector_len, write_block, slot_len; /**< out */
	bool data_crc; /**< out: each value has a CRC-32 behind it */
	size_t item_count; /**< out */
	size_t next; /**< of zephyr_nvs_next */
	const char *fault; /**< NULL: none */
	size_t fault_at;
};

/**
 * Check all of a partition: slots, CRCs, that data are in order without a gap,
 * padding and what is erased. What `g` leaves 0 is found. False: `fault`.
 */
bool zephyr_nvs_open(struct zephyr_nvs_reader *n, struct span partition,
    const struct image_geometry *g);
/** The next item in the order of writing; false: there is none. */
bool zephyr_nvs_next(struct zephyr_nvs_reader *n, struct zephyr_nvs_item *out);

enum zephyr_nvs_id {
	ZEPHYR_NVS_COUNT_ID = 0x8000, /**< u16: the highest id of a name */
	ZEPHYR_NVS_VALUE_OFFSET = 0x4000, /**< from the name's id to the value's
	                                   */
};

#endif
