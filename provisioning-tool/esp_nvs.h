/**
 * esp_nvs.h - the items of a partition of Espressif's non-volatile storage,
 * versions 1 and 2: pages of 4096 bytes, a head, a bitmap and 126 entries of 32
 * bytes each. Written in the order that the vendor's generator has, so that
 * the same items are the same bytes; read as strictly as a factory image can be.
 */
#ifndef TOOL_ESP_NVS_H
#define TOOL_ESP_NVS_H

#include "image_geometry.h"

enum {
	ESP_NVS_PAGE_LEN = 4096, /**< bytes */
	ESP_NVS_PAGES_MIN = 3, /**< one of them stays empty */
	ESP_NVS_PAGE_ENTRIES = 126,
	ESP_NVS_ENTRY_LEN = 32, /**< bytes */
	ESP_NVS_STRING_MAX = 3999, /**< bytes without the NUL */
	ESP_NVS_BLOB_V1_MAX = 1984, /**< bytes */
};

enum esp_nvs_type {
	ESP_NVS_U8 = 0x01,
	ESP_NVS_U16 = 0x02,
	ESP_NVS_U32 = 0x04,
	ESP_NVS_U64 = 0x08,
	ESP_NVS_I8 = 0x11,
	ESP_NVS_I16 = 0x12,
	ESP_NVS_I32 = 0x14,
	ESP_NVS_I64 = 0x18,
	ESP_NVS_STRING = 0x21,
	ESP_NVS_BLOB = 0x41, /**< of version 1, and how every blob is read */
	ESP_NVS_BLOB_DATA = 0x42, /**< a part of one of version 2 */
	ESP_NVS_BLOB_INDEX = 0x48,
};

/** Writes items into a partition. Sticky: see esp_nvs_end. */
struct esp_nvs_writer {
	uint8_t *partition; /**< borrowed */
	size_t page_count;
	unsigned version;
	size_t page; /**< the active one */
	size_t used; /**< entries of it */
	uint8_t name_space; /**< index of the last one that was named */
	enum rc rc;
};

/** `len` bytes of `partition`, a multiple of the page with three at least.
 *  Errors are told in the end. */
void esp_nvs_begin(
    struct esp_nvs_writer *n, uint8_t *partition, size_t len, unsigned version);
/** What follows is in this namespace, a new one. */
void esp_nvs_namespace(struct esp_nvs_writer *n, const char *name);
void esp_nvs_integer(struct esp_nvs_writer *n, const char *key,
    enum esp_nvs_type type, uint64_t value);
/** Text without a NUL; it gets one. */
void esp_nvs_string(struct esp_nvs_writer *n, const char *key, struct span s);
void esp_nvs_blob(struct esp_nvs_writer *n, const char *key, struct span s);
/** Errors: RC_TOO_LARGE (a value, or all of them), RC_UNSUPPORTED (a key that
 *  is empty, longer than 15 characters or not ASCII; a partition that is none).
 */
MUST_CHECK enum rc esp_nvs_end(const struct esp_nvs_writer *n);

/** Encrypt, or decrypt, each written entry of the partition in place. */
void esp_nvs_encrypt(
    uint8_t *partition, size_t len, const uint8_t key[static ESP_NVS_KEY_LEN]);
void esp_nvs_decrypt(
    uint8_t *partition, size_t len, const uint8_t key[static ESP_NVS_KEY_LEN]);

/** The partition of the key, ESP_NVS_KEYS_LEN bytes: the key, its CRC, FF. */
void esp_nvs_keys_write(const uint8_t key[static ESP_NVS_KEY_LEN],
    uint8_t out[static ESP_NVS_KEYS_LEN]);
/** The key of such a partition, borrowed; NULL: it is none, or the two halves
 *  of the key are the same. */
const uint8_t *esp_nvs_keys_read(struct span partition);

/** Is there a page at the begin, by its head? */
bool esp_nvs_looks(struct span partition);

/** An item; borrowed from the partition or from scratch. */
struct esp_nvs_item {
	struct span name_space;
	struct span key;
	enum esp_nvs_type type; /**< an integer, STRING or BLOB */
	uint64_t integer; /**< sign-extended */
	struct span bytes; /**< STRING (without its NUL), BLOB */
	size_t at; /**< offset of its entry in the partition */
};

struct esp_nvs_reader {
	struct span partition;
	unsigned version; /**< out: 1 or 2 */
	const char *fault; /**< NULL: none */
	size_t fault_at;
	size_t page, entry; /**< what esp_nvs_next looks at next */
};

/**
 * Check all of a partition in clear: geometry, pages, bitmaps, entries, CRCs,
 * namespaces, that no key comes twice and that blobs are whole. False: `fault`.
 */
bool esp_nvs_open(struct esp_nvs_reader *n, struct span partition);

/**
 * The next item of an opened partition; blobs in several parts are joined in
 * `scratch`, which is `full` where they do not fit. False: the end.
 */
bool esp_nvs_next(
    struct esp_nvs_reader *n, struct writer *scratch, struct esp_nvs_item *out);

#endif
