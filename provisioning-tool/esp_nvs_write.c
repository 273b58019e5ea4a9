#include "esp_nvs.h"

#include "base/aes_xts.h"
#include "esp_nvs_page.h"
#include "image_bytes.h"

enum {
	RESERVED_PAGES = 1, /* for the firmware's garbage collection */
	CHUNKS_MAX = 127,
	NAMESPACE_MAX = 254,
	NO_CHUNK = 0xff,
};

static void
fail(struct esp_nvs_writer *n, enum rc rc)
{
	if (n->rc == RC_OK)
		n->rc = rc;
}

static uint8_t *
page_at(const struct esp_nvs_writer *n)
{
	return n->partition + n->page * ESP_NVS_PAGE_LEN;
}

static void
put_state(const struct esp_nvs_writer *n, uint32_t state)
{
	put_le(page_at(n), state, 4);
}

static void
begin_page(struct esp_nvs_writer *n)
{
	uint8_t *p = page_at(n);

	put_state(n, PAGE_ACTIVE);
	put_le(p + 4, n->page, 4);
	p[8] = n->version == 1 ? PAGE_VERSION_1 : PAGE_VERSION_2;
	put_le(p + PAGE_CRC_AT, crc32_esp(span_of(p + 4, PAGE_CRC_AT - 4)), 4);
	n->used = 0;
}

void
esp_nvs_begin(
    struct esp_nvs_writer *n, uint8_t *partition, size_t len, unsigned version)
{
	*n = (struct esp_nvs_writer){
	    .partition = partition,
	    .page_count = len / ESP_NVS_PAGE_LEN,
	    .version = version,
	};
	if (len % ESP_NVS_PAGE_LEN != 0 || n->page_count < ESP_NVS_PAGES_MIN ||
	    version < 1 || version > 2) {
		fail(n, RC_UNSUPPORTED);
		return;
	}
	memset(partition, 0xff, len);
	begin_page(n);
}

/** Room for that many entries; false: the partition is full. */
static bool
next_page(struct esp_nvs_writer *n)
{
	if (n->rc != RC_OK)
		return false;
	if (n->page + 1 + RESERVED_PAGES >= n->page_count) {
		fail(n, RC_TOO_LARGE);
		return false;
	}
	put_state(n, PAGE_FULL);
	n->page++;
	begin_page(n);
	return true;
}

static bool
key_valid(const char *key)
{
	size_t len = strlen(key);

	for (size_t i = 0; i < len; i++)
		if (key[i] <= ' ' || key[i] > '~')
			return false;
	return len > 0 && len <= ESP_NVS_NAME_MAX;
}

/** An entry of which all but its eight bytes of data and the CRC is filled. */
struct entry {
	uint8_t name_space;
	enum esp_nvs_type type;
	size_t span;
	uint8_t chunk;
	const char *key;
};

/** Append an entry; what follows it is laid down by the caller. There is room.
 */
static void
put_entry(struct esp_nvs_writer *n, const struct entry *e,
    const uint8_t data[static ENTRY_DATA_LEN])
{
	uint8_t *p = page_at(n);
	uint8_t *at = p + PAGE_HEAD_LEN + n->used * ESP_NVS_ENTRY_LEN;

	if (!key_valid(e->key)) {
		fail(n, RC_UNSUPPORTED);
		return;
	}
	at[0] = e->name_space;
	at[1] = (uint8_t)e->type;
	at[2] = (uint8_t)e->span;
	at[3] = e->chunk;
	memset(at + ENTRY_KEY_AT, 0, ENTRY_KEY_LEN);
	memcpy(at + ENTRY_KEY_AT, e->key, strlen(e->key));
	memcpy(at + ENTRY_DATA_AT, data, ENTRY_DATA_LEN);
	put_le(at + 4, entry_crc(at), 4);
	for (size_t i = 0; i < e->span; i++, n->used++) {
		/* from 3, erased, to 2, written */
		p[PAGE_BITMAP_AT + n->used / 4] &=
		    (uint8_t) ~(1u << n->used % 4 * 2);
	}
}

