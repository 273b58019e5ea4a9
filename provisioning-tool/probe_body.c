/* What experiments write: instances that harm nothing. */
#include "probe.h"

enum {
	SSID = 64001, /* nobody's */
	LIFETIME_S = 86400,
	UNKNOWN_RESOURCE = 200, /* in no version of the object */
	UNKNOWN_OBJECT = 32100,
	ABSENT = 77,
	ENTRIES_MAX = 12,
	/* version to MID, token, the head of Content-Format, the marker */
	HEAD_FIXED = 4 + COAP_TOKEN_MAX + 1 + 1,
	PAD_ROUNDS = 8,
};

/* Nobody is there: RFC 5737. */
#define NOWHERE "coap://192.0.2.1:5683"

struct lwm2m_path
probe_path(const struct probe *p, enum probe_at at)
{
	uint16_t own = p->facts.account < 0 ? 0 : (uint16_t)p->facts.account;

	switch (at) {
	case AT_SECURITY:
		return LWM2M_OBJECT(OBJECT_SECURITY);
	case AT_SECURITY_OURS:
		return LWM2M_INSTANCE(OBJECT_SECURITY, p->facts.security);
	case AT_ACCOUNT:
		return LWM2M_INSTANCE(OBJECT_SECURITY, own);
	case AT_SERVER:
		return LWM2M_OBJECT(OBJECT_SERVER);
	case AT_SERVER_OURS:
		return LWM2M_INSTANCE(OBJECT_SERVER, p->facts.server);
	case AT_SERVER_LIFETIME:
		return LWM2M_RESOURCE(
		    OBJECT_SERVER, p->facts.server, SERVER_LIFETIME);
	case AT_SERVER_ABSENT:
		return LWM2M_INSTANCE(OBJECT_SERVER, ABSENT);
	case AT_ACCESS_CONTROL:
		return LWM2M_OBJECT(OBJECT_ACCESS_CONTROL);
	case AT_DEVICE:
		return LWM2M_OBJECT(OBJECT_DEVICE);
	case AT_NO_OBJECT:
		return LWM2M_OBJECT(UNKNOWN_OBJECT);
	case AT_ROOT:
	case AT_BS:
		break;
	}
	return LWM2M_ROOT;
}

int
probe_format(const struct probe *p, const struct probe_step *s)
{
	if (s->format == FORMAT_NAMED)
		return p->bench.first.pct;
	if (s->format == FORMAT_WORKS)
		return p->facts.works;
	return s->format;
}

/* --- entries ---------------------------------------------------------------- */

struct list {
	struct lwm2m_entry entries[ENTRIES_MAX];
	size_t count;
};

static void
put(struct list *l, uint16_t object, uint16_t instance, uint16_t resource,
    struct lwm2m_value value)
{
	l->entries[l->count++] = (struct lwm2m_entry){
	    LWM2M_RESOURCE(object, instance, resource), value};
}

static void
put_server(struct list *l, uint16_t i, enum probe_body body)
{
	put(l, OBJECT_SERVER, i, SERVER_SSID, LWM2M_VALUE_INTEGER(SSID));
	put(l, OBJECT_SERVER, i, SERVER_LIFETIME,
	    LWM2M_VALUE_INTEGER(LIFETIME_S));
	put(l, OBJECT_SERVER, i, SERVER_STORING, LWM2M_VALUE_BOOLEAN(false));
	put(l, OBJECT_SERVER, i, SERVER_BINDING,
	    LWM2M_VALUE_STRING(SPAN_LIT("U")));
	if (body == BODY_SERVER_11 || body == BODY_SERVER_ZERO) {
		uint64_t count = body == BODY_SERVER_11;

		put(l, OBJECT_SERVER, i, SERVER_BOOTSTRAP_ON_FAILURE,
		    LWM2M_VALUE_BOOLEAN(true));
		put(l, OBJECT_SERVER, i, SERVER_RETRY_COUNT,
		    LWM2M_VALUE_UNSIGNED(count));
		put(l, OBJECT_SERVER, i, SERVER_RETRY_TIMER,
		    LWM2M_VALUE_UNSIGNED(60));
		put(l, OBJECT_SERVER, i, SERVER_SEQUENCE_DELAY,
		    LWM2M_VALUE_UNSIGNED(LIFETIME_S));
		put(l, OBJECT_SERVER, i, SERVER_SEQUENCE_COUNT,
		    LWM2M_VALUE_UNSIGNED(count));
	} else if (body == BODY_SERVER_12) {
		put(l, OBJECT_SERVER, i, SERVER_NOTIFICATION_MODE,
		    LWM2M_VALUE_INTEGER(0));
	} else if (body == BODY_SERVER_UNKNOWN) {
		put(l, OBJECT_SERVER, i, UNKNOWN_RESOURCE,
		    LWM2M_VALUE_INTEGER(1));
	}
}

