/*
 * The bootstrap file of a smartcard (LwM2M Core, Appendix G.3.3), all
 * big-endian:
 *
 *   number of objects u16 | bytes behind this head u16 |
 *   object u16 | version: 00, or major u8 and minor u8 | bytes u16 |
 *   object instance TLVs ... | next object ... | FF to the end of the file
 */
#include "image_format.h"

#include "image_bytes.h"

#include "lwm2m/entry.h"
#include "lwm2m/tlv.h"

enum {
	HEAD_LEN = 4,
	SIZE_MAX_LEN = 0x7ffc, /* of a file of 32 KiB without the head */
	OBJECT_DEPTH = 1,
};

/** Fill the two bytes at `at` with `v`. */
static void
fill_be16(struct writer *w, size_t at, size_t v)
{
	if (w->full)
		return;
	w->buf[at] = (uint8_t)(v >> 8);
	w->buf[at + 1] = (uint8_t)v;
}

static enum rc
put_object(struct writer *w, const struct image_geometry *g,
    const struct lwm2m_entry *e, size_t count)
{
	uint16_t object = e->path.object;
	size_t at;
	enum rc rc;

	writer_be(w, object, 2);
	writer_be(w, g->card_major, 1);
	if (g->card_major != 0)
		writer_be(w, g->card_minor, 1);
	at = w->len;
	writer_be(w, 0, 2);
	rc = tlv_encode(LWM2M_OBJECT(object), e, count, w);
	if (rc == RC_OK && w->len - at - 2 > SIZE_MAX_LEN)
		return RC_TOO_LARGE;
	fill_be16(w, at, w->len - at - 2);
	return rc;
}

static enum rc
put_file(
    const struct image *image, const struct image_geometry *g, struct writer *w)
{
	const struct lwm2m_entry *e = image->entries;
	size_t left = image->entry_count, start = w->len, objects = 0, n;
	enum rc rc = RC_OK;

	/* there is no version 0.1: a major of 0 is one byte alone */
	if (g->card_major == 0 && g->card_minor != 0)
		return RC_UNSUPPORTED;
	writer_be(w, 0, HEAD_LEN);
	for (; left > 0 && rc == RC_OK; e += n, left -= n, objects++) {
		n = entries_run(e, left, OBJECT_DEPTH);
		rc = put_object(w, g, e, n);
	}
	if (rc != RC_OK)
		return rc;
	if (w->full || w->len - start - HEAD_LEN > SIZE_MAX_LEN)
		return RC_TOO_LARGE;
	fill_be16(w, start, objects);
	fill_be16(w, start + 2, w->len - start - HEAD_LEN);
	return RC_OK;
}

static enum rc
write_smartcard(
    const struct image *image, struct image_writing *g, struct writer *w)
{
	size_t start = w->len, file_len = g->geometry->partition_len;
	uint8_t *fill;
	enum rc rc;

	if (!image_valid(image))
		return RC_MALFORMED;
	rc = put_file(image, g->geometry, w);
	if (rc != RC_OK || file_len == 0)
		return rc;
	if (w->len - start > file_len || file_len > SIZE_MAX_LEN + HEAD_LEN) {
		g->why = "it is larger than the file of the card, --partition";
		return RC_TOO_LARGE;
	}
	file_len -= w->len - start;
	fill = writer_skip(w, file_len);
	if (!fill)
		return RC_TOO_LARGE;
	memset(fill, 0xff, file_len);
	return RC_OK;
}

static bool
guess_smartcard(struct span bytes)
{
	struct reader r;
	uint64_t objects, size;

	reader_init(&r, bytes);
	objects = reader_be(&r, 2);
	size = reader_be(&r, 2);
	return !r.bad && objects > 0 && objects < 256 && size >= 5 * objects &&
	    size <= reader_left(&r) &&
	    (size == reader_left(&r) || r.p[size] == 0xff);
}

/** One object: what is in it, behind the `*count` entries that are there. */
static enum rc
read_object(struct reader *r, struct image_reading *out, bool first,
    const uint8_t *begin, size_t *count)
{
	struct image_geometry *g = &out->geometry;
	size_t at = (size_t)(r->p - begin), n = 0;
	uint16_t object = (uint16_t)reader_be(r, 2);
	uint8_t major = (uint8_t)reader_be(r, 1), minor = 0;
	struct span tlv;
	enum rc rc;

	if (major != 0)
		minor = (uint8_t)reader_be(r, 1);
	tlv = reader_take(r, reader_be(r, 2));
	if (r->bad)
		return image_fault(out, at,
		    "an object runs past the end; its version may be of "
		    "another length than it says");
	if (object == LWM2M_ID_NONE)
		return image_fault(out, at, "object 65535 is none");
	if (!first && (major != g->card_major || minor != g->card_minor))
		return image_foreign(
		    out, at, "its objects are not all of one version");
	g->card_major = major;
	g->card_minor = minor;
	rc = tlv_decode(LWM2M_OBJECT(object), tlv, &out->scratch,
	    out->entries + *count, out->entry_cap - *count, &n);
	*count += n;
	if (rc == RC_MALFORMED || (rc == RC_OK && n == 0))
		return image_fault(out, at, "not the TLV of object instances");
	return rc;
}

static enum rc
read_smartcard(struct span bytes, struct image_reading *out)
{
	struct writer again;
	struct reader r;
	size_t objects, size, count = 0;
	enum rc rc = RC_OK;

	reader_init(&r, bytes);
	objects = reader_be(&r, 2);
	size = reader_be(&r, 2);
	if (r.bad || size > reader_left(&r) || size > SIZE_MAX_LEN)
		return image_fault(out, 2, "its size is not that of the file");
	if (!bytes_erased(span_from(bytes, HEAD_LEN + size)))
		return image_fault(out, HEAD_LEN + size,
		    "something stands behind its end that is not FF");
	r.end = r.p + size;
	for (size_t i = 0; i < objects && rc == RC_OK; i++)
		rc = read_object(&r, out, i == 0, bytes.p, &count);
	if (rc != RC_OK)
		return rc;
	if (reader_left(&r) > 0)
		return image_fault(
		    out, 0, "there is more in it than the objects it counts");
	rc = image_take(out, count);
	if (rc != RC_OK)
		return rc;
	again = image_room(out);
	if (put_file(&out->image, &out->geometry, &again) != RC_OK ||
	    !span_equal(writer_span(&again), span_of(bytes.p, HEAD_LEN + size)))
		return image_fault(out, HEAD_LEN,
		    "TLV, but not in its one form: shortest numbers and "
		    "lengths, ascending");
	out->geometry.partition_len =
	    bytes.len > HEAD_LEN + size ? bytes.len : 0;
	return RC_OK;
}

const struct image_format image_smartcard = {
    .name = "tlv-smartcard",
    .summary = "the bootstrap file of a smartcard (LwM2M Core, Appendix G)",
    .extension = "card.bin",
    .options = IMAGE_OPTION_PARTITION | IMAGE_OPTION_CARD_VERSION,
    .guess = guess_smartcard,
    .write = write_smartcard,
    .read = read_smartcard,
};
