/*
 * UF2: a partition at its address, for bootloaders that show themselves as a
 * drive. Blocks of 512 bytes, little-endian:
 *
 *   000 0A324655 | 004 9E5D5157 | 008 flags | 00C address | 010 length |
 *   014 number of the block | 018 of all | 01C family | 020 data, 0 to 1FB |
 *   1FC 0AB16F30
 *
 * The format has no checksum: what it carries has its own.
 */
#include "image_format.h"

#include "image_bytes.h"

enum {
	BLOCK_LEN = 512,
	DATA_AT = 32,
	DATA_MAX = 476,
	DATA_LEN = 256, /* that is written: what every bootloader takes */
	ALIGN = 4,
	FLAG_NOT_FLASH = 1,
	FLAG_FAMILY = 0x2000,
	END_AT = BLOCK_LEN - 4,
};

static const uint32_t magic_0 = 0x0a324655, magic_1 = 0x9e5d5157,
		      magic_end = 0x0ab16f30;

static void
put_block(uint8_t *b, uint32_t address, struct span data, uint32_t family)
{
	memset(b, 0, BLOCK_LEN);
	put_le(b, magic_0, 4);
	put_le(b + 4, magic_1, 4);
	put_le(b + 8, FLAG_FAMILY, 4);
	put_le(b + 12, address, 4);
	put_le(b + 16, data.len, 4);
	put_le(b + 28, family, 4);
	memcpy(b + DATA_AT, data.p, data.len);
	put_le(b + END_AT, magic_end, 4);
}

static enum rc
put_blocks(struct writer *w, const struct image_geometry *g, struct span bytes)
{
	size_t count = (bytes.len + DATA_LEN - 1) / DATA_LEN;
	uint32_t address = g->address;

	for (size_t i = 0; i < count; i++) {
		size_t n = bytes.len < DATA_LEN ? bytes.len : DATA_LEN;
		uint8_t *b = writer_skip(w, BLOCK_LEN);

		if (!b)
			return RC_TOO_LARGE;
		put_block(b, address, span_of(bytes.p, n), g->family);
		put_le(b + 20, i, 4);
		put_le(b + 24, count, 4);
		bytes = span_from(bytes, n);
		address += (uint32_t)n;
	}
	return RC_OK;
}

static enum rc
write_uf2(const struct image *image, struct image_writing *g, struct writer *w)
{
	const struct image_geometry *geo = g->geometry;
	struct image_writing inner = {.geometry = geo};
	struct span bytes;
	enum rc rc;

	if (geo->family == 0) {
		g->why = "a bootloader passes over blocks without its --family";
		return RC_UNSUPPORTED;
	}
	g->scratch.len = 0;
	rc = image_carried(&image_uf2, geo)->write(image, &inner, &g->scratch);
	g->why = inner.why;
	if (rc != RC_OK)
		return rc;
	bytes = writer_span(&g->scratch);
	if (bytes.len % ALIGN != 0 || geo->address % ALIGN != 0) {
		g->why = "address and length are not multiples of 4";
		return RC_UNSUPPORTED;
	}
	if (bytes.len > UINT32_MAX - geo->address) {
		g->why = "it goes beyond 32 bits of address";
		return RC_TOO_LARGE;
	}
	return put_blocks(w, geo, bytes);
}

static bool
guess_uf2(struct span bytes)
{
	return bytes.len >= 8 && get_le32(bytes.p) == magic_0 &&
	    get_le32(bytes.p + 4) == magic_1;
}

/** What has been read so far. */
struct uf2 {
	uint32_t count; /* of blocks, that they say */
	uint32_t next; /* number of the next block */
	uint64_t first, end; /* addresses */
};

/** NULL: the frame of the block is sound. */
static const char *
frame_fault(const uint8_t *b)
{
	uint32_t len = get_le32(b + 16), at = get_le32(b + 12);

	if (get_le32(b) != magic_0 || get_le32(b + 4) != magic_1 ||
	    get_le32(b + END_AT) != magic_end)
		return "a magic number of the block is wrong";
	if (len == 0 || len > DATA_MAX || len % ALIGN != 0 || at % ALIGN != 0)
		return "length or address of the block cannot be";
	for (size_t i = DATA_AT + len; i < END_AT; i++)
		if (b[i] != 0)
			return "something stands behind the block's data";
	return NULL;
}

static const char *
take_block(struct uf2 *u, const uint8_t *b, struct writer *w)
{
	uint32_t len = get_le32(b + 16);
	uint64_t at = get_le32(b + 12);

	if (u->next == 0) {
		u->count = get_le32(b + 24);
		u->first = u->end = at;
	}
	if (get_le32(b + 24) != u->count || get_le32(b + 20) != u->next)
		return "the blocks are not numbered in their order";
	if (at != u->end)
		return "the block does not begin where the one before ends";
	u->next++;
	u->end = at + len;
	if (u->end > (uint64_t)UINT32_MAX + 1 ||
	    u->end - u->first > IMAGE_PARTITION_MAX)
		return "more than a partition can be";
	writer_put(w, span_of(b + DATA_AT, len));
	return NULL;
}

/** NULL: `family` is what to read, and *mine says if the block is of it. */
static const char *
family_fault(
    const uint8_t *b, struct image_geometry *g, bool *begun, bool *mine)
{
	uint32_t flags = get_le32(b + 8), family = get_le32(b + 28);

	*mine = false;
	if (flags == (FLAG_FAMILY | FLAG_NOT_FLASH))
		return NULL;
	if (flags != FLAG_FAMILY)
		return "flags of the block that no image has";
	if (!g->family_known && *begun && family != g->family)
		return "blocks of several families: say which";
	if (g->family_known && family != g->family)
		return NULL;
	g->family = family;
	*mine = *begun = true;
	return NULL;
}

static enum rc
decode(struct span bytes, struct uf2 *u, struct image_reading *r)
{
	bool begun = false, mine = false;

	if (bytes.len % BLOCK_LEN != 0)
		return image_fault(r, 0, "not a number of blocks of 512 bytes");
	for (size_t at = 0; at < bytes.len; at += BLOCK_LEN) {
		const uint8_t *b = bytes.p + at;
		const char *fault = frame_fault(b);

		if (!fault)
			fault = family_fault(b, &r->geometry, &begun, &mine);
		if (!fault && mine)
			fault = take_block(u, b, &r->scratch);
		if (fault)
			return image_fault(r, at, fault);
	}
	if (u->next == 0 || u->next != u->count)
		return image_fault(r, bytes.len, "blocks are missing");
	return RC_OK;
}

static enum rc
read_uf2(struct span bytes, struct image_reading *r)
{
	size_t start = r->scratch.len;
	struct uf2 u = {0};
	enum rc rc = decode(bytes, &u, r);

	if (rc != RC_OK)
		return rc;
	return image_read_carried(r, start, (uint32_t)u.first);
}

const struct image_format image_uf2 = {
    .name = "uf2",
    .summary = "UF2 of a partition at its address, for drag-and-drop",
    .extension = "uf2",
    .options = IMAGE_OPTION_ADDRESS | IMAGE_OPTION_CARRY | IMAGE_OPTION_FAMILY,
    .guess = guess_uf2,
    .write = write_uf2,
    .read = read_uf2,
};
