/*
 * The modem of an nRF91 keeps credentials itself, under a security tag; they
 * are written by AT commands, a line each with CR LF:
 *
 *   AT+CFUN=4                             credentials are written offline only
 *   AT%CMNG=3,TAG,TYPE                    delete; ERROR where there is nothing
 *   AT%CMNG=0,TAG,TYPE,"CONTENT"          write
 *   AT%CMNG=1,TAG                         list, to see that it is there
 *
 * with types 0 CA certificate, 1 client certificate, 2 its key (PEM), 3 PSK (in
 * hex), 4 PSK identity (text). Nothing else of an account is in it: address and
 * mode stand in the firmware.
 */
#include "image_format.h"

#include "base/text.h"
#include "lwm2m/entry.h"

#include <stdio.h>

enum {
	TYPE_CA = 0,
	TYPE_CERTIFICATE = 1,
	TYPE_KEY = 2,
	TYPE_PSK = 3,
	TYPE_IDENTITY = 4,
	TAG_MAX = 2147483647,
	PSK_MIN = 16, /* bytes */
	PSK_MAX = 32, /* bytes, of the vendor's library */
	IDENTITY_MAX = 128, /* bytes */
	PEM_COLUMNS = 64,
	BOOTSTRAP_INSTANCE = 1,
	SERVER_INSTANCE = 2,
	PER_INSTANCE = 2, /* levels of a path */
};

static const char certificate_label[] = "CERTIFICATE",
		  key_label[] = "PRIVATE KEY";

/** The credentials of one instance of /0. */
struct credentials {
	bool bootstrap;
	bool known; /**< it says which it is */
	int64_t mode;
	struct span identity, server, key; /**< /0/x/3, 4, 5; .p NULL: none */
};

static struct credentials
credentials_of(const struct lwm2m_entry *e, size_t count)
{
	struct credentials c = {.mode = -1};

	for (size_t i = 0; i < count; i++) {
		const struct lwm2m_value *v = &e[i].value;
		bool bytes = v->type == LWM2M_OPAQUE;

		if (e[i].path.resource == SECURITY_BOOTSTRAP &&
		    v->type == LWM2M_BOOLEAN) {
			c.bootstrap = v->boolean;
			c.known = true;
		} else if (e[i].path.resource == SECURITY_MODE &&
		    v->type == LWM2M_INTEGER) {
			c.mode = v->integer;
		} else if (e[i].path.resource == SECURITY_IDENTITY && bytes) {
			c.identity = v->bytes;
		} else if (e[i].path.resource == SECURITY_SERVER_KEY && bytes) {
			c.server = v->bytes;
		} else if (e[i].path.resource == SECURITY_SECRET_KEY && bytes) {
			c.key = v->bytes;
		}
	}
	return c;
}

static void
put_write(struct writer *w, uint32_t tag, int type)
{
	writer_fmt(w, "AT%%CMNG=0,%u,%d,\"", (unsigned)tag, type);
}

/* text_hex has lower-case digits only, and no branch on them: nor has this */
static void
put_hex(struct writer *w, struct span bytes)
{
	size_t start = w->len;

	text_hex(w, bytes);
	for (size_t i = start; i < w->len; i++)
		w->buf[i] = (uint8_t)(w->buf[i] - (w->buf[i] >> 6 << 5));
}

static void
put_pem(struct writer *w, const char *label, struct span der)
{
	enum { LINE = PEM_COLUMNS / 4 * 3 };

	writer_fmt(w, "-----BEGIN %s-----\r\n", label);
	for (; der.len > 0; der = span_from(der, LINE)) {
		text_base64(w, span_of(der.p, der.len < LINE ? der.len : LINE));
		writer_str(w, "\r\n");
	}
	writer_fmt(w, "-----END %s-----", label);
}

/** A certificate or key goes as it is, if it is one of DER from its first byte
 *  to its last. */
static bool
is_der(struct span s)
{
	struct reader r;
	size_t len;

	reader_init(&r, s);
	if (reader_be(&r, 1) != 0x30)
		return false;
	len = reader_be(&r, 1);
	if (len == 0x81)
		len = reader_be(&r, 1);
	else if (len == 0x82)
		len = reader_be(&r, 2);
	else if (len >= 0x80)
		return false;
	return !r.bad && len == reader_left(&r);
}

static bool
is_plain_text(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < ' ' || s.p[i] > '~' || s.p[i] == '"')
			return false;
	return s.len > 0 && s.len <= IDENTITY_MAX;
}

static enum rc
put_psk(struct writer *w, uint32_t tag, const struct credentials *c,
    const char **why)
{
	if (c->server.p || !is_plain_text(c->identity) ||
	    c->key.len < PSK_MIN || c->key.len > PSK_MAX) {
		*why = "the modem takes an identity of 1 to 128 printable "
		       "ASCII characters and a key of 16 to 32 bytes";
		return c->key.len > PSK_MAX || c->identity.len > IDENTITY_MAX
		    ? RC_TOO_LARGE
		    : RC_UNSUPPORTED;
	}
	writer_fmt(w, "AT%%CMNG=3,%u,4\r\n", (unsigned)tag);
	writer_fmt(w, "AT%%CMNG=3,%u,3\r\n", (unsigned)tag);
	put_write(w, tag, TYPE_IDENTITY);
	writer_put(w, c->identity);
	writer_str(w, "\"\r\n");
	put_write(w, tag, TYPE_PSK);
	put_hex(w, c->key);
	writer_str(w, "\"\r\n");
	return RC_OK;
}