static void
put_account(struct list *l, uint16_t i, bool keys, struct span padding)
{
	const struct span none = {(const uint8_t *)"", 0};

	put(l, OBJECT_SECURITY, i, SECURITY_URI,
	    LWM2M_VALUE_STRING(SPAN_LIT(NOWHERE)));
	put(l, OBJECT_SECURITY, i, SECURITY_BOOTSTRAP,
	    LWM2M_VALUE_BOOLEAN(false));
	put(l, OBJECT_SECURITY, i, SECURITY_MODE,
	    LWM2M_VALUE_INTEGER(MODE_NOSEC));
	if (keys) {
		put(l, OBJECT_SECURITY, i, SECURITY_IDENTITY,
		    LWM2M_VALUE_OPAQUE(none));
		put(l, OBJECT_SECURITY, i, SECURITY_SERVER_KEY,
		    LWM2M_VALUE_OPAQUE(padding.p ? padding : none));
		put(l, OBJECT_SECURITY, i, SECURITY_SECRET_KEY,
		    LWM2M_VALUE_OPAQUE(none));
	}
	put(l, OBJECT_SECURITY, i, SECURITY_SSID, LWM2M_VALUE_INTEGER(SSID));
}

static void
put_body(const struct probe *p, enum probe_body body, struct span padding,
    struct list *l)
{
	l->count = 0;
	switch (body) {
	case BODY_NONE:
		break;
	case BODY_LIFETIME:
		put(l, OBJECT_SERVER, p->facts.server, SERVER_LIFETIME,
		    LWM2M_VALUE_INTEGER(LIFETIME_S));
		break;
	case BODY_SERVER:
	case BODY_SERVER_11:
	case BODY_SERVER_12:
	case BODY_SERVER_ZERO:
	case BODY_SERVER_UNKNOWN:
		put_server(l, p->facts.server, body);
		break;
	case BODY_ACCOUNT:
	case BODY_ACCOUNT_BARE:
	case BODY_PADDED:
		put_account(
		    l, p->facts.security, body != BODY_ACCOUNT_BARE, padding);
		break;
	}
}

/* --- payloads --------------------------------------------------------------- */

/* Bytes of the payload that make the whole message as large as is asked; of one
 * in blocks, two and a bit of them. */
static size_t
payload_len(const struct probe_step *s, struct lwm2m_path path, int format)
{
	uint8_t text[LWM2M_PATH_TEXT_MAX];
	struct writer w;
	size_t head;

	if (s->message == 0)
		return s->block > 512 ? s->block + 64u : s->block * 2u + 8u;
	writer_init(&w, text, sizeof(text));
	path_print(&w, path);
	/* a slash is as large as its option's head */
	head = HEAD_FIXED + w.len + (format > 0) + (format > UINT8_MAX);
	return s->message > head ? s->message - head : 0;
}

static enum rc
encode(struct probe *p, const struct probe_step *s, struct span padding,
    struct span *out)
{
	struct lwm2m_path path = probe_path(p, s->at);
	struct list l;
	struct writer w;
	enum rc rc;

	put_body(p, s->body, padding, &l);
	writer_init(&w, p->payload, sizeof(p->payload));
	rc = lwm2m_encode(probe_format(p, s) == FORMAT_FOREIGN
		? FORMAT_TLV
		: probe_format(p, s),
	    path, l.entries, l.count, &w);
	*out = writer_span(&w);
	return rc;
}

enum rc
probe_payload(struct probe *p, const struct probe_step *s, struct span *out)
{
	static const uint8_t zeros[PROBE_PAYLOAD_MAX / 2];
	size_t want, pad = 0;
	enum rc rc;

	*out = (struct span){0};
	if (s->body == BODY_NONE)
		return RC_OK;
	if (s->body != BODY_PADDED)
		return encode(p, s, (struct span){0}, out);
	want = payload_len(s, probe_path(p, s->at), probe_format(p, s));
	/* base64 and wider length fields grow by more than the padding */
	for (unsigned i = 0; i < PAD_ROUNDS; i++) {
		rc = encode(p, s, span_of(zeros, pad), out);
		if (rc != RC_OK || out->len == want)
			return rc;
		if (out->len < want)
			pad +=
			    (want - out->len) * 3 / 4 + (want - out->len <= 4);
		else
			pad -= out->len - want < pad ? out->len - want : pad;
		if (pad > sizeof(zeros))
			return RC_TOO_LARGE;
	}
	return encode(p, s, span_of(zeros, pad), out);
}
