/**
 * image_geometry.h - where an image lies in a device's memory, and what its
 * format leaves to the product. A plain value with a default for everything;
 * a format looks at its own part.
 */
#ifndef TOOL_IMAGE_GEOMETRY_H
#define TOOL_IMAGE_GEOMETRY_H

#include "base/cursor.h"

struct image_format;

enum {
	IMAGE_PARTITION_MAX = 65536, /**< bytes */
	IMAGE_BYTES_MAX = 262144, /**< bytes of any image */
	ESP_NVS_NAME_MAX = 15, /**< bytes of a key or a namespace */
	ESP_NVS_KEY_LEN = 64, /**< bytes: data key, tweak key */
	ESP_NVS_KEYS_LEN = 4096, /**< bytes of their partition */
};

/** The options of `image build` that stand for a part of the geometry. */
enum image_option {
	IMAGE_OPTION_PARTITION = 1 << 0,
	IMAGE_OPTION_OFFSET = 1 << 1,
	IMAGE_OPTION_ADDRESS = 1 << 2,
	IMAGE_OPTION_CARRY = 1 << 3,
	IMAGE_OPTION_PAYLOAD = 1 << 4,
	IMAGE_OPTION_GENERATION = 1 << 5,
	IMAGE_OPTION_FAMILY = 1 << 6,
	IMAGE_OPTION_SECTOR = 1 << 7,
	IMAGE_OPTION_WRITE_BLOCK = 1 << 8,
	IMAGE_OPTION_VALUE_MAX = 1 << 9,
	IMAGE_OPTION_DATA_CRC = 1 << 10,
	IMAGE_OPTION_NAMESPACE = 1 << 11,
	IMAGE_OPTION_NVS_VERSION = 1 << 12,
	IMAGE_OPTION_NVS_KEYS = 1 << 13,
	IMAGE_OPTION_SECURITY_TAG = 1 << 14,
	IMAGE_OPTION_BASE_NAMES = 1 << 15,
	IMAGE_OPTION_CARD_VERSION = 1 << 16,
	IMAGE_OPTION_COUNT = 17,
};

/** The name of the i-th option, "partition"; NULL past the last. */
const char *image_option_name(unsigned i);

struct image_geometry {
	/** raw, tlv-smartcard, esp-nvs, zephyr-nvs: bytes of the partition (or
	 *  of the card's file) that the image fills with its FF; 0: the
	 *  format's own: 4096, no padding, 12288, two sectors. */
	size_t partition_len;
	/** raw: bytes of FF before the container, a multiple of 4. */
	size_t offset;
	/** ihex, uf2: of the first byte of what they carry. */
	uint32_t address;
	const struct image_format *carries; /**< ihex, uf2; NULL: raw */
	const struct image_format *payload; /**< raw; NULL: senml-cbor */
	uint32_t generation; /**< raw */
	uint32_t family; /**< uf2; image_uf2_family() */
	bool family_known; /**< reading: blocks of others are passed over */
	size_t sector_len; /**< zephyr-nvs: bytes, a power of two; 0: 4096,
	                        when reading to be found */
	size_t write_block; /**< zephyr-nvs: 1, 2, 4, 8, 16, 32 bytes; 0: 4,
	                         when reading to be found */
	/** zephyr-nvs: bytes of the longest value that the firmware has room
	 *  for: it does not compare. */
	size_t value_max;
	bool data_crc; /**< zephyr-nvs: CONFIG_NVS_DATA_CRC */
	char name_space[ESP_NVS_NAME_MAX + 1]; /**< esp-nvs */
	unsigned nvs_version; /**< esp-nvs: 1 or 2 */
	/** esp-nvs: ESP_NVS_KEY_LEN bytes, borrowed; NULL: not encrypted. */
	const uint8_t *nvs_key;
	uint32_t security_tag; /**< nrf91-at: of the bootstrap account */
	uint32_t server_tag; /**< nrf91-at: of the server account */
	bool base_names; /**< senml-cbor: a base name for each instance */
	uint8_t card_major, card_minor; /**< tlv-smartcard: of the objects; 0.0:
	                                     implicit */
};

/** The defaults of writing. */
struct image_geometry image_geometry_default(void);
/** Nothing is known: for reading. */
struct image_geometry image_geometry_any(void);

/**
 * Bytes that writing `format` takes at most, and bytes of its scratch.
 * `payload_len`: of the entries in any encoding, IMAGE_PAYLOAD_MAX at most.
 */
enum { IMAGE_PAYLOAD_MAX = 32768 };
size_t image_room_len(
    const struct image_format *format, const struct image_geometry *g);
size_t image_scratch_len(
    const struct image_format *format, const struct image_geometry *g);

/** "nrf52840", or "0xADA52840". False: unknown. */
bool image_uf2_family(const char *text, uint32_t *family);
/** NULL: none that has a name. */
const char *image_uf2_family_name(uint32_t family);

#endif
