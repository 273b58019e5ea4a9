/*
 * What is read is what leaves a factory: pages in their order, the last one in
 * use active, nothing erased, blobs in one run. The firmware takes more than
 * that, and throws away in silence what we refuse here.
 */
#include "esp_nvs_page.h"

#include <string.h>

bool
esp_nvs_looks(struct span s)
{
	if (s.len < ESP_NVS_PAGES_MIN * ESP_NVS_PAGE_LEN ||
	    s.len % ESP_NVS_PAGE_LEN != 0)
		return false;
	return (get_le32(s.p) == PAGE_ACTIVE || get_le32(s.p) == PAGE_FULL) &&
	    (s.p[8] == PAGE_VERSION_1 || s.p[8] == PAGE_VERSION_2) &&
	    get_le32(s.p + PAGE_CRC_AT) ==
	    crc32_esp(span_of(s.p + 4, PAGE_CRC_AT - 4));
}

/** What is known while a partition is checked. */
struct check {
	struct esp_nvs_reader *n;
	/** A blob of version 2 whose index has not come: its first entry. */
	const uint8_t *blob;
	size_t blob_len, chunks;
};

static bool
fault(struct check *c, const uint8_t *at, const char *what)
{
	c->n->fault = what;
	c->n->fault_at = (size_t)(at - c->n->partition.p);
	return false;
}

static bool
check_page_head(struct check *c, const uint8_t *p, size_t number, bool last)
{
	unsigned version = p[8] == PAGE_VERSION_1 ? 1 : 2;

	if (get_le32(p) != PAGE_ACTIVE && get_le32(p) != PAGE_FULL)
		return fault(c, p, "the page is in no state of a new image");
	if (get_le32(p + PAGE_CRC_AT) !=
	    crc32_esp(span_of(p + 4, PAGE_CRC_AT - 4)))
		return fault(c, p + 4, "the CRC of the page's head is wrong");
	if ((p[8] != PAGE_VERSION_1 && p[8] != PAGE_VERSION_2) ||
	    !bytes_erased(span_of(p + 9, PAGE_CRC_AT - 9)))
		return fault(c, p + 8, "the page is of an unknown version");
	if (number > 0 && version != c->n->version)
		return fault(c, p + 8, "its pages are of different versions");
	c->n->version = version;
	if (get_le32(p + 4) != number)
		return fault(c, p + 4, "the pages are not in their order");
	if (last != (get_le32(p) == PAGE_ACTIVE))
		return fault(c, p, "not the last of its pages is active");
	if (p[PAGE_HEAD_LEN - 1] >> 4 != 0xf)
		return fault(c, p + PAGE_HEAD_LEN - 1,
		    "the bitmap says something of entries that are not there");
	return true;
}

static struct span
key_of(const uint8_t *entry)
{
	return span_of(entry + ENTRY_KEY_AT,
	    strnlen((const char *)entry + ENTRY_KEY_AT, ENTRY_KEY_LEN));
}

static bool
check_key(struct check *c, const uint8_t *e)
{
	struct span key = key_of(e);

	if (key.len == 0 || key.len > ESP_NVS_NAME_MAX)
		return fault(c, e + ENTRY_KEY_AT, "a key of 0 or 16 bytes");
	for (size_t i = 0; i < ENTRY_KEY_LEN; i++) {
		uint8_t byte = e[ENTRY_KEY_AT + i];

		if (i < key.len ? byte <= ' ' || byte > '~' : byte != 0)
			return fault(c, e + ENTRY_KEY_AT,
			    "a key that is not ASCII with NULs behind it");
	}
	return true;
}

static bool
is_integer(uint8_t type)
{
	unsigned width = type & TYPE_WIDTH;

	return (type & ~(TYPE_WIDTH | TYPE_SIGNED)) == 0 &&
	    (width == 1 || width == 2 || width == 4 || width == 8);
}

static bool
is_bytes(uint8_t type)
{
	return type == ESP_NVS_STRING || type == ESP_NVS_BLOB ||
	    type == ESP_NVS_BLOB_DATA;
}

