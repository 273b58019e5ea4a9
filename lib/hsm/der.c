/* X.690, the distinguished encoding: tags, lengths and what they hold. */
#include "hsm/der.h"

enum {
	LONG_FORM = 0x80,
	LENGTH_MAX_BYTES = 4,
};

void
der_fault_print(const struct der_fault *f, struct writer *w)
{
	if (f->what)
		writer_fmt(
		    w, "%s: %s, at byte %zu", f->clause, f->what, f->offset);
}

void
der_reader_init(
    struct der_reader *r, struct span input, struct der_fault *fault)
{
	static const uint8_t nothing[1];

	*fault = (struct der_fault){0};
	r->base = r->p = input.p ? input.p : nothing;
	r->end = r->p + input.len;
	r->clause = "X.690 8.1";
	r->fault = fault;
}

bool
der_ok(const struct der_reader *r)
{
	return r->fault->what == NULL;
}

static void
fail(struct der_reader *r, const uint8_t *at, const char *clause,
    const char *what)
{
	if (der_ok(r)) {
		r->fault->what = what;
		r->fault->clause = clause;
		r->fault->offset = (size_t)(at - r->base);
	}
	r->p = r->end;
}

void
der_fail_at(struct der_reader *r, const uint8_t *at, const char *what)
{
	fail(r, at, r->clause, what);
}

void
der_fail(struct der_reader *r, const char *what)
{
	fail(r, r->p, r->clause, what);
}

uint8_t
der_peek(const struct der_reader *r)
{
	return der_ok(r) && r->p < r->end ? *r->p : 0;
}

/* X.690 8.1.3 and 10.1; false after a fault. */
static bool
read_length(struct der_reader *r, size_t *len)
{
	const uint8_t *at = r->p;
	unsigned count;

	if (at == r->end) {
		fail(r, at, "X.690 8.1.3", "ends before a length");
		return false;
	}
	*len = *r->p++;
	if (*len < LONG_FORM)
		return true;
	count = (unsigned)*len & 0x7f;
	if (count == 0 || count > LENGTH_MAX_BYTES) {
		fail(r, at, "X.690 10.1",
		    count ? "a length above all bounds"
			  : "an indefinite length");
		return false;
	}
	if ((size_t)(r->end - r->p) < count) {
		fail(r, at, "X.690 8.1.3", "ends in a length");
		return false;
	}
	for (*len = 0; count; count--)
		*len = *len << 8 | *r->p++;
	if (*len < LONG_FORM ||
	    (at[0] > 0x81 && *len >> (8 * (at[0] - 0x81)) == 0)) {
		fail(r, at, "X.690 10.1", "a length not in its shortest form");
		return false;
	}
	return true;
}

struct span
der_take_any(struct der_reader *r, uint8_t *tag)
{
	const uint8_t *at = r->p;
	struct span contents;
	size_t len;

	*tag = 0;
	if (!der_ok(r))
		return span_of(NULL, 0);
	if (at == r->end) {
		der_fail(r, "ends before a value");
		return span_of(NULL, 0);
	}
	if ((*at & 0x1f) == 0x1f) {
		fail(r, at, "X.690 8.1.2.4", "a tag of several bytes");
		return span_of(NULL, 0);
	}
	r->p++;
	if (!read_length(r, &len))
		return span_of(NULL, 0);
	if (len > (size_t)(r->end - r->p)) {
		fail(r, at, "X.690 8.1.3",
		    "a length beyond the end of what holds it");
		return span_of(NULL, 0);
	}
	*tag = *at;
	contents = span_of(r->p, len);
	r->p += len;
	return contents;
}

struct span
der_take(struct der_reader *r, uint8_t tag)
{
	const uint8_t *at = r->p;
	uint8_t seen;
	struct span contents = der_take_any(r, &seen);

	if (!der_ok(r))
		return span_of(NULL, 0);
	if (seen != tag) {
		der_fail_at(r, at, "another type than belongs here");
		return span_of(NULL, 0);
	}
	return contents;
}

struct span
der_take_whole(struct der_reader *r, uint8_t tag)
{
	const uint8_t *at = r->p;

	(void)der_take(r, tag);
	return der_ok(r) ? span_of(at, (size_t)(r->p - at)) : span_of(NULL, 0);
}

struct der_reader
der_enter(struct der_reader *r, uint8_t tag)
{
	struct der_reader inner = *r;
	struct span contents = der_take(r, tag);

	inner.p = inner.end = r->end;
	if (der_ok(r)) {
		inner.p = contents.p;
		inner.end = contents.p + contents.len;
	}
	return inner;
}

void
der_end(struct der_reader *r)
{
	if (der_ok(r) && r->p != r->end)
		der_fail(r, "more than belongs here");
}

struct span
der_unsigned(struct der_reader *r, size_t max, bool zero)
{
	const uint8_t *at = r->p;
	struct span v = der_take(r, DER_INTEGER);

	if (!der_ok(r))
		return v;
	if (v.len == 0)
		fail(r, at, "X.690 8.3.1", "a number without digits");
	else if (v.len > 1 && v.p[0] == 0 && v.p[1] < 0x80)
		fail(r, at, "X.690 8.3.2", "a number not in its shortest form");
	else if (v.p[0] >= 0x80)
		der_fail_at(r, at, "a negative number");
	else if (v.p[0] == 0)
		v = span_from(v, 1);
	if (der_ok(r) && v.len == 0 && !zero)
		der_fail_at(r, at, "the number zero");
	if (der_ok(r) && v.len > max)
		der_fail_at(r, at, "a number too large");
	return der_ok(r) ? v : span_of(NULL, 0);
}

