#include "lwm2m/cbor.h"

enum major {
	MAJOR_UINT,
	MAJOR_NEGATIVE,
	MAJOR_BYTES,
	MAJOR_TEXT,
	MAJOR_ARRAY,
	MAJOR_MAP,
	MAJOR_TAG,
	MAJOR_OTHER, /* simple values, floats, break */
};

enum {
	INFO_1 = 24, /* the argument follows in 1, 2, 4 or 8 bytes */
	INFO_2 = 25,
	INFO_4 = 26,
	INFO_8 = 27,
	INFO_INDEFINITE = 31,
	SIMPLE_FALSE = 20,
	SIMPLE_TRUE = 21,
	SIMPLE_NULL = 22,
	SIMPLE_UNDEFINED = 23,
};

static void
put_initial(struct writer *w, enum major major, unsigned info)
{
	writer_be(w, (unsigned)major << 5 | info, 1);
}

static void
put_head(struct writer *w, enum major major, uint64_t v)
{
	if (v < INFO_1) {
		put_initial(w, major, (unsigned)v);
	} else if (v <= UINT8_MAX) {
		put_initial(w, major, INFO_1);
		writer_be(w, v, 1);
	} else if (v <= UINT16_MAX) {
		put_initial(w, major, INFO_2);
		writer_be(w, v, 2);
	} else if (v <= UINT32_MAX) {
		put_initial(w, major, INFO_4);
		writer_be(w, v, 4);
	} else {
		put_initial(w, major, INFO_8);
		writer_be(w, v, 8);
	}
}

void
cbor_uint(struct writer *w, uint64_t v)
{
	put_head(w, MAJOR_UINT, v);
}

void
cbor_int(struct writer *w, int64_t v)
{
	/* -1 - v of a negative v is its complement. */
	if (v < 0)
		put_head(w, MAJOR_NEGATIVE, ~(uint64_t)v);
	else
		put_head(w, MAJOR_UINT, (uint64_t)v);
}

void
cbor_bool(struct writer *w, bool v)
{
	put_initial(w, MAJOR_OTHER, v ? SIMPLE_TRUE : SIMPLE_FALSE);
}

void
cbor_float(struct writer *w, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	put_initial(w, MAJOR_OTHER, INFO_8);
	writer_be(w, bits, 8);
}

void
cbor_text(struct writer *w, struct span s)
{
	put_head(w, MAJOR_TEXT, s.len);
	writer_put(w, s);
}

void
cbor_bytes(struct writer *w, struct span s)
{
	put_head(w, MAJOR_BYTES, s.len);
	writer_put(w, s);
}

void
cbor_array(struct writer *w, uint64_t count)
{
	put_head(w, MAJOR_ARRAY, count);
}

void
cbor_map(struct writer *w, uint64_t count)
{
	put_head(w, MAJOR_MAP, count);
}

/** IEEE 754 half to double, by moving its fields to where a double has them. */
static double
real_from_half(uint16_t half)
{
	uint64_t sign = (uint64_t)(half >> 15) << 63;
	uint64_t exponent = half >> 10 & 0x1f;
	uint64_t fraction = half & 0x3ff;
	uint64_t bits;
	double d;

	if (exponent == 0) {
		d = (double)fraction * 0x1p-24;
		return sign ? -d : d;
	}
	exponent = exponent == 0x1f ? 0x7ff : exponent + 1023 - 15;
	bits = sign | exponent << 52 | fraction << 42;
	memcpy(&d, &bits, sizeof(d));
	return d;
}

static double
real_from_bits(unsigned info, uint64_t bits)
{
	uint32_t bits32 = (uint32_t)bits;
	double d;
	float f;

	if (info == INFO_2)
		return real_from_half((uint16_t)bits);
	if (info == INFO_4) {
		memcpy(&f, &bits32, sizeof(f));
		return (double)f;
	}
	memcpy(&d, &bits, sizeof(d));
	return d;
}

static void
other_item(struct reader *r, unsigned info, struct cbor_item *item)
{
	switch (info) {
	case SIMPLE_FALSE:
	case SIMPLE_TRUE:
		item->kind = CBOR_BOOL;
		item->number = info == SIMPLE_TRUE;
		break;
	case SIMPLE_NULL:
	case SIMPLE_UNDEFINED:
		item->kind = CBOR_NULL;
		break;
	case INFO_2:
	case INFO_4:
	case INFO_8:
		item->kind = CBOR_FLOAT;
		item->real = real_from_bits(info, item->number);
		break;
	case INFO_INDEFINITE:
		item->kind = CBOR_BREAK;
		item->indefinite = false;
		break;
	default:
		/* RFC 8949 section 3.3: simple values nobody has assigned. */
		reader_fail(r);
		break;
	}
}