/** Calls `each` with the entries before `end`, from the first on, while it
 *  returns true. False: it did not. */
static bool
all_before(const struct esp_nvs_reader *n, const uint8_t *end,
    bool (*each)(const uint8_t *entry, const uint8_t *other))
{
	for (size_t at = 0; at < n->partition.len; at += ESP_NVS_PAGE_LEN) {
		const uint8_t *p = n->partition.p + at;

		for (size_t i = 0; i < ESP_NVS_PAGE_ENTRIES;) {
			const uint8_t *e =
			    p + PAGE_HEAD_LEN + i * ESP_NVS_ENTRY_LEN;

			if (e >= end)
				return true;
			if (entry_state(p, i) != ENTRY_WRITTEN)
				break;
			if (!each(e, end))
				return false;
			i += e[2];
		}
	}
	return true;
}

/* Neither the same name nor the same number for two namespaces, nor a key
 * twice in one. The chunks of a blob have its key, and are looked at apart. */
static bool
are_different(const uint8_t *a, const uint8_t *b)
{
	if (a[1] == ESP_NVS_BLOB_DATA || a[0] != b[0])
		return true;
	if (a[0] == 0 && a[ENTRY_DATA_AT] == b[ENTRY_DATA_AT])
		return false;
	return memcmp(a + ENTRY_KEY_AT, b + ENTRY_KEY_AT, ENTRY_KEY_LEN) != 0;
}

static bool
is_not_its_namespace(const uint8_t *a, const uint8_t *b)
{
	return a[0] != 0 || a[ENTRY_DATA_AT] != b[0];
}

static bool
check_names(struct check *c, const uint8_t *e)
{
	if (e[0] == 0 &&
	    (e[1] != ESP_NVS_U8 || e[ENTRY_DATA_AT] == 0 ||
		e[ENTRY_DATA_AT] == 0xff))
		return fault(c, e, "a namespace without a number");
	if (e[0] != 0 && all_before(c->n, e, is_not_its_namespace))
		return fault(c, e, "the namespace of the item is not there");
	if (e[1] != ESP_NVS_BLOB_DATA && !all_before(c->n, e, are_different))
		return fault(c, e, "a key or a namespace is there twice");
	return true;
}

static bool
check_payload(struct check *c, const uint8_t *e)
{
	const uint8_t *d = e + ENTRY_DATA_AT, *p = e + ESP_NVS_ENTRY_LEN;
	size_t len = get_le16(d);
	struct span room = span_of(p, (e[2] - 1u) * ESP_NVS_ENTRY_LEN);

	if (e[2] != 1 + payload_entries(len) || get_le16(d + 2) != UINT16_MAX)
		return fault(c, e + 2, "span and length of the item differ");
	if (get_le32(d + 4) != crc32_esp(span_of(p, len)))
		return fault(c, p, "the CRC of the item's data is wrong");
	if (!bytes_erased(span_from(room, len)))
		return fault(
		    c, p + len, "something stands behind the item's data");
	if (e[1] == ESP_NVS_STRING &&
	    (len == 0 || strnlen((const char *)p, len) != len - 1))
		return fault(c, p, "a text without one NUL at its end");
	return true;
}

static bool
check_blob(struct check *c, const uint8_t *e)
{
	const uint8_t *d = e + ENTRY_DATA_AT;
	bool index = e[1] == ESP_NVS_BLOB_INDEX;

	if (c->blob &&
	    (e[0] != c->blob[0] || !span_equal(key_of(e), key_of(c->blob)) ||
		(!index && e[1] != ESP_NVS_BLOB_DATA)))
		return fault(c, c->blob, "a blob that has no index");
	if (index) {
		if (!c->blob || get_le32(d) != c->blob_len ||
		    d[4] != c->chunks || d[5] != 0 ||
		    get_le16(d + 6) != UINT16_MAX || e[3] != 0xff || e[2] != 1)
			return fault(
			    c, e, "an index that is not that of its blob");
		c->blob = NULL;
	} else if (e[1] == ESP_NVS_BLOB_DATA) {
		if (!c->blob) {
			c->blob = e;
			c->blob_len = c->chunks = 0;
		}
		if (e[3] != c->chunks || c->chunks > 126)
			return fault(c, e, "a part of a blob is missing");
		c->chunks++;
		c->blob_len += get_le16(d);
	}
	return true;
}

