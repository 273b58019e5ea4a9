#include "zephyr_nvs.h"

#include "image_bytes.h"

enum {
	ATE_LEN = 8, /* an entry of the allocation table */
	ID_NONE = 0xffff,
	CRC_LEN = 4, /* behind data */
};

static size_t
align(size_t n, size_t block)
{
	return (n + block - 1) / block * block;
}

static bool
is_power_of_two(size_t n)
{
	return n > 0 && (n & (n - 1)) == 0;
}

static bool
geometry_valid(size_t len, size_t sector_len, size_t write_block)
{
	return is_power_of_two(write_block) &&
	    write_block <= ZEPHYR_NVS_WRITE_BLOCK_MAX &&
	    is_power_of_two(sector_len) &&
	    sector_len >= ZEPHYR_NVS_SECTOR_MIN &&
	    sector_len <= ZEPHYR_NVS_SECTOR_MAX && len % sector_len == 0 &&
	    len / sector_len >= 2 && len <= IMAGE_PARTITION_MAX;
}

static void
fail(struct zephyr_nvs_writer *n, enum rc rc)
{
	if (n->rc == RC_OK)
		n->rc = rc;
}

static void
put_slot(struct zephyr_nvs_writer *n, uint16_t id, size_t offset, size_t len)
{
	uint8_t *p = n->sector + n->slot_at;

	put_le(p, id, 2);
	put_le(p + 2, offset, 2);
	put_le(p + 4, len, 2);
	p[6] = 0xff;
	p[7] = crc8_ccitt(span_of(p, ATE_LEN - 1));
	n->slot_at -= n->slot_len;
}

void
zephyr_nvs_begin(struct zephyr_nvs_writer *n, uint8_t *partition, size_t len,
    const struct image_geometry *g)
{
	*n = (struct zephyr_nvs_writer){
	    .sector = partition,
	    .sector_len = g->sector_len,
	    .write_block = g->write_block,
	    .data_crc = g->data_crc,
	};
	if (!geometry_valid(len, g->sector_len, g->write_block)) {
		fail(n, RC_UNSUPPORTED);
		return;
	}
	memset(partition, 0xff, len);
	n->slot_len = align(ATE_LEN, n->write_block);
	n->slot_at = n->sector_len - 2 * n->slot_len;
	put_slot(n, ID_NONE, 0, 0);
}

/* The firmware needs one slot more than the items take, to delete one of them
 * before it goes to the next sector. */
void
zephyr_nvs_put(struct zephyr_nvs_writer *n, uint16_t id, struct span data)
{
	size_t len = data.len + (n->data_crc ? CRC_LEN : 0);
	uint8_t *p = n->sector + n->data_at;

	if (data.len == 0 || id == ID_NONE)
		fail(n, RC_UNSUPPORTED);
	if (n->rc == RC_OK &&
	    (len > n->sector_len ||
		n->data_at + align(len, n->write_block) + n->slot_len >
		    n->slot_at))
		fail(n, RC_TOO_LARGE);
	if (n->rc != RC_OK)
		return;
	memcpy(p, data.p, data.len);
	if (n->data_crc)
		put_le(p + data.len, crc32_ieee(0, data), CRC_LEN);
	put_slot(n, id, n->data_at, len);
	n->data_at += align(len, n->write_block);
}

void
zephyr_nvs_setting(
    struct zephyr_nvs_writer *n, struct span name, struct span value)
{
	uint8_t count[2];
	uint16_t id;

	if (name.len > ZEPHYR_NVS_SETTING_MAX ||
	    n->names == ZEPHYR_NVS_VALUE_OFFSET - 1)
		fail(n, RC_UNSUPPORTED);
	id = (uint16_t)(ZEPHYR_NVS_COUNT_ID + ++n->names);
	put_le(count, id, sizeof(count));
	zephyr_nvs_put(n, (uint16_t)(id + ZEPHYR_NVS_VALUE_OFFSET), value);
	zephyr_nvs_put(n, id, name);
	zephyr_nvs_put(n, ZEPHYR_NVS_COUNT_ID, span_of(count, sizeof(count)));
}

enum rc
zephyr_nvs_end(const struct zephyr_nvs_writer *n)
{
	return n->rc;
}

static const uint8_t *
slot_of(const struct zephyr_nvs_reader *n, size_t item)
{
	return n->partition.p + n->sector_len - (item + 3) * n->slot_len;
}

static bool
fault(struct zephyr_nvs_reader *n, const uint8_t *at, const char *what)
{
	n->fault = what;
	n->fault_at = (size_t)(at - n->partition.p);
	return false;
}

/** Does the first sector end as one that is open and new? */
static bool
is_open_sector(struct span p, size_t sector_len, size_t slot_len)
{
	const uint8_t *done = p.p + sector_len - 2 * slot_len;

	return get_le16(done) == ID_NONE && get_le16(done + 2) == 0 &&
	    get_le16(done + 4) == 0 &&
	    done[7] == crc8_ccitt(span_of(done, ATE_LEN - 1)) &&
	    bytes_erased(span_of(p.p + sector_len - slot_len, slot_len));
}

