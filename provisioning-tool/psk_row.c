#include "psk_row.h"

#include "base/text.h"

/* A space there is a slip of whoever made the list, and would be a part of the
 * name for ever. */
static bool
is_padded(struct span s)
{
	return memchr(" \t\r\n", s.p[0], 4) ||
	    memchr(" \t\r\n", s.p[s.len - 1], 4);
}

static const char *
check_names(const struct psk_row *row)
{
	if (row->endpoint.len == 0)
		return "the endpoint is missing; name one";
	if (is_padded(row->endpoint) || is_padded(row->identity))
		return "a space stands at the begin or end of endpoint or "
		       "identity; take it out";
	if (row->endpoint.len > PSK_ENDPOINT_MAX)
		return "the endpoint is longer than 252 bytes; no device can "
		       "send it";
	if (!text_utf8_valid(row->endpoint))
		return "the endpoint is not UTF-8; save the list as UTF-8";
	if (!text_printable(row->endpoint))
		return "the endpoint has a control or invisible character; "
		       "take it out";
	if (row->identity.len > PSK_IDENTITY_MAX)
		return "the identity is longer than 128 bytes; see whether "
		       "its column is the right one";
	if (memchr(row->identity.p, 0, row->identity.len))
		return "the identity has a NUL byte; take it out";
	return NULL;
}

/** One byte over and over: what stands where a key was forgotten. */
static bool
is_monotone(struct span key)
{
	uint8_t differ = 0;

	for (size_t i = 1; i < key.len; i++)
		differ |= key.p[i] ^ key.p[0];
	return differ == 0;
}

static const char *
key_fault(enum rc rc, enum psk_encoding encoding, struct span key)
{
	if (rc == RC_TOO_LARGE)
		return "the key is longer than 64 bytes; 16 to 64 are expected";
	if (rc != RC_OK && encoding == PSK_HEX)
		return "the key is not hexadecimal; say --key-encoding base64 "
		       "if it is that";
	if (rc != RC_OK)
		return "the key is not base64; say --key-encoding hex if it "
		       "is hexadecimal";
	if (key.len < PSK_KEY_MIN)
		return "the key is shorter than 16 bytes; 16 to 64 are "
		       "expected";
	if (is_monotone(key))
		return "the key is one byte over and over, which is none; ask "
		       "the vendor for it";
	return NULL;
}

enum rc
psk_row_read(const struct psk_record *r, enum psk_encoding encoding,
    struct psk_row *row, const char **fault)
{
	struct span text = r->cells[PSK_KEY];
	struct writer w;
	enum rc rc;

	row->endpoint = r->cells[PSK_ENDPOINT];
	row->identity = r->cells[PSK_IDENTITY];
	if (row->identity.len == 0)
		row->identity = row->endpoint;
	*fault = r->fault ? r->fault : check_names(row);
	if (!*fault && text.len == 0)
		*fault = "the key is missing; ask the vendor for it";
	if (*fault)
		return RC_MALFORMED;
	if (encoding == PSK_ENCODING_NONE)
		encoding = r->encoding;
	if (encoding == PSK_ENCODING_NONE)
		encoding = PSK_HEX;
	rc = secret_reserve(&row->key, PSK_KEY_MAX);
	if (rc != RC_OK)
		return rc;
	writer_init(&w, row->key.bytes, row->key.cap);
	rc = encoding == PSK_HEX ? text_unhex(&w, text)
				 : text_unbase64(&w, text);
	row->key.len = rc == RC_OK ? w.len : 0;
	*fault = key_fault(rc, encoding, writer_span(&w));
	return *fault ? RC_MALFORMED : RC_OK;
}