/** The entry at `i` of a page, and what it spans. */
static bool
check_entry(struct check *c, const uint8_t *p, size_t i)
{
	const uint8_t *e = p + PAGE_HEAD_LEN + i * ESP_NVS_ENTRY_LEN;
	unsigned version = c->n->version;

	if (get_le32(e + 4) != entry_crc(e))
		return fault(c, e,
		    "the CRC of the item is wrong, or it is encrypted by "
		    "another key");
	if (e[2] == 0 || e[2] > ESP_NVS_PAGE_ENTRIES - i)
		return fault(c, e + 2, "the item runs past its page");
	for (size_t k = 1; k < e[2]; k++)
		if (entry_state(p, i + k) != ENTRY_WRITTEN)
			return fault(c, p + PAGE_BITMAP_AT + (i + k) / 4,
			    "the bitmap does not know all of the item");
	if (!check_key(c, e))
		return false;
	if (is_integer(e[1])) {
		size_t width = e[1] & TYPE_WIDTH;

		if (e[2] != 1 || e[3] != 0xff ||
		    !bytes_erased(span_of(
			e + ENTRY_DATA_AT + width, ENTRY_DATA_LEN - width)))
			return fault(c, e, "a number that is more than one");
	} else if (e[1] == ESP_NVS_BLOB ? version != 1
		: e[1] == ESP_NVS_BLOB_DATA || e[1] == ESP_NVS_BLOB_INDEX
		? version != 2
		: e[1] != ESP_NVS_STRING) {
		return fault(c, e + 1, "the item is of an unknown type");
	} else if ((e[1] == ESP_NVS_STRING || e[1] == ESP_NVS_BLOB) &&
	    e[3] != 0xff) {
		return fault(c, e + 3, "an item that is no chunk has a number");
	}
	if (is_bytes(e[1]) && !check_payload(c, e))
		return false;
	return check_blob(c, e) && check_names(c, e);
}

static bool
check_page(struct check *c, const uint8_t *p)
{
	size_t i = 0;

	while (i < ESP_NVS_PAGE_ENTRIES && entry_state(p, i) == ENTRY_WRITTEN) {
		if (!check_entry(c, p, i))
			return false;
		i += p[PAGE_HEAD_LEN + i * ESP_NVS_ENTRY_LEN + 2];
	}
	for (; i < ESP_NVS_PAGE_ENTRIES; i++) {
		const uint8_t *e = p + PAGE_HEAD_LEN + i * ESP_NVS_ENTRY_LEN;

		if (entry_state(p, i) != ENTRY_EMPTY)
			return fault(c, p + PAGE_BITMAP_AT + i / 4,
			    "an entry is erased, or its state is illegal, or "
			    "it stands behind an empty one");
		if (!bytes_erased(span_of(e, ESP_NVS_ENTRY_LEN)))
			return fault(c, e, "an empty entry is not FF");
	}
	return true;
}

static bool
is_empty(struct span partition, size_t page)
{
	return get_le32(partition.p + page * ESP_NVS_PAGE_LEN) == PAGE_EMPTY;
}