static enum rc
put_certificates(struct writer *w, uint32_t tag, const struct credentials *c,
    const char **why)
{
	const struct {
		struct span der;
		const char *label;
	} all[] = {
	    [TYPE_CA] = {c->server, certificate_label},
	    [TYPE_CERTIFICATE] = {c->identity, certificate_label},
	    [TYPE_KEY] = {c->key, key_label},
	};

	for (int type = TYPE_CA; type <= TYPE_KEY; type++) {
		if (type == TYPE_CA && !all[type].der.p)
			continue;
		if (!is_der(all[type].der)) {
			*why = "a certificate or its key is not one of DER";
			return RC_UNSUPPORTED;
		}
		put_write(w, tag, type);
		put_pem(w, all[type].label, all[type].der);
		writer_str(w, "\"\r\n");
	}
	return RC_OK;
}

static enum rc
put_account(struct writer *w, const struct image_geometry *g,
    const struct credentials *c, const char **why)
{
	uint32_t tag = c->bootstrap ? g->security_tag : g->server_tag;
	enum rc rc;

	if (tag > TAG_MAX) {
		*why = "a security tag is at most 2147483647";
		return RC_UNSUPPORTED;
	}
	if (c->mode == MODE_PSK)
		rc = put_psk(w, tag, c, why);
	else
		rc = put_certificates(w, tag, c, why);
	writer_fmt(w, "AT%%CMNG=1,%u\r\n", (unsigned)tag);
	return rc;
}

static enum rc
put_script(const struct image *image, const struct image_geometry *g,
    struct writer *w, const char **why)
{
	const struct lwm2m_entry *e = image->entries;
	size_t left = image->entry_count, n;
	bool seen[2] = {false, false};
	enum rc rc = RC_OK;

	writer_str(w, "AT+CFUN=4\r\n");
	for (; left > 0 && rc == RC_OK; e += n, left -= n) {
		struct credentials c;

		n = entries_run(e, left, PER_INSTANCE);
		if (e->path.object != OBJECT_SECURITY)
			continue;
		c = credentials_of(e, n);
		if (!c.known || seen[c.bootstrap] ||
		    (c.mode != MODE_PSK && c.mode != MODE_CERTIFICATE)) {
			*why = "there is a tag for one bootstrap and one "
			       "server account, with a key or a certificate";
			return RC_UNSUPPORTED;
		}
		seen[c.bootstrap] = true;
		rc = put_account(w, g, &c, why);
	}
	if (rc == RC_OK && !seen[0] && !seen[1])
		return RC_UNSUPPORTED;
	return rc == RC_OK && w->full ? RC_TOO_LARGE : rc;
}

static enum rc
write_nrf91_at(
    const struct image *image, struct image_writing *g, struct writer *w)
{
	if (!image_valid(image))
		return RC_MALFORMED;
	return put_script(image, g->geometry, w, &g->why);
}

static bool
guess_nrf91_at(struct span bytes)
{
	return span_starts(bytes, SPAN_LIT("AT+CFUN=4\r\n"));
}

/** A script that is being read. */
struct script {
	struct image_reading *r;
	struct span text;
	size_t at;
	struct credentials accounts[2]; /**< server, bootstrap */
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
take_write(struct script *s, struct credentials *c)
{
	struct span text;
	uint64_t type;

	if (!take(s, ",") || !take_number(s, TYPE_IDENTITY, &type) ||
	    !take(s, ",\"") || !take_content(s, &text))
		return false;
	c->mode = type == TYPE_PSK || type == TYPE_IDENTITY ? MODE_PSK
							    : MODE_CERTIFICATE;
	switch (type) {
	case TYPE_CA:
		return read_pem(s, text, certificate_label, &c->server);
	case TYPE_CERTIFICATE:
		return read_pem(s, text, certificate_label, &c->identity);
	case TYPE_KEY:
		return read_pem(s, text, key_label, &c->key);
	case TYPE_PSK:
		return read_hex(s, text, &c->key);
	default:
		c->identity = text;
		return true;
	}
}

static bool
take_command(struct script *s)
{
	struct credentials *c;
	uint64_t op, tag, type;

	if (!take(s, "AT%CMNG=") || !take_number(s, 3, &op) || !take(s, ",") ||
	    !take_number(s, TAG_MAX, &tag))
		return false;
	if (tag != s->r->geometry.security_tag &&
	    tag != s->r->geometry.server_tag)
		return false;
	c = &s->accounts[tag == s->r->geometry.security_tag];
	c->known = true;
	if (op == 0 && !take_write(s, c))
		return false;
	if (op == 3 && (!take(s, ",") || !take_number(s, TYPE_IDENTITY, &type)))
		return false;
	return op != 2 && take(s, "\r\n");
}

static size_t
entries_of(const struct credentials *c, bool bootstrap, struct lwm2m_entry *e)
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

static enum rc
read_nrf91_at(struct span bytes, struct image_reading *r)
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
	if (r->entry_cap < 10)
		return RC_TOO_LARGE;
	if (s.accounts[1].known)
		count += entries_of(&s.accounts[1], true, r->entries);
	if (s.accounts[0].known)
		count += entries_of(&s.accounts[0], false, r->entries + count);
	rc = image_take(r, count);
	if (rc != RC_OK)
		return rc;
	again = image_room(r);
	if (put_script(&r->image, &r->geometry, &again, &why) != RC_OK ||
	    !span_equal(writer_span(&again), bytes)) {
		return image_fault(r, 0,
		    "commands of an image, but not in its one form: what is "
		    "needed for the mode, each once, in their order");
	}
	return RC_OK;
}

const struct image_format image_nrf91_at = {
    .name = "nrf91-at",
    .summary = "AT commands that put the credentials into an nRF91's modem",
    .extension = "at.txt",
    .text = true,
    .credentials_only = true,
    .options = IMAGE_OPTION_SECURITY_TAG,
    .guess = guess_nrf91_at,
    .write = write_nrf91_at,
    .read = read_nrf91_at,
};