/** The sector and slot that the begin of the table shows; false: none does. */
static bool
find_sectors(struct zephyr_nvs_reader *n, const struct image_geometry *g)
{
	size_t blocks[] = {8, 16, 32};

	for (size_t s = ZEPHYR_NVS_SECTOR_MIN; s <= ZEPHYR_NVS_SECTOR_MAX;
	     s *= 2) {
		if (g->sector_len && g->sector_len != s)
			continue;
		for (size_t i = 0; i < 3; i++) {
			if (g->write_block &&
			    align(ATE_LEN, g->write_block) != blocks[i])
				continue;
			if (!geometry_valid(n->partition.len, s, blocks[i]) ||
			    !is_open_sector(n->partition, s, blocks[i]))
				continue;
			n->sector_len = s;
			n->slot_len = blocks[i];
			return true;
		}
	}
	return false;
}

bool
zephyr_nvs_looks(struct span partition)
{
	const struct image_geometry any = image_geometry_any();
	struct zephyr_nvs_reader n = {.partition = partition};

	return find_sectors(&n, &any);
}

/** Is each item where it would be with that write block? Else `fault`. */
static bool
check_items(struct zephyr_nvs_reader *n, size_t write_block)
{
	size_t at = 0;

	for (size_t i = 0; i < n->item_count; i++) {
		const uint8_t *slot = slot_of(n, i);
		size_t len = get_le16(slot + 4), end;

		if (get_le16(slot + 2) != at)
			return fault(n, slot + 2,
			    "an item's data does not follow the one before");
		end = at + align(len, write_block);
		if (len == 0 || end > (size_t)(slot - n->partition.p))
			return fault(n, slot + 4,
			    "an item is empty, or reaches into the table");
		if (!bytes_erased(
			span_of(n->partition.p + at + len, end - at - len)))
			return fault(n, n->partition.p + at + len,
			    "the padding of an item is not FF");
		at = end;
	}
	if (!bytes_erased(span_of(n->partition.p + at,
		(size_t)(slot_of(n, n->item_count) + n->slot_len -
		    n->partition.p) -
		    at)))
		return fault(n, n->partition.p + at,
		    "between data and table not all is FF");
	n->write_block = write_block;
	return true;
}

static bool
check_slots(struct zephyr_nvs_reader *n)
{
	size_t room = n->sector_len / n->slot_len - 3;

	for (; n->item_count < room; n->item_count++) {
		const uint8_t *p = slot_of(n, n->item_count);

		/* what may be data is for check_items to say */
		if (bytes_erased(span_of(p, n->slot_len)))
			break;
		if (p[7] != crc8_ccitt(span_of(p, ATE_LEN - 1)) || p[6] != 0xff)
			return fault(n, p, "the CRC of an item is wrong");
		if (get_le16(p) == ID_NONE)
			return fault(n, p, "an item with the id of none");
		if (!bytes_erased(span_of(p + ATE_LEN, n->slot_len - ATE_LEN)))
			return fault(
			    n, p, "something stands behind an item's CRC");
	}
	if (n->item_count == room)
		return fault(n, n->partition.p, "the sector is full");
	return true;
}

static bool
find_write_block(struct zephyr_nvs_reader *n, const struct image_geometry *g)
{
	if (g->write_block)
		return check_items(n, g->write_block);
	if (n->slot_len > ATE_LEN)
		return check_items(n, n->slot_len);
	for (size_t block = 1; block <= ATE_LEN; block *= 2)
		if (check_items(n, block))
			return true;
	return false;
}

/** The whole of an item's data, with a CRC if it has one. */
static struct span
data_of(const struct zephyr_nvs_reader *n, size_t item)
{
	const uint8_t *slot = slot_of(n, item);

	return span_of(n->partition.p + get_le16(slot + 2), get_le16(slot + 4));
}

/* The image does not say whether there are CRCs: that they are all right does.
 */
static bool
all_crc(const struct zephyr_nvs_reader *n)
{
	for (size_t i = 0; i < n->item_count; i++) {
		struct span d = data_of(n, i);

		if (d.len <= CRC_LEN ||
		    get_le32(d.p + d.len - CRC_LEN) !=
			crc32_ieee(0, span_of(d.p, d.len - CRC_LEN)))
			return false;
	}
	return n->item_count > 0;
}

bool
zephyr_nvs_open(struct zephyr_nvs_reader *n, struct span partition,
    const struct image_geometry *g)
{
	size_t erased;

	*n = (struct zephyr_nvs_reader){.partition = partition};
	if (!find_sectors(n, g))
		return fault(n, partition.p,
		    "no sector ends as an open one does after garbage "
		    "collection");
	erased = n->sector_len;
	if (!bytes_erased(span_from(partition, erased)))
		return fault(n, partition.p + erased,
		    "more than the first sector is in use");
	if (!bytes_erased(
		span_of(partition.p + n->sector_len - 2 * n->slot_len + ATE_LEN,
		    n->slot_len - ATE_LEN)))
		return fault(n, partition.p + n->sector_len - 2 * n->slot_len,
		    "something stands behind an entry's CRC");
	if (!check_slots(n) || !find_write_block(n, g))
		return false;
	n->data_crc = all_crc(n);
	n->fault = NULL;
	if (g->data_crc && !n->data_crc)
		return fault(n, partition.p, "the CRC of an item is wrong");
	return true;
}

bool
zephyr_nvs_next(struct zephyr_nvs_reader *n, struct zephyr_nvs_item *out)
{
	if (n->next == n->item_count)
		return false;
	out->id = (uint16_t)get_le16(slot_of(n, n->next));
	out->data = data_of(n, n->next);
	if (n->data_crc)
		out->data.len -= CRC_LEN;
	out->at = (size_t)(out->data.p - n->partition.p);
	n->next++;
	return true;
}
