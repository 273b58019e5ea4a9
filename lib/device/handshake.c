#include "device/handshake.h"

#include "base/digest.h"
#include "dtls/x509.h"

static enum rc
refuse(struct handshake *h, enum rc rc, const char *why)
{
	h->why = why;
	return rc;
}

static enum rc
set_name(struct handshake *h, const struct account *a)
{
	struct uri uri;

	if (a->sni.len > URI_HOST_MAX ||
	    (a->sni.len && memchr(a->sni.p, 0, a->sni.len)))
		return refuse(h, RC_MALFORMED, "an SNI that is no name");
	if (a->sni.len)
		memcpy(h->name, a->sni.p, a->sni.len);
	else if (uri_read(a->uri, &uri) && !uri.literal)
		memcpy(h->name, uri.host, sizeof(h->name));
	h->config.server_name = h->name[0] ? h->name : NULL;
	return RC_OK;
}

/* A digest of what the server has to show, as it stands or made here. */
static struct span
digest_of_server(struct handshake *h, const struct account *a)
{
	if (a->matching != MATCHING_EXACT)
		return a->server_key;
	digest_of(a->server_key, h->digest);
	return span_of(h->digest, sizeof(h->digest));
}

static enum rc
expect_raw(struct handshake *h, const struct account *a)
{
	if (a->matching == MATCHING_EXACT && !x509_is_p256_key(a->server_key))
		return refuse(h, RC_MALFORMED,
		    "a Server Public Key that is no key on P-256");
	h->config.server_raw = true;
	h->config.server_digest = digest_of_server(h, a);
	return RC_OK;
}

static enum rc
expect_certificate(struct handshake *h, const struct account *a)
{
	switch (a->usage) {
	case USAGE_DOMAIN_ISSUED:
		h->config.server_digest = digest_of_server(h, a);
		return RC_OK;
	case USAGE_TRUST_ANCHOR:
		if (a->matching == MATCHING_EXACT)
			h->config.trust = a->server_key;
		else
			h->config.anchor_digest = a->server_key;
		if (h->config.server_name)
			return RC_OK;
		return refuse(h, RC_UNSUPPORTED,
		    "the Server URI has an address, and no SNI says for which "
		    "name the server's certificate has to be");
	case USAGE_CA_CONSTRAINT:
	case USAGE_SERVICE_CONSTRAINT:
		return refuse(h, RC_UNSUPPORTED,
		    "Certificate Usage 0 and 1 need a trust store, and there "
		    "is none");
	default:
		return refuse(
		    h, RC_MALFORMED, "a Certificate Usage that is none");
	}
}

static enum rc
expect(struct handshake *h, const struct account *a)
{
	size_t len = account_matching_len(a->matching);

	if (a->server_key.len == 0)
		return refuse(h, RC_MALFORMED, "no Server Public Key");
	if (len != 0 && a->server_key.len != len)
		return refuse(h, RC_MALFORMED,
		    "a Server Public Key that is not of its Matching Type");
	return a->mode == MODE_RPK ? expect_raw(h, a)
				   : expect_certificate(h, a);
}

static enum rc
set_psk(struct handshake *h, const struct account *a)
{
	if (a->identity.len == 0 || a->key.len == 0)
		return refuse(
		    h, RC_MALFORMED, "PSK without an identity or a key");
	h->config.identity = a->identity;
	h->config.key = &h->key;
	return RC_OK;
}

static enum rc
set_pair(struct handshake *h, const struct account *a)
{
	enum rc rc;

	if (a->identity.len == 0 || a->key.len == 0)
		return refuse(h, RC_MALFORMED,
		    "no certificate or public key, or no private key");
	if (a->mode == MODE_RPK)
		h->config.public_key = a->identity;
	else
		h->config.chain = a->identity;
	h->config.private_key = &h->key;
	rc = set_name(h, a);
	return rc == RC_OK ? expect(h, a) : rc;
}

enum rc
handshake_init(struct handshake *h, const struct account *a)
{
	enum rc rc;

	*h = (struct handshake){.secure = a->mode != MODE_NOSEC};
	if (!h->secure)
		return RC_OK;
	rc = secret_set(&h->key, a->key);
	if (rc != RC_OK)
		return rc;
	switch (a->mode) {
	case MODE_PSK:
		return set_psk(h, a);
	case MODE_RPK:
	case MODE_CERTIFICATE:
		return set_pair(h, a);
	default:
		return refuse(h, RC_UNSUPPORTED,
		    "a Security Mode that it does not support");
	}
}

void
handshake_fini(struct handshake *h)
{
	secret_fini(&h->key);
}
