/**
 * text.h - text codecs: hex, base64, base64url and quoting (JSON, CSV).
 *
 * Hex and base64 run in time that depends on the length alone, because keys
 * pass through them: no table, no branch on a byte. What a decoder has written
 * before it finds a fault is wiped, and the writer is as it was before. Quoting
 * makes anything a peer has named printable.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/cursor.h"

/** Append lower-case hex. */
void text_hex(struct writer *w, struct span bytes);

/** Append base64 (RFC 4648 section 4) with padding. */
void text_base64(struct writer *w, struct span bytes);

/** Append base64url (RFC 4648 section 5) without padding. */
void text_base64url(struct writer *w, struct span bytes);

/**
 * Decode hex, either case, even length. Appends to `w`.
 * Errors: RC_MALFORMED, RC_TOO_LARGE (does not fit).
 */
MUST_CHECK enum rc text_unhex(struct writer *w, struct span text);

/**
 * Decode base64 or base64url, padded or not, no white space, appending to `w`.
 * One text has one spelling: no mixture of the two alphabets, and the bits
 * that pad the last character are zero (RFC 4648 section 3.5).
 * Errors: RC_MALFORMED, RC_TOO_LARGE.
 */
MUST_CHECK enum rc text_unbase64(struct writer *w, struct span text);

/** True when `s` is well-formed UTF-8 (RFC 3629), no NUL. */
bool text_utf8_valid(struct span s);

/** True when text_quote leaves `s` as it is, but for quotes and backslashes:
 *  UTF-8 without controls, line separators and the format characters that hide
 *  or reorder the text around them. */
bool text_printable(struct span s);

/**
 * The front of `s`: at most `characters` of it and at most `bytes`, no
 * character cut in two. A byte that is not UTF-8 counts as a character. For
 * what a peer has named, before it stands in a row or a line.
 */
struct span text_cut(struct span s, size_t characters, size_t bytes);

/**
 * Append `s` in double quotes as a JSON string (RFC 8259 section 7). Control
 * characters, quotes and backslashes are escaped, bytes that are not UTF-8
 * stand as \\u00XX of the single byte, so any bytes of a peer print safely and
 * no line break or terminal escape survives. Bidirectional and other
 * format controls (U+200E.., U+202A.., U+2066..) are escaped too.
 */
void text_quote(struct writer *w, struct span s);

/**
 * Append what a JSON string stands for: with its quotes, or what is between
 * them. `w` is as it was after an error.
 * Errors: RC_MALFORMED, RC_TOO_LARGE (does not fit).
 */
MUST_CHECK enum rc text_unquote(struct writer *w, struct span quoted);
MUST_CHECK enum rc text_unescape(struct writer *w, struct span escaped);

/**
 * Append what text_quote has written, both quotes included, as one field of CSV
 * (RFC 4180 section 2): in quotes, those within doubled, the escapes left as
 * they are. What a spreadsheet would take for the begin of a formula ('=', '+',
 * '-', '@') stands as \\u00XX. At most 6 bytes for each byte that text_quote
 * was given, and 2.
 */
void text_csv(struct writer *w, struct span quoted);

#endif