static void
put_integer(struct esp_nvs_writer *n, struct entry *e, uint64_t value)
{
	uint8_t data[ENTRY_DATA_LEN];

	e->span = 1;
	e->chunk = NO_CHUNK;
	memset(data, 0xff, sizeof(data));
	put_le(data, value, (unsigned)e->type & TYPE_WIDTH);
	if (n->rc == RC_OK && n->used >= ESP_NVS_PAGE_ENTRIES)
		(void)next_page(n);
	if (n->rc == RC_OK)
		put_entry(n, e, data);
}

void
esp_nvs_namespace(struct esp_nvs_writer *n, const char *name)
{
	struct entry e = {0, ESP_NVS_U8, 1, NO_CHUNK, name};

	if (n->name_space == NAMESPACE_MAX)
		fail(n, RC_TOO_LARGE);
	else
		n->name_space++;
	put_integer(n, &e, n->name_space);
}

void
esp_nvs_integer(struct esp_nvs_writer *n, const char *key,
    enum esp_nvs_type type, uint64_t value)
{
	struct entry e = {n->name_space, type, 1, NO_CHUNK, key};

	put_integer(n, &e, value);
}

/** An entry with `bytes` behind it, `nul` of them a NUL. There is room. */
static void
put_bytes(
    struct esp_nvs_writer *n, struct entry *e, struct span bytes, size_t nul)
{
	uint8_t data[ENTRY_DATA_LEN], *at;
	size_t len = bytes.len + nul;

	/* the NUL is part of what the CRC is of, so it is laid down first */
	at = page_at(n) + PAGE_HEAD_LEN + (n->used + 1) * ESP_NVS_ENTRY_LEN;
	if (nul)
		at[bytes.len] = 0;
	if (bytes.len > 0)
		memcpy(at, bytes.p, bytes.len);
	put_le(data, len, 2);
	put_le(data + 2, UINT16_MAX, 2);
	put_le(data + 4, crc32_esp(span_of(at, len)), 4);
	e->span = 1 + payload_entries(len);
	put_entry(n, e, data);
}

/** A page on which that many entries fit. The generator never gives the last
 *  entry of one to a string; one that needs the whole page gets it all the
 *  same, as the firmware would. */
static bool
find_room(struct esp_nvs_writer *n, size_t entries)
{
	if (n->rc == RC_OK && entries > ESP_NVS_PAGE_ENTRIES)
		fail(n, RC_TOO_LARGE);
	if (n->rc == RC_OK && n->used > 0 &&
	    n->used + entries >= ESP_NVS_PAGE_ENTRIES)
		(void)next_page(n);
	return n->rc == RC_OK;
}

void
esp_nvs_string(struct esp_nvs_writer *n, const char *key, struct span s)
{
	struct entry e = {n->name_space, ESP_NVS_STRING, 1, NO_CHUNK, key};

	if (s.len > 0 && memchr(s.p, 0, s.len))
		fail(n, RC_UNSUPPORTED);
	if (find_room(n, 1 + payload_entries(s.len + 1)))
		put_bytes(n, &e, s, 1);
}

static void
put_blob_index(
    struct esp_nvs_writer *n, const char *key, size_t len, size_t chunks)
{
	struct entry e = {n->name_space, ESP_NVS_BLOB_INDEX, 1, NO_CHUNK, key};
	uint8_t data[ENTRY_DATA_LEN];

	memset(data, 0xff, sizeof(data));
	put_le(data, len, 4);
	data[4] = (uint8_t)chunks;
	data[5] = 0;
	put_entry(n, &e, data);
}

/* As the generator cuts it, but for a chunk of nothing where a page has one
 * entry left: there the next page begins. */
