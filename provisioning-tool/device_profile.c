#include "device_profile.h"

#include "policy/match.h"

/** A text of the profile with the endpoint in it, appended to `w`. */
static struct span
expand(struct writer *w, const char *pattern, struct span endpoint)
{
	size_t from = w->len;

	template_expand(w, pattern, endpoint);
	return span_of(w->buf + from, w->len - from);
}

static enum cert_attribute
attribute(const char *name)
{
	static const char *const names[] = {
	    [CERT_CN] = "CN",
	    [CERT_O] = "O",
	    [CERT_OU] = "OU",
	    [CERT_C] = "C",
	    [CERT_L] = "L",
	    [CERT_ST] = "ST",
	};

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0)
			return (enum cert_attribute)i;
	return CERT_SERIAL_NUMBER;
}

/** Has it a scheme, and nothing that no URI has (RFC 3986)? */
static bool
is_uri(struct span s)
{
	const uint8_t *colon = s.len ? memchr(s.p, ':', s.len) : NULL;

	if (!colon || colon == s.p || colon == s.p + s.len - 1)
		return false;
	for (const uint8_t *c = s.p; c < colon; c++) {
		bool letter =
		    (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z');

		if (!letter &&
		    (c == s.p || !*c || !strchr("+-.0123456789", *c)))
			return false;
	}
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] <= 0x20 || s.p[i] >= 0x7f ||
		    strchr("\"<>\\^`{|}", s.p[i]))
			return false;
	return true;
}

enum rc
device_profile(const struct policy_certificate *from, struct span endpoint,
    struct device_profile *out)
{
	struct cert_profile *p = &out->profile;
	struct writer w;

	writer_init(&w, out->room, sizeof(out->room));
	cert_profile_init(p, CERT_DEVICE);
	p->eku = (from->client_auth ? CERT_CLIENT_AUTH : 0u) |
	    (from->server_auth ? CERT_SERVER_AUTH : 0u);
	p->key_usage = from->digital_signature ? CERT_DIGITAL_SIGNATURE : 0u;
	p->key_ids = from->key_ids;
	p->backdate_s = from->backdate_s;
	p->validity_s = from->validity_s == POLICY_FOREVER ? CERT_FOREVER
							   : from->validity_s;
	for (size_t i = 0; i < from->subject_count; i++)
		p->subject[p->subject_count++] =
		    (struct cert_rdn){attribute(from->subject[i].attribute),
			expand(&w, from->subject[i].value, endpoint)};
	if (from->san_uri) {
		struct span uri = expand(&w, from->san_uri, endpoint);

		if (is_uri(uri))
			p->san[p->san_count++] =
			    (struct cert_name){CERT_NAME_URI, uri};
	}
	if (from->san_dns)
		p->san[p->san_count++] = (struct cert_name){
		    CERT_NAME_DNS, expand(&w, from->san_dns, endpoint)};
	return w.full ? RC_TOO_LARGE : RC_OK;
}