unsigned
der_small(struct der_reader *r, uint8_t tag, unsigned max)
{
	const uint8_t *at = r->p;
	struct span v = der_take(r, tag);
	unsigned n = 0;

	if (!der_ok(r))
		return 0;
	if (v.len == 0)
		fail(r, at, "X.690 8.3.1", "a number without digits");
	else if (v.len > 1 && v.p[0] == 0 && v.p[1] < 0x80)
		fail(r, at, "X.690 8.3.2", "a number not in its shortest form");
	else if (v.p[0] >= 0x80)
		der_fail_at(r, at, "a negative number");
	else if (v.len > 4)
		der_fail_at(r, at, "a number too large");
	for (size_t i = 0; der_ok(r) && i < v.len; i++)
		n = n << 8 | v.p[i];
	if (der_ok(r) && n > max)
		der_fail_at(r, at, "a number too large");
	return der_ok(r) ? n : 0;
}

bool
der_boolean(struct der_reader *r)
{
	const uint8_t *at = r->p;
	struct span v = der_take(r, DER_BOOLEAN);

	if (!der_ok(r))
		return false;
	if (v.len != 1 || (v.p[0] != 0 && v.p[0] != 0xff)) {
		fail(r, at, "X.690 11.1", "neither 00 nor ff");
		return false;
	}
	return v.p[0] != 0;
}

struct span
der_bits(struct der_reader *r, unsigned *unused)
{
	const uint8_t *at = r->p;
	struct span v = der_take(r, DER_BIT_STRING);

	*unused = 0;
	if (!der_ok(r))
		return v;
	if (v.len == 0 || v.p[0] > 7 || (v.len == 1 && v.p[0])) {
		fail(r, at, "X.690 8.6.2", "a bad count of unused bits");
		return span_of(NULL, 0);
	}
	*unused = v.p[0];
	if (v.p[v.len - 1] & ((1u << *unused) - 1) && v.len > 1) {
		fail(r, at, "X.690 11.2.1", "unused bits that are set");
		return span_of(NULL, 0);
	}
	return span_from(v, 1);
}

unsigned
der_named_bits(struct der_reader *r)
{
	const uint8_t *at = r->p;
	unsigned unused, bits = 0;
	struct span v = der_bits(r, &unused);

	if (!der_ok(r))
		return 0;
	if (v.len > 2)
		der_fail_at(r, at, "more bits than have a name");
	else if (v.len && !(v.p[v.len - 1] >> unused & 1))
		fail(r, at, "X.690 11.2.2", "zero bits at its end");
	for (unsigned i = 0; der_ok(r) && i < 8 * v.len; i++)
		if (v.p[i / 8] >> (7 - i % 8) & 1)
			bits |= 1u << i;
	return bits;
}

struct span
der_oid(struct der_reader *r)
{
	const uint8_t *at = r->p;
	struct span v = der_take(r, DER_OID);
	bool start = true;

	if (!der_ok(r))
		return v;
	for (size_t i = 0; i < v.len; i++) {
		if (start && v.p[i] == 0x80)
			fail(r, at, "X.690 8.19.2",
			    "an arc not in its "
			    "shortest form");
		start = v.p[i] < 0x80;
	}
	if (der_ok(r) && (v.len == 0 || !start))
		fail(r, at, "X.690 8.19.2", "an arc that does not end");
	return der_ok(r) ? v : span_of(NULL, 0);
}

size_t
der_open(struct writer *w, uint8_t tag)
{
	writer_be(w, tag, 1);
	writer_be(w, 0, 1);
	return w->len;
}

void
der_close(struct writer *w, size_t at)
{
	size_t len = w->len - at;
	unsigned bytes = 0;

	if (w->full)
		return;
	if (len < LONG_FORM) {
		w->buf[at - 1] = (uint8_t)len;
		return;
	}
	for (size_t n = len; n; n >>= 8)
		bytes++;
	if (!writer_skip(w, bytes))
		return;
	memmove(w->buf + at + bytes, w->buf + at, len);
	w->buf[at - 1] = (uint8_t)(LONG_FORM | bytes);
	for (unsigned i = 0; i < bytes; i++)
		w->buf[at + i] = (uint8_t)(len >> (8 * (bytes - 1 - i)));
}

void
der_put(struct writer *w, uint8_t tag, struct span contents)
{
	size_t at = der_open(w, tag);

	writer_put(w, contents);
	der_close(w, at);
}

void
der_put_unsigned(struct writer *w, struct span bytes)
{
	size_t at = der_open(w, DER_INTEGER);

	while (bytes.len && bytes.p[0] == 0)
		bytes = span_from(bytes, 1);
	if (bytes.len == 0 || bytes.p[0] >= 0x80)
		writer_be(w, 0, 1);
	writer_put(w, bytes);
	der_close(w, at);
}

void
der_put_small(struct writer *w, uint8_t tag, uint64_t v)
{
	uint8_t bytes[9] = {0};
	size_t from = 1, at = der_open(w, tag);

	for (size_t i = 0; i < 8; i++)
		bytes[8 - i] = (uint8_t)(v >> (8 * i));
	while (from < 8 && bytes[from] == 0)
		from++;
	if (bytes[from] >= 0x80)
		from--;
	writer_put(w, span_of(bytes + from, 9 - from));
	der_close(w, at);
}

void
der_put_named_bits(struct writer *w, unsigned bits)
{
	uint8_t v[3] = {0};
	unsigned last = 0;

	for (unsigned i = 0; i < 16; i++) {
		if (!(bits >> i & 1))
			continue;
		v[1 + i / 8] |= (uint8_t)(0x80 >> i % 8);
		last = i + 1;
	}
	v[0] = (uint8_t)((8 - last % 8) % 8);
	der_put(w, DER_BIT_STRING, span_of(v, 1 + (last + 7) / 8));
}