static void
put_chunks(struct esp_nvs_writer *n, const char *key, struct span s)
{
	struct entry e = {n->name_space, ESP_NVS_BLOB_DATA, 1, 0, key};
	size_t total = s.len, chunks = 0;

	if (n->rc == RC_OK && n->used + 1 >= ESP_NVS_PAGE_ENTRIES)
		(void)next_page(n);
	do {
		size_t room, len;

		if (n->rc == RC_OK && chunks == CHUNKS_MAX)
			fail(n, RC_TOO_LARGE);
		if (n->rc != RC_OK)
			return;
		room = (ESP_NVS_PAGE_ENTRIES - n->used - 1) * ESP_NVS_ENTRY_LEN;
		len = s.len < room ? s.len : room;
		e.chunk = (uint8_t)chunks++;
		put_bytes(n, &e, span_of(s.p, len), 0);
		s = span_from(s, len);
		if (s.len > 0 || room - len < ESP_NVS_ENTRY_LEN)
			(void)next_page(n);
	} while (s.len > 0);
	if (n->rc == RC_OK)
		put_blob_index(n, key, total, chunks);
}

void
esp_nvs_blob(struct esp_nvs_writer *n, const char *key, struct span s)
{
	struct entry e = {n->name_space, ESP_NVS_BLOB, 1, NO_CHUNK, key};

	if (n->version == 2) {
		put_chunks(n, key, s);
		return;
	}
	if (s.len > ESP_NVS_BLOB_V1_MAX)
		fail(n, RC_TOO_LARGE);
	if (find_room(n, 1 + payload_entries(s.len)))
		put_bytes(n, &e, s, 0);
}

enum rc
esp_nvs_end(const struct esp_nvs_writer *n)
{
	return n->rc;
}

/** Each entry in state "written" is a unit, its offset the tweak. */
static void
crypt(uint8_t *partition, size_t len, const uint8_t *key, bool encrypt)
{
	for (size_t page = 0; page + ESP_NVS_PAGE_LEN <= len;
	     page += ESP_NVS_PAGE_LEN) {
		uint8_t *p = partition + page;

		for (size_t i = 0; i < ESP_NVS_PAGE_ENTRIES; i++) {
			size_t at = PAGE_HEAD_LEN + i * ESP_NVS_ENTRY_LEN;
			uint8_t tweak[AES_XTS_TWEAK_LEN] = {0};

			if (entry_state(p, i) != ENTRY_WRITTEN)
				continue;
			put_le(tweak, page + at, 8);
			if (encrypt)
				aes_xts_encrypt(
				    key, tweak, p + at, ESP_NVS_ENTRY_LEN);
			else
				aes_xts_decrypt(
				    key, tweak, p + at, ESP_NVS_ENTRY_LEN);
		}
	}
}

void
esp_nvs_encrypt(
    uint8_t *partition, size_t len, const uint8_t key[static ESP_NVS_KEY_LEN])
{
	crypt(partition, len, key, true);
}

void
esp_nvs_decrypt(
    uint8_t *partition, size_t len, const uint8_t key[static ESP_NVS_KEY_LEN])
{
	crypt(partition, len, key, false);
}

void
esp_nvs_keys_write(const uint8_t key[static ESP_NVS_KEY_LEN],
    uint8_t out[static ESP_NVS_KEYS_LEN])
{
	memset(out, 0xff, ESP_NVS_KEYS_LEN);
	memcpy(out, key, ESP_NVS_KEY_LEN);
	put_le(
	    out + ESP_NVS_KEY_LEN, crc32_esp(span_of(key, ESP_NVS_KEY_LEN)), 4);
}

const uint8_t *
esp_nvs_keys_read(struct span partition)
{
	const uint8_t *key = partition.p;

	/* XTS with one key twice is none: IEEE 1619 and FIPS 140 IG C.I */
	if (partition.len != ESP_NVS_KEYS_LEN ||
	    get_le32(key + ESP_NVS_KEY_LEN) !=
		crc32_esp(span_of(key, ESP_NVS_KEY_LEN)) ||
	    !bytes_erased(span_from(partition, ESP_NVS_KEY_LEN + 4)) ||
	    memcmp(key, key + ESP_NVS_KEY_LEN / 2, ESP_NVS_KEY_LEN / 2) == 0)
		return NULL;
	return key;
}
