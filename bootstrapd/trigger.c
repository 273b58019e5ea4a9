#include "trigger.h"

#include "base/text.h"

#include <stdio.h>

/** How a name stands in its place. */
typedef enum rc (*put_fn)(struct writer *w, struct span value);

static bool
is_alnum(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9');
}

/** RFC 3986 section 2.3: what may stand for itself everywhere. */
static bool
is_unreserved(uint8_t c)
{
	return is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
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
	uint8_t room[6 * POLICY_ENDPOINT_MAX + 2];
	struct writer quoted;

	writer_init(&quoted, room, sizeof(room));
	text_quote(&quoted, value);
	if (quoted.full)
		return RC_TOO_LARGE;
	writer_put(w, span_of(quoted.buf + 1, quoted.len - 2));
	return RC_OK;
}

static bool
is_visible(uint8_t c)
{
	return c >= 0x20 && c < 0x7f;
}

static enum rc
put_visible(struct writer *w, struct span value)
{
	for (size_t i = 0; i < value.len; i++)
		if (!is_visible(value.p[i]))
			return RC_DENIED;
	writer_put(w, value);
	return RC_OK;
}

/** The name that `pattern` begins with, its length; 0: none. */
static size_t
name_at(const char *pattern, const struct trigger_names *names,
    char ssid[static 8], struct span *value)
{
	const struct {
		const char *word;
		struct span value;
	} all[] = {
	    {"{endpoint}", names->endpoint},
	    {"{name}", names->name},
	    {"{ssid}", span_str(ssid)},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		size_t len = strlen(all[i].word);

		if (strncmp(pattern, all[i].word, len) == 0) {
			*value = all[i].value;
			return len;
		}
	}
	return 0;
}

static enum rc
expand(struct writer *w, const char *pattern, const struct trigger_names *names,
    put_fn put, size_t most)
{
	const struct writer was = *w;
	struct span value;
	char ssid[8];
	enum rc rc = RC_OK;

	snprintf(ssid, sizeof(ssid), "%u", (unsigned)names->ssid);
	while (rc == RC_OK && *pattern) {
		size_t len = name_at(pattern, names, ssid, &value);

		if (len > 0)
			rc = put(w, value);
		else
			writer_be(w, (uint8_t)*pattern, 1);
		pattern += len > 0 ? len : 1;
	}
	if (rc == RC_OK && (w->full || w->len - was.len > most))
		rc = RC_TOO_LARGE;
	if (rc != RC_OK)
		*w = was;
	return rc;
}

enum rc
trigger_method(struct writer *w, const struct policy_trigger *t)
{
	const char *method = t->method ? t->method : "POST";
	size_t len = strlen(method);

	if (len == 0 || len > TRIGGER_METHOD_MAX)
		return RC_CONFIG;
	for (size_t i = 0; i < len; i++)
		if (method[i] < 'A' || method[i] > 'Z')
			return RC_CONFIG;
	if (w->full || w->cap - w->len < len)
		return RC_TOO_LARGE;
	writer_str(w, method);
	return RC_OK;
}

/** Behind the host, or NULL: no URL of ours. Who names the host names who gets
 *  the Authorization, so no device has a say in it. */
static const char *
behind_host(const char *url)
{
	static const char *const schemes[] = {"http://", "https://"};

	for (size_t i = 0; i < 2; i++) {
		size_t len = strlen(schemes[i]), host;

		if (strncmp(url, schemes[i], len) != 0)
			continue;
		host = strcspn(url + len, "/?#");
		if (host == 0 || memchr(url + len, '{', host) ||
		    memchr(url + len, '@', host))
			return NULL;
		return url + len + host;
	}
	return NULL;
}

enum rc
trigger_url(struct writer *w, const struct policy_trigger *t,
    const struct trigger_names *names)
{
	if (!t->url || !behind_host(t->url))
		return RC_CONFIG;
	for (const char *c = t->url; *c; c++)
		if (!is_visible((uint8_t)*c) || *c == ' ')
			return RC_CONFIG;
	return expand(w, t->url, names, put_percent, TRIGGER_URL_MAX);
}

/** "Name: value" (RFC 9110 section 5.1). */
static bool
is_header(const char *pattern)
{
	size_t len = strcspn(pattern, ":");

	if (len == 0 || pattern[len] != ':')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_alnum((uint8_t)pattern[i]) &&
		    !strchr("!#$%&'*+-.^_`|~", pattern[i]))
			return false;
	/* what the policy's author writes may be of any language */
	for (const char *c = pattern + len; *c; c++)
		if ((uint8_t)*c < 0x20 || (uint8_t)*c == 0x7f)
			return false;
	return true;
}

enum rc
trigger_header(
    struct writer *w, const char *pattern, const struct trigger_names *names)
{
	if (!is_header(pattern))
		return RC_CONFIG;
	return expand(w, pattern, names, put_visible, TRIGGER_HEADER_MAX);
}

enum rc
trigger_body(struct writer *w, const struct policy_trigger *t,
    const struct trigger_names *names)
{
	return t->body
	    ? expand(w, t->body, names, put_escaped, TRIGGER_BODY_MAX)
	    : RC_OK;
}
