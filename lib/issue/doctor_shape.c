#include "issue/doctor_shape.h"

#include "base/text.h"
#include "issue/doctor_form.h"

static void
as_it_is(struct writer *w, struct span key)
{
	writer_put(w, key);
}

static void
hex_lower(struct writer *w, struct span key)
{
	text_hex(w, key);
}

/* No branch on a digit: it is a key's. */
static void
hex_upper(struct writer *w, struct span key)
{
	size_t from = w->len;

	text_hex(w, key);
	for (size_t i = from; i < w->len; i++)
		w->buf[i] = (uint8_t)(w->buf[i] - ((w->buf[i] & 0x40) >> 1));
}

static void
hex_0x(struct writer *w, struct span key)
{
	writer_str(w, "0x");
	text_hex(w, key);
}

static void
hex_0x_upper(struct writer *w, struct span key)
{
	writer_str(w, "0x");
	hex_upper(w, key);
}

static void
hex_quoted(struct writer *w, struct span key)
{
	writer_str(w, "\"");
	text_hex(w, key);
	writer_str(w, "\"");
}

static void
with_colons(struct writer *w, struct span key, shape_fn hex)
{
	for (size_t i = 0; i < key.len; i++) {
		if (i > 0)
			writer_str(w, ":");
		hex(w, span_of(key.p + i, 1));
	}
}

static void
hex_colons(struct writer *w, struct span key)
{
	with_colons(w, key, hex_lower);
}

static void
hex_colons_upper(struct writer *w, struct span key)
{
	with_colons(w, key, hex_upper);
}

static void
hex_twice(struct writer *w, struct span key)
{
	uint8_t once[2 * FORM_KEY_MAX];
	struct writer hex;

	writer_init(&hex, once, sizeof(once));
	text_hex(&hex, key);
	text_hex(w, writer_span(&hex));
	w->full |= hex.full;
	secret_wipe(once, sizeof(once));
}

static void
base64_unpadded(struct writer *w, struct span key)
{
	text_base64(w, key);
	while (w->len > 0 && w->buf[w->len - 1] == '=')
		w->len--;
}

/* All hex digits are of base64's alphabet, too. */
static void
hex_as_base64(struct writer *w, struct span key)
{
	uint8_t text[2 * FORM_KEY_MAX];
	struct writer hex;

	writer_init(&hex, text, sizeof(text));
	text_hex(&hex, key);
	if (hex.full || text_unbase64(w, writer_span(&hex)))
		w->full = true;
	secret_wipe(text, sizeof(text));
}

static void
reversed_by(struct writer *w, struct span key, size_t word)
{
	for (size_t at = 0; at < key.len; at += word) {
		size_t n = key.len - at < word ? key.len - at : word;

		for (size_t i = n; i > 0; i--)
			writer_be(w, key.p[at + i - 1], 1);
	}
}

static void
reversed(struct writer *w, struct span key)
{
	reversed_by(w, key, key.len);
}

static void
reversed_words(struct writer *w, struct span key)
{
	reversed_by(w, key, 4);
}

static void
reversed_pairs(struct writer *w, struct span key)
{
	reversed_by(w, key, 2);
}

static void
nibbles(struct writer *w, struct span key)
{
	for (size_t i = 0; i < key.len; i++)
		writer_be(w, (uint8_t)(key.p[i] << 4 | key.p[i] >> 4), 1);
}

static const char decode_hex[] =
    "Have the device, or whoever puts the key into it, decode the hex text to "
    "bytes first.";
static const char decode_base64[] =
    "Have the device, or whoever puts the key into it, decode the base64 text "
    "to bytes first.";
static const char mend_order[] =
    "Mend the byte order where the key is put into the device or read from "
    "its flash.";

const struct shape shapes[SHAPES] = {
    {"key", "The device used its key", "", as_it_is},
    {"hex-ascii", "The device used the ASCII form of its hex key", decode_hex,
	hex_lower},
    {"hex-ascii-upper",
	"The device used the ASCII form of its hex key in capitals", decode_hex,
	hex_upper},
    {"base64-ascii", "The device used the ASCII form of its base64 key",
	decode_base64, text_base64},
    {"base64-unpadded",
	"The device used the ASCII form of its base64 key without the padding",
	decode_base64, base64_unpadded},
    {"base64url-ascii", "The device used the ASCII form of its base64url key",
	decode_base64, text_base64url},
    {"hex-0x", "The device used the ASCII form of its hex key with 0x",
	decode_hex, hex_0x},
    {"hex-0x-upper",
	"The device used the ASCII form of its hex key in capitals with 0x",
	decode_hex, hex_0x_upper},
    {"hex-quoted", "The device used the ASCII form of its hex key in quotes",
	decode_hex, hex_quoted},
    {"hex-colons", "The device used the ASCII form of its hex key with colons",
	decode_hex, hex_colons},
    {"hex-colons-upper",
	"The device used the ASCII form of its hex key in capitals with colons",
	decode_hex, hex_colons_upper},
    {"hex-twice", "The device used a key that was written as hex twice",
	decode_hex, hex_twice},
    {"hex-as-base64", "The device decoded its hex key as if it were base64",
	"Have the device decode the text as hex, or give it the key as base64.",
	hex_as_base64},
    {"reversed", "The device used its key with the bytes in reverse order",
	mend_order, reversed},
    {"reversed-words",
	"The device used its key with the bytes of each 32-bit word reversed",
	mend_order, reversed_words},
    {"reversed-pairs",
	"The device used its key with the bytes of each 16-bit word reversed",
	mend_order, reversed_pairs},
    {"nibbles",
	"The device used its key with the hex digits of each byte "
	"swapped",
	mend_order, nibbles},
};
