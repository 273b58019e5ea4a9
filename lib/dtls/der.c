#include "dtls/der.h"

#include "base/cursor.h"

enum {
	TAG_LONG = 0x1f, /* a tag of several bytes */
	LEN_LONG = 0x80,
	LEN_BYTES_MAX = 3, /* objects below 16 MB */
};

bool
der_next(struct span *in, struct der *out)
{
	struct reader r;
	uint64_t len;

	reader_init(&r, *in);
	out->tag = (uint8_t)reader_be(&r, 1);
	len = reader_be(&r, 1);
	if (len & LEN_LONG) {
		size_t width = (size_t)(len & ~(uint64_t)LEN_LONG);

		if (width == 0 || width > LEN_BYTES_MAX)
			return false;
		len = reader_be(&r, width);
		/* The one spelling: no byte more than it takes. */
		if (len < LEN_LONG || len >> (width - 1) * 8 == 0)
			return false;
	}
	out->value = reader_take(&r, (size_t)len);
	if (r.bad || (out->tag & TAG_LONG) == TAG_LONG)
		return false;
	out->raw = span_of(in->p, (size_t)(r.p - in->p));
	*in = span_from(*in, out->raw.len);
	return true;
}

bool
der_next_tag(struct span *in, uint8_t tag, struct der *out)
{
	struct span rest = *in;

	if (!der_next(&rest, out) || out->tag != tag)
		return false;
	*in = rest;
	return true;
}