static void
number_item(struct reader *r, struct cbor_item *item, enum cbor_kind kind)
{
	item->kind = kind;
	if (item->indefinite)
		reader_fail(r);
}

static void
string_item(struct reader *r, struct cbor_item *item, enum cbor_kind kind)
{
	item->kind = kind;
	if (item->indefinite)
		return;
	if (item->number > reader_left(r)) {
		reader_fail(r);
		return;
	}
	item->bytes = reader_take(r, (size_t)item->number);
}

/** Each element has a byte at least: no count beyond what is left is true. */
static void
container_item(struct reader *r, struct cbor_item *item, enum cbor_kind kind,
    size_t per_element)
{
	item->kind = kind;
	if (item->number > reader_left(r) / per_element)
		reader_fail(r);
}

enum rc
cbor_next(struct reader *r, struct cbor_item *item)
{
	unsigned initial = (unsigned)reader_be(r, 1);
	enum major major = (enum major)(initial >> 5);
	unsigned info = initial & 0x1f;

	*item = (struct cbor_item){.number = info};
	if (info >= INFO_1 && info <= INFO_8)
		item->number = reader_be(r, (size_t)1 << (info - INFO_1));
	else if (info == INFO_INDEFINITE)
		item->indefinite = true;
	else if (info > INFO_8)
		reader_fail(r);
	if (item->indefinite)
		item->number = 0;

	switch (major) {
	case MAJOR_UINT:
		number_item(r, item, CBOR_UINT);
		break;
	case MAJOR_NEGATIVE:
		number_item(r, item, CBOR_NEGATIVE);
		break;
	case MAJOR_TAG:
		number_item(r, item, CBOR_TAG);
		break;
	case MAJOR_BYTES:
		string_item(r, item, CBOR_BYTES);
		break;
	case MAJOR_TEXT:
		string_item(r, item, CBOR_TEXT);
		break;
	case MAJOR_ARRAY:
		container_item(r, item, CBOR_ARRAY, 1);
		break;
	case MAJOR_MAP:
		container_item(r, item, CBOR_MAP, 2);
		break;
	case MAJOR_OTHER:
		other_item(r, info, item);
		break;
	}
	return r->bad ? RC_MALFORMED : RC_OK;
}

bool
cbor_element(struct reader *r, struct cbor_item *in, struct cbor_item *item)
{
	if (!in->indefinite && in->number == 0)
		return false;
	if (cbor_next(r, item) != RC_OK)
		return false;
	if (item->kind == CBOR_BREAK) {
		if (!in->indefinite)
			reader_fail(r);
		return false;
	}
	if (!in->indefinite)
		in->number--;
	return true;
}

struct span
cbor_whole(struct reader *r, struct cbor_item *item, struct writer *scratch)
{
	size_t from = scratch->len;
	struct cbor_item piece;

	if (!item->indefinite)
		return item->bytes;
	while (cbor_element(r, item, &piece)) {
		if (piece.kind != item->kind || piece.indefinite)
			reader_fail(r);
		else
			writer_put(scratch, piece.bytes);
	}
	return span_from(writer_span(scratch), from);
}

static void skip_rest(struct reader *r, struct cbor_item *item, unsigned depth);

/** Skip the elements of an array, a map's pairs, a string's pieces. */
static void
skip_elements(struct reader *r, struct cbor_item *in, unsigned depth)
{
	bool string = in->kind == CBOR_BYTES || in->kind == CBOR_TEXT;
	struct cbor_item item;

	if (depth == 0) {
		reader_fail(r);
		return;
	}
	while (cbor_element(r, in, &item)) {
		if (string && (item.kind != in->kind || item.indefinite))
			reader_fail(r);
		skip_rest(r, &item, depth - 1);
		if (in->kind != CBOR_MAP)
			continue;
		/* The value of the key just passed: never a break. */
		if (cbor_next(r, &item) != RC_OK || item.kind == CBOR_BREAK)
			reader_fail(r);
		skip_rest(r, &item, depth - 1);
	}
}

/** Skip what belongs to an item whose head has been read. */
static void
skip_rest(struct reader *r, struct cbor_item *item, unsigned depth)
{
	if (r->bad)
		return;
	if (item->kind == CBOR_TAG) {
		/* One element: what is tagged. */
		item->number = 1;
		skip_elements(r, item, depth);
	} else if (item->kind == CBOR_ARRAY || item->kind == CBOR_MAP ||
	    item->indefinite) {
		skip_elements(r, item, depth);
	}
}

enum rc
cbor_skip(struct reader *r, unsigned depth)
{
	struct cbor_item item;

	if (cbor_next(r, &item) != RC_OK || item.kind == CBOR_BREAK)
		reader_fail(r);
	skip_rest(r, &item, depth);
	return r->bad ? RC_MALFORMED : RC_OK;
}
