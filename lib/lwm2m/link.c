#include "lwm2m/link.h"

void
link_reader_init(struct link_reader *r, struct span body)
{
	*r = (struct link_reader){.rest = body};
}

static bool
is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct span
trim(struct span s)
{
	while (s.len > 0 && is_space(s.p[0]))
		s = span_from(s, 1);
	while (s.len > 0 && is_space(s.p[s.len - 1]))
		s.len--;
	return s;
}

/**
 * Bytes up to the first `stop` outside quotes, or all. A new link (",</")
 * ends a quoted string too: no URI holds that, and a quote that a client has
 * forgotten then costs one link and not all that follow.
 */
static size_t
length_to(struct span s, uint8_t stop)
{
	struct span new_link = SPAN_LIT(",</");
	bool quoted = false;

	for (size_t i = 0; i < s.len; i++) {
		uint8_t c = s.p[i];

		if (span_starts(span_from(s, i), new_link))
			return i;
		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && c == stop)
			return i;
	}
	return s.len;
}

/** Cut what stands before the next `stop` off `s`, and the stop with it. */
static struct span
take_to(struct span *s, uint8_t stop)
{
	size_t len = length_to(*s, stop);
	struct span head = span_of(s->p, len);

	*s = span_from(*s, len + 1);
	return trim(head);
}

/** The content of quotes, or the bare token; false when a quote is open. */
static bool
unquote(struct span s, struct span *out)
{
	*out = s;
	if (s.len == 0 || s.p[0] != '"')
		return true;
	*out = span_of(s.p + 1, s.len > 1 ? s.len - 2 : 0);
	return s.len > 1 && s.p[s.len - 1] == '"';
}

/** One `name=value` after the target; unknown names are passed over. */
static bool
read_parameter(struct span text, struct lwm2m_link *out)
{
	struct span value = text;
	struct span name = take_to(&value, '=');
	uint64_t number;

	if (!unquote(trim(value), &value))
		return false;
	if (span_is(name, "ssid")) {
		/*
		 * A /0 instance without ssid is taken for the bootstrap
		 * account: one that cannot be read must not become that.
		 */
		if (out->has_ssid || !span_decimal(value, UINT16_MAX, &number))
			return false;
		out->has_ssid = true;
		out->ssid = (uint16_t)number;
	} else if (span_is(name, "uri")) {
		out->uri = value;
	} else if (span_is(name, "ver") || span_is(name, "lwm2m")) {
		out->version = value;
	}
	return true;
}

/** "</0/1>" or "</0/1/>" to a path, an instance's at most. */
static bool
read_target(struct span text, struct lwm2m_path *out)
{
	if (text.len < 3 || text.p[0] != '<' || text.p[text.len - 1] != '>')
		return false;
	text = span_of(text.p + 1, text.len - 2);
	if (text.len > 2 && text.p[text.len - 1] == '/')
		text.len--;
	return path_parse(text, out) == RC_OK && path_depth(*out) <= 2;
}

static bool
read_link(struct span text, struct lwm2m_link *out)
{
	struct span first = take_to(&text, ';');

	*out = (struct lwm2m_link){.path = LWM2M_ROOT};
	/* LwM2M 1.0 shows the enabler's version without a target. */
	if (span_starts(first, SPAN_LIT("lwm2m="))) {
		if (!read_parameter(first, out))
			return false;
	} else if (!read_target(first, &out->path)) {
		return false;
	}
	while (text.len > 0) {
		if (!read_parameter(take_to(&text, ';'), out))
			return false;
	}
	return true;
}

bool
link_next(struct link_reader *r, struct lwm2m_link *out)
{
	while (r->rest.len > 0) {
		struct span text = take_to(&r->rest, ',');

		/* A comma too many is nothing, not a broken link. */
		if (text.len == 0)
			continue;
		if (read_link(text, out))
			return true;
		r->skipped++;
	}
	return false;
}
