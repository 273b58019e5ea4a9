#include "trigger.h"

static bool
is_alnum(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9');
}

static bool
is_visible(uint8_t c)
{
	return c >= 0x20 && c < 0x7f;
}

static enum rc
expand(struct writer *w, const char *pattern,
    const struct placeholder_values *values, enum placeholder_form form,
    size_t most)
{
	const struct writer was = *w;
	enum rc rc =
	    placeholder_expand(w, span_str(pattern), form, values, NULL);

	if (rc == RC_OK && w->len - was.len > most)
		rc = RC_TOO_LARGE;
	if (rc != RC_OK)
		*w = was;
	return rc == RC_NOT_FOUND ? RC_DENIED : rc;
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
    const struct placeholder_values *names)
{
	if (!t->url || !behind_host(t->url))
		return RC_CONFIG;
	for (const char *c = t->url; *c; c++)
		if (!is_visible((uint8_t)*c) || *c == ' ')
			return RC_CONFIG;
	return expand(w, t->url, names, FORM_PERCENT, TRIGGER_URL_MAX);
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
trigger_header(struct writer *w, const char *pattern,
    const struct placeholder_values *names)
{
	if (!is_header(pattern))
		return RC_CONFIG;
	return expand(w, pattern, names, FORM_HEADER, TRIGGER_HEADER_MAX);
}

enum rc
trigger_body(struct writer *w, const struct policy_trigger *t,
    const struct placeholder_values *names)
{
	return t->body ? expand(w, t->body, names, FORM_JSON, TRIGGER_BODY_MAX)
		       : RC_OK;
}
