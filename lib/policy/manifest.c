#include "policy/manifest.h"

#include "base/text.h"

#include <string.h>

enum { HEX_LEN = 2 * DIGEST_LEN };

const char *
policy_name_fault(struct span name)
{
	if (name.len == 0 || name.len > POLICY_NAME_MAX)
		return "a file's name is 1 to 1023 bytes";
	/* sha256sum takes it for its standard input */
	if (span_is(name, "-"))
		return "no manifest can have a file named \"-\"";
	if (!text_utf8_valid(name))
		return "no manifest can have a name that is not UTF-8";
	for (size_t i = 0; i < name.len; i++)
		if (name.p[i] < 0x20 || name.p[i] == 0x7f || name.p[i] == '\\')
			return "no manifest can have a name with control "
			       "characters or a backslash";
	return NULL;
}

enum rc
policy_manifest(const struct policy_set *s, struct arena *a, struct span *out)
{
	size_t len = 0;
	struct writer w;
	uint8_t *buf;

	for (size_t i = 0; i < s->file_count; i++)
		len += HEX_LEN + 2 + strlen(s->files[i].name) + 1;
	buf = arena_alloc(a, len);
	if (!buf)
		return RC_MEMORY;
	writer_init(&w, buf, len);
	for (size_t i = 0; i < s->file_count; i++) {
		text_hex(&w, span_of(s->files[i].sha256, DIGEST_LEN));
		writer_str(&w, "  ");
		writer_str(&w, s->files[i].name);
		writer_str(&w, "\n");
	}
	*out = writer_span(&w);
	return w.full ? RC_BUG : RC_OK;
}

/* Small digits alone: a digest has one text. */
static bool
unhex(struct span text, uint8_t out[static DIGEST_LEN])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < text.len; i++) {
		const char *at =
		    text.p[i] ? strchr(digits, (char)text.p[i]) : NULL;

		if (!at)
			return false;
		out[i / 2] = (uint8_t)(out[i / 2] << 4 | (at - digits));
	}
	return true;
}

enum rc
policy_manifest_next(struct span *rest, struct policy_manifest_line *out)
{
	const uint8_t *end =
	    rest->len > 0 ? memchr(rest->p, '\n', rest->len) : NULL;
	struct span line;

	if (!end)
		return RC_MALFORMED;
	line = span_of(rest->p, (size_t)(end - rest->p));
	if (line.len < HEX_LEN + 2 || line.p[HEX_LEN] != ' ' ||
	    line.p[HEX_LEN + 1] != ' ' ||
	    !unhex(span_of(line.p, HEX_LEN), out->sha256))
		return RC_MALFORMED;
	out->name = span_from(line, HEX_LEN + 2);
	if (policy_name_fault(out->name))
		return RC_MALFORMED;
	*rest = span_from(*rest, line.len + 1);
	return RC_OK;
}
