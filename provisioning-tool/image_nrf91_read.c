#include "image_nrf91.h"

#include "base/text.h"

#include <stdio.h>

enum {
	BOOTSTRAP_INSTANCE = 1,
	SERVER_INSTANCE = 2,
	CREDENTIALS_MAX = 10, /* entries of two accounts */
};

/** A script that is being read. */
struct script {
	struct image_reading *r;
	struct span text;
	size_t at;
	struct nrf91_credentials accounts[2]; /**< server, bootstrap */
};

/** Take `text` if it comes next. */
static bool
take(struct script *s, const char *text)
{
	if (!span_starts(span_from(s->text, s->at), span_str(text)))
		return false;
	s->at += strlen(text);
	return true;
}

static bool
take_number(struct script *s, uint64_t max, uint64_t *out)
{
	size_t len = 0;

	while (s->at + len < s->text.len && s->text.p[s->at + len] >= '0' &&
	    s->text.p[s->at + len] <= '9')
		len++;
	if (!span_decimal(span_of(s->text.p + s->at, len), max, out))
		return false;
	s->at += len;
	return true;
}

/** What stands up to the next quote, which is taken, too. */
static bool
take_content(struct script *s, struct span *out)
{
	const uint8_t *from = s->text.p + s->at;
	const uint8_t *end = memchr(from, '"', s->text.len - s->at);

	if (!end)
		return false;
	*out = span_of(from, (size_t)(end - from));
	s->at += out->len + 1;
	return true;
}

/** What was appended to scratch since `start`. */
static struct span
since(const struct writer *w, size_t start)
{
	return span_of(w->buf + start, w->len - start);
}

/** The DER of a PEM block that is all of `text`. */
static bool
read_pem(
    struct script *s, struct span text, const char *label, struct span *out)
{
	struct writer *w = &s->r->scratch;
	char begin[64], end[64];
	size_t start, joined;
	struct span body;

	snprintf(begin, sizeof(begin), "-----BEGIN %s-----\r\n", label);
	snprintf(end, sizeof(end), "-----END %s-----", label);
	if (!span_starts(text, span_str(begin)) ||
	    text.len < strlen(begin) + strlen(end))
		return false;
	body = span_from(text, strlen(begin));
	body.len -= strlen(end);
	if (!span_equal(span_of(body.p + body.len, strlen(end)), span_str(end)))
		return false;
	joined = w->len;
	for (size_t i = 0; i < body.len; i++)
		if (body.p[i] != '\r' && body.p[i] != '\n')
			writer_put(w, span_of(body.p + i, 1));
	body = since(w, joined);
	start = w->len;
	if (w->full || text_unbase64(w, body) != RC_OK)
		return false;
	*out = since(w, start);
	return true;
}

static bool
read_hex(struct script *s, struct span text, struct span *out)
{
	struct writer *w = &s->r->scratch;
	size_t start = w->len;

	if (text_unhex(w, text) != RC_OK)
		return false;
	*out = since(w, start);
	return true;
}

/** A line `0,TAG,TYPE,"CONTENT"`, behind the tag. */
static bool
take_write(struct script *s, struct nrf91_credentials *c)
{
	struct span text;
	uint64_t type;

	if (!take(s, ",") || !take_number(s, NRF91_TYPE_IDENTITY, &type) ||
	    !take(s, ",\"") || !take_content(s, &text))
		return false;
	c->mode = type == NRF91_TYPE_PSK || type == NRF91_TYPE_IDENTITY
	    ? MODE_PSK
	    : MODE_CERTIFICATE;
	switch (type) {
	case NRF91_TYPE_CA:
		return read_pem(s, text, NRF91_CERTIFICATE, &c->server);
	case NRF91_TYPE_CERTIFICATE:
		return read_pem(s, text, NRF91_CERTIFICATE, &c->identity);
	case NRF91_TYPE_KEY:
		return read_pem(s, text, NRF91_KEY, &c->key);
	case NRF91_TYPE_PSK:
		return read_hex(s, text, &c->key);
	default:
		c->identity = text;
		return true;
	}
}

static bool
take_command(struct script *s)
{
	struct nrf91_credentials *c;
	uint64_t op, tag, type;

	if (!take(s, "AT%CMNG=") || !take_number(s, 3, &op) || !take(s, ",") ||
	    !take_number(s, NRF91_TAG_MAX, &tag))
		return false;
	if (tag != s->r->geometry.security_tag &&
	    tag != s->r->geometry.server_tag)
		return false;
	c = &s->accounts[tag == s->r->geometry.security_tag];
	c->known = true;
	if (op == 0 && !take_write(s, c))
		return false;
	if (op == 3 &&
	    (!take(s, ",") || !take_number(s, NRF91_TYPE_IDENTITY, &type)))
		return false;
	return op != 2 && take(s, "\r\n");
}

static size_t
entries_of(
    const struct nrf91_credentials *c, bool bootstrap, struct lwm2m_entry *e)
{
	struct lwm2m_path p = LWM2M_INSTANCE(
	    OBJECT_SECURITY, bootstrap ? BOOTSTRAP_INSTANCE : SERVER_INSTANCE);
	const struct {
		uint16_t resource;
		struct span bytes;
	} all[] = {
	    {SECURITY_IDENTITY, c->identity},
	    {SECURITY_SERVER_KEY, c->server},
	    {SECURITY_SECRET_KEY, c->key},
	};
	size_t n = 0;

	p.resource = SECURITY_BOOTSTRAP;
	e[n++] = (struct lwm2m_entry){p, LWM2M_VALUE_BOOLEAN(bootstrap)};
	p.resource = SECURITY_MODE;
	e[n++] = (struct lwm2m_entry){p, LWM2M_VALUE_INTEGER(c->mode)};
	for (size_t i = 0; i < 3; i++) {
		p.resource = all[i].resource;
		if (all[i].bytes.p)
			e[n++] = (struct lwm2m_entry){
			    p, LWM2M_VALUE_OPAQUE(all[i].bytes)};
	}
	return n;
}

enum rc
image_nrf91_read(struct span bytes, struct image_reading *r)
{
	struct script s = {.r = r, .text = bytes};
	struct writer again;
	const char *why;
	size_t count = 0;
	enum rc rc;

	if (r->geometry.security_tag == r->geometry.server_tag)
		return image_foreign(r, 0, "the two security tags are one");
	if (!take(&s, "AT+CFUN=4\r\n"))
		return image_fault(r, 0, "it does not begin with AT+CFUN=4");
	while (s.at < bytes.len) {
		size_t line = s.at;

		if (!take_command(&s))
			return image_fault(r, line,
			    "no AT%CMNG command of an image, or of another "
			    "security tag");
	}
	if (r->entry_cap < CREDENTIALS_MAX)
		return RC_TOO_LARGE;
	if (s.accounts[1].known)
		count += entries_of(&s.accounts[1], true, r->entries);
	if (s.accounts[0].known)
		count += entries_of(&s.accounts[0], false, r->entries + count);
	rc = image_take(r, count);
	if (rc != RC_OK)
		return rc;
	again = image_room(r);
	if (nrf91_script(&r->image, &r->geometry, &again, &why) != RC_OK ||
	    !span_equal(writer_span(&again), bytes)) {
		return image_fault(r, 0,
		    "commands of an image, but not in its one form: what is "
		    "needed for the mode, each once, in their order");
	}
	return RC_OK;
}
