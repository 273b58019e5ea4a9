/* placeholders filled in: what they stand for, each as its place wants it. */
#include "policy/placeholder.h"

#include "base/text.h"
#include "policy/match.h"

#include <stdio.h>

enum { VALUE_MAX = 256 /* bytes: POLICY_ENDPOINT_MAX and less */ };

static void
device_text(struct span *out, const char *text)
{
	*out = text ? span_str(text) : SPAN_LIT("");
}

struct placeholder_values
placeholder_device(const struct policy_set *set, struct span endpoint)
{
	const struct policy_device *d =
	    set ? policy_device_find(set, endpoint) : NULL;
	struct placeholder_values v = {.endpoint = endpoint};

	device_text(&v.model, d ? d->model : NULL);
	device_text(&v.batch, d ? d->batch : NULL);
	return v;
}

void
placeholder_sample(struct placeholder_values *v)
{
	if (v->model.len == 0)
		v->model = SPAN_LIT("model");
	if (v->batch.len == 0)
		v->batch = SPAN_LIT("batch");
}

/* RFC 3986 section 2.3: what may stand for itself everywhere. */
static bool
is_unreserved(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
	    c == '~';
}

static enum rc
put_percent(struct writer *w, struct span value)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t dots = 0;

	for (size_t i = 0; i < value.len; i++) {
		uint8_t c = value.p[i];

		dots += c == '.';
		if (is_unreserved(c))
			writer_be(w, c, 1);
		else
			writer_fmt(w, "%%%c%c", hex[c >> 4], hex[c & 15]);
	}
	/* "." and ".." are ways through a path, however they are encoded (RFC
	 * 3986 section 6.2.2.3), and nothing at all is another path */
	return dots == value.len ? RC_DENIED : RC_OK;
}

static enum rc
put_escaped(struct writer *w, struct span value)
{
	uint8_t room[6 * VALUE_MAX + 2];
	struct writer quoted;

	writer_init(&quoted, room, sizeof(room));
	text_quote(&quoted, value);
	if (quoted.full)
		return RC_TOO_LARGE;
	writer_put(w, span_of(quoted.buf + 1, quoted.len - 2));
	return RC_OK;
}

static enum rc
put_visible(struct writer *w, struct span value)
{
	for (size_t i = 0; i < value.len; i++)
		if (value.p[i] < 0x20 || value.p[i] >= 0x7f)
			return RC_DENIED;
	writer_put(w, value);
	return RC_OK;
}

static enum rc
put(struct writer *w, enum placeholder_form form, struct span value)
{
	switch (form) {
	case FORM_PLAIN:
		writer_put(w, value);
		break;
	case FORM_PERCENT:
		return put_percent(w, value);
	case FORM_JSON:
		return put_escaped(w, value);
	case FORM_HEADER:
		return put_visible(w, value);
	}
	return RC_OK;
}

static struct span
value_of(const struct placeholder_values *v, enum placeholder name,
    char ssid[static 8])
{
	switch (name) {
	case PLACEHOLDER_ENDPOINT:
		return v->endpoint;
	case PLACEHOLDER_MODEL:
		return v->model;
	case PLACEHOLDER_BATCH:
		return v->batch;
	case PLACEHOLDER_POLICY:
		return v->policy;
	case PLACEHOLDER_NAME:
		return v->name;
	case PLACEHOLDER_SSID:
		(void)snprintf(ssid, 8, "%u", (unsigned)v->ssid);
		return v->ssid ? span_str(ssid) : SPAN_LIT("");
	}
	return SPAN_LIT("");
}

enum rc
placeholder_expand(struct writer *w, struct span text,
    enum placeholder_form form, const struct placeholder_values *v,
    const char **missing)
{
	const struct writer was = *w;
	enum rc rc = RC_OK;
	struct span value;
	struct piece p;
	char ssid[8];

	while (rc == RC_OK && piece_next(&text, &p)) {
		if (p.kind == PIECE_TEXT) {
			writer_put(w, p.text);
			continue;
		}
		if (p.kind == PIECE_UNKNOWN) {
			writer_fmt(w, "{%.*s}", SPAN_FMT(p.text));
			continue;
		}
		value = value_of(v, p.name, ssid);
		rc = value.len ? put(w, form, value) : RC_NOT_FOUND;
		if (rc == RC_NOT_FOUND && missing)
			*missing = placeholder_word(p.name);
	}
	if (rc == RC_OK && w->full)
		rc = RC_TOO_LARGE;
	if (rc != RC_OK)
		*w = was;
	return rc;
}
