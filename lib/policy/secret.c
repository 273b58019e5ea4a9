#include "policy/secret.h"

enum { LABEL_MAX = 64 /* bytes of "EC PRIVATE KEY-----" and its like */ };

/* RFC 7468 sections 10 and 11, and what OpenSSL has besides: "EC ", "RSA ". */
bool
secret_in_file(struct span bytes)
{
	const struct span begin = SPAN_LIT("-----BEGIN ");
	const struct span what = SPAN_LIT("PRIVATE KEY");

	while (bytes.p && bytes.len > 0) {
		const uint8_t *at =
		    memmem(bytes.p, bytes.len, begin.p, begin.len);
		const uint8_t *end;
		struct span label;

		if (!at)
			return false;
		bytes = span_from(bytes, (size_t)(at - bytes.p) + begin.len);
		label = bytes;
		if (label.len > LABEL_MAX)
			label.len = LABEL_MAX;
		end = label.len ? memchr(label.p, '\n', label.len) : NULL;
		if (end)
			label.len = (size_t)(end - label.p);
		if (label.p && memmem(label.p, label.len, what.p, what.len))
			return true;
	}
	return false;
}

/* RFC 3986, 3.2.1: `://user:password@`; a user alone is no secret. */
static bool
has_password(struct span s)
{
	const uint8_t *at = s.p ? memmem(s.p, s.len, "://", 3) : NULL;
	bool colon = false;

	if (!at)
		return false;
	s = span_from(s, (size_t)(at - s.p) + 3);
	for (size_t i = 0; i < s.len; i++) {
		if (strchr("/?# ", s.p[i]))
			return false;
		if (s.p[i] == '@')
			return colon;
		colon |= s.p[i] == ':';
	}
	return false;
}

/* What characters a text has. */
struct kinds {
	size_t digits, lower, upper, hex, base64;
};

static struct kinds
count(struct span s)
{
	struct kinds k = {0};

	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.p[i];
		bool digit = c >= '0' && c <= '9';
		bool lower = c >= 'a' && c <= 'z';
		bool upper = c >= 'A' && c <= 'Z';

		k.digits += digit;
		k.lower += lower;
		k.upper += upper;
		k.hex += digit || (lower && c <= 'f') || (upper && c <= 'F');
		k.base64 += digit || lower || upper || c == '+' || c == '/';
	}
	return k;
}

static bool
is_key_length(size_t bytes)
{
	return bytes == 16 || bytes == 24 || bytes == 32 || bytes == 48 ||
	    bytes == 64;
}

/* All digits is a serial number, all letters a word; names of people and things
 * are rarely of three kinds of characters and none besides. */
static bool
is_likely(struct span s)
{
	struct kinds k;
	size_t padding = 0;

	if (s.len < 22 || s.len > 128)
		return false;
	k = count(s);
	if (k.hex == s.len && s.len % 2 == 0 && is_key_length(s.len / 2))
		return k.digits > 0 && k.digits < s.len;
	while (padding < 2 && s.p[s.len - 1] == '=') {
		s.len--;
		padding++;
	}
	return k.base64 == s.len && k.digits > 0 && k.lower > 0 &&
	    k.upper > 0 && is_key_length(s.len * 3 / 4) &&
	    (padding == 0 || (s.len + padding) % 4 == 0);
}

enum secret_kind
secret_in_value(struct span value)
{
	static const char *const before[] = {"hex:", "b64:", "0x"};

	if (secret_in_file(value))
		return SECRET_PEM;
	if (has_password(value))
		return SECRET_PASSWORD;
	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++)
		if (span_starts(value, span_str(before[i])))
			value = span_from(value, strlen(before[i]));
	return is_likely(value) ? SECRET_LIKELY : SECRET_NONE;
}

static bool
is_word(uint8_t c)
{
	return c > ' ' && !strchr("\"'{}[],", c);
}

bool
secret_in_text(struct span line)
{
	while (line.len > 0) {
		size_t n = 0;

		while (n < line.len && is_word(line.p[n]))
			n++;
		if (secret_in_value(span_of(line.p, n)) != SECRET_NONE)
			return true;
		line = span_from(line, n < line.len ? n + 1 : n);
	}
	return false;
}
