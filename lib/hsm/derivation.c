/*
 * The bytes a key is derived from, and the public name of a key. Nothing here
 * talks to a token.
 */
#include "base/text.h"
#include "hsm/hsm_internal.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

enum {
	CONTEXT_VERSION = 1,
	FINGERPRINT_KEY_MIN = 16, /* below, a name could be guessed back */
};

bool
hsm_label_valid(const char *label)
{
	struct span s = span_str(label);

	if (s.len == 0 || s.len > HSM_LABEL_MAX)
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return text_utf8_valid(s);
}

static bool
account_valid(const struct hsm_derivation *d)
{
	switch (d->purpose) {
	case HSM_PURPOSE_BOOTSTRAP:
		return d->short_server_id == 0;
	case HSM_PURPOSE_SERVER:
	case HSM_PURPOSE_OSCORE:
		/* LwM2M Core 1.1 E.2: 0 and 65535 name no server. */
		return d->short_server_id >= 1 && d->short_server_id <= 65534;
	default:
		return false;
	}
}

enum rc
hsm_derivation_context(const struct hsm_derivation *d, struct writer *w)
{
	if (!hsm_label_valid(d->master) || !account_valid(d) || d->epoch == 0 ||
	    d->endpoint.len == 0 || d->endpoint.len > HSM_ENDPOINT_MAX)
		return RC_MALFORMED;
	writer_put(w, SPAN_LIT("lwm2m-bs/psk\0"));
	writer_be(w, CONTEXT_VERSION, 1);
	writer_be(w, (uint64_t)d->purpose, 1);
	writer_be(w, d->short_server_id, 2);
	writer_be(w, d->epoch, 4);
	writer_be(w, d->endpoint.len, 2);
	writer_put(w, d->endpoint);
	return w->full ? RC_BUG : RC_OK;
}

enum rc
hsm_fingerprint(
    const struct secret *key, uint8_t out[static HSM_FINGERPRINT_LEN])
{
	static const char name[] = "lwm2m-bs/fingerprint";
	uint8_t mac[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	bool done;

	if (key->len < FINGERPRINT_KEY_MIN)
		return RC_MALFORMED;
	done = HMAC(EVP_sha256(), key->bytes, (int)key->len,
		   (const uint8_t *)name, sizeof(name) - 1, mac, &len) != NULL;
	if (done)
		memcpy(out, mac, HSM_FINGERPRINT_LEN);
	secret_wipe(mac, sizeof(mac));
	return done ? RC_OK : RC_MEMORY;
}