bool
esp_nvs_open(struct esp_nvs_reader *n, struct span partition)
{
	struct check c = {.n = n};
	size_t pages = partition.len / ESP_NVS_PAGE_LEN, used = 0;

	*n = (struct esp_nvs_reader){.partition = partition};
	if (partition.len % ESP_NVS_PAGE_LEN != 0 ||
	    pages < ESP_NVS_PAGES_MIN || partition.len > IMAGE_PARTITION_MAX)
		return fault(
		    &c, partition.p, "not three or more pages of 4096 bytes");
	while (used < pages && !is_empty(partition, used))
		used++;
	if (used == 0 || used == pages)
		return fault(&c, partition.p,
		    used ? "no page is empty: the firmware would erase it all"
			 : "its first page is empty");
	for (size_t i = used; i < pages; i++)
		if (!bytes_erased(span_of(
			partition.p + i * ESP_NVS_PAGE_LEN, ESP_NVS_PAGE_LEN)))
			return fault(&c, partition.p + i * ESP_NVS_PAGE_LEN,
			    "a page behind the active one is not empty");
	for (size_t i = 0; i < used; i++) {
		const uint8_t *p = partition.p + i * ESP_NVS_PAGE_LEN;

		if (!check_page_head(&c, p, i, i + 1 == used) ||
		    !check_page(&c, p))
			return false;
	}
	if (c.blob)
		return fault(&c, c.blob, "a blob that has no index");
	return true;
}

/** The next written entry; NULL: there is none. */
static const uint8_t *
next_entry(struct esp_nvs_reader *n)
{
	while (n->page < n->partition.len / ESP_NVS_PAGE_LEN &&
	    !is_empty(n->partition, n->page)) {
		const uint8_t *p = n->partition.p + n->page * ESP_NVS_PAGE_LEN;
		const uint8_t *e =
		    p + PAGE_HEAD_LEN + n->entry * ESP_NVS_ENTRY_LEN;

		if (n->entry < ESP_NVS_PAGE_ENTRIES &&
		    entry_state(p, n->entry) == ENTRY_WRITTEN) {
			n->entry += e[2];
			return e;
		}
		n->page++;
		n->entry = 0;
	}
	return NULL;
}

static struct span
name_of(const struct esp_nvs_reader *n, uint8_t number)
{
	struct esp_nvs_reader from = {.partition = n->partition};
	const uint8_t *e;

	while ((e = next_entry(&from)))
		if (e[0] == 0 && e[ENTRY_DATA_AT] == number)
			return key_of(e);
	return span_of(NULL, 0);
}

static uint64_t
integer_of(const uint8_t *e)
{
	size_t width = e[1] & TYPE_WIDTH;
	uint64_t v = get_le(e + ENTRY_DATA_AT, width);

	if (e[1] & TYPE_SIGNED && width < 8 && v >> (8 * width - 1) & 1)
		v |= UINT64_MAX << 8 * width;
	return v;
}

static struct span
payload_of(const uint8_t *e)
{
	return span_of(e + ESP_NVS_ENTRY_LEN, get_le16(e + ENTRY_DATA_AT));
}

/** A blob whose first chunk is `e`, to its index. */
static struct span
join_blob(struct esp_nvs_reader *n, const uint8_t *e, struct writer *scratch)
{
	struct span part = payload_of(e);
	size_t start = scratch->len;
	const uint8_t *next = next_entry(n);

	if (!next || next[1] == ESP_NVS_BLOB_INDEX)
		return part;
	writer_put(scratch, part);
	for (; next && next[1] == ESP_NVS_BLOB_DATA; next = next_entry(n))
		writer_put(scratch, payload_of(next));
	return span_of(scratch->buf + start, scratch->len - start);
}

bool
esp_nvs_next(
    struct esp_nvs_reader *n, struct writer *scratch, struct esp_nvs_item *out)
{
	const uint8_t *e = next_entry(n);

	while (e && e[0] == 0)
		e = next_entry(n);
	if (!e)
		return false;
	*out = (struct esp_nvs_item){
	    .name_space = name_of(n, e[0]),
	    .key = key_of(e),
	    .type = (enum esp_nvs_type)e[1],
	    .at = (size_t)(e - n->partition.p),
	};
	if (e[1] == ESP_NVS_STRING) {
		out->bytes = payload_of(e);
		out->bytes.len--;
	} else if (e[1] == ESP_NVS_BLOB) {
		out->bytes = payload_of(e);
	} else if (e[1] == ESP_NVS_BLOB_DATA) {
		out->type = ESP_NVS_BLOB;
		out->bytes = join_blob(n, e, scratch);
	} else {
		out->integer = integer_of(e);
	}
	return true;
}
