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
#include "image_nrf91.h"

#include "base/text.h"
#include "lwm2m/entry.h"

enum {
	PSK_MIN = 16, /* bytes */
	PSK_MAX = 32, /* bytes, of the vendor's library */
	IDENTITY_MAX = 128, /* bytes */
	PEM_COLUMNS = 64,
	PER_INSTANCE = 2, /* levels of a path */
};

static struct nrf91_credentials
credentials_of(const struct lwm2m_entry *e, size_t count)
{
	struct nrf91_credentials c = {.mode = -1};

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
put_psk(struct writer *w, uint32_t tag, const struct nrf91_credentials *c,
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
	put_write(w, tag, NRF91_TYPE_IDENTITY);
	writer_put(w, c->identity);
	writer_str(w, "\"\r\n");
	put_write(w, tag, NRF91_TYPE_PSK);
	put_hex(w, c->key);
	writer_str(w, "\"\r\n");
	return RC_OK;
}

static enum rc
put_certificates(struct writer *w, uint32_t tag,
    const struct nrf91_credentials *c, const char **why)
{
	const struct {
		struct span der;
		const char *label;
	} all[] = {
	    [NRF91_TYPE_CA] = {c->server, NRF91_CERTIFICATE},
	    [NRF91_TYPE_CERTIFICATE] = {c->identity, NRF91_CERTIFICATE},
	    [NRF91_TYPE_KEY] = {c->key, NRF91_KEY},
	};

	for (int type = NRF91_TYPE_CA; type <= NRF91_TYPE_KEY; type++) {
		if (type == NRF91_TYPE_CA && !all[type].der.p)
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
    const struct nrf91_credentials *c, const char **why)
{
	uint32_t tag = c->bootstrap ? g->security_tag : g->server_tag;
	enum rc rc;

	if (tag > NRF91_TAG_MAX) {
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

enum rc
nrf91_script(const struct image *image, const struct image_geometry *g,
    struct writer *w, const char **why)
{
	const struct lwm2m_entry *e = image->entries;
	size_t left = image->entry_count, n;
	bool seen[2] = {false, false};
	enum rc rc = RC_OK;

	writer_str(w, "AT+CFUN=4\r\n");
	for (; left > 0 && rc == RC_OK; e += n, left -= n) {
		struct nrf91_credentials c;

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
	return nrf91_script(image, g->geometry, w, &g->why);
}

static bool
guess_nrf91_at(struct span bytes)
{
	return span_starts(bytes, SPAN_LIT("AT+CFUN=4\r\n"));
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
    .read = image_nrf91_read,
};
