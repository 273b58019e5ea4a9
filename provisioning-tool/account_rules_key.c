/* What an account proves itself with, and whom it would take for its server. */
#include "account_rules_internal.h"
#include "hsm/cert.h"
#include "hsm/device_key.h"

enum {
	IDENTITY_MAX = 128, /* bytes that clients have */
	KEY_MAX = 64, /* bytes that clients have */
	KEY_WEAK = 16, /* bytes; what is shorter can be guessed sooner */
	USAGE_MAX = 3,
	MATCHING_SHA384 = 2, /* which no open client has */
};

/** An account while it is looked at. */
struct account {
	const struct rules *r;
	uint16_t instance;
	int64_t mode;
};

static const struct lwm2m_value *
find(const struct account *a, uint16_t resource)
{
	return rules_find(a->r, OBJECT_SECURITY, a->instance, resource);
}

static void
error(const struct account *a, uint16_t resource, const char *code,
    const char *text)
{
	rules_error(a->r, OBJECT_SECURITY, a->instance, resource, code, text);
}

static void
warning(const struct account *a, uint16_t resource, const char *code,
    const char *text)
{
	rules_warning(a->r, OBJECT_SECURITY, a->instance, resource, code, text);
}

static bool
has_scheme(struct span uri, bool secure)
{
	return span_starts(
		   uri, secure ? SPAN_LIT("coaps://") : SPAN_LIT("coap://")) ||
	    span_starts(uri,
		secure ? SPAN_LIT("coaps+tcp://") : SPAN_LIT("coap+tcp://"));
}

static void
check_uri(const struct account *a)
{
	const struct lwm2m_value *uri = find(a, SECURITY_URI);

	if (!uri) {
		error(a, SECURITY_URI, "account-no-uri",
		    "an account needs an address to go to");
		return;
	}
	if (!has_scheme(uri->bytes, a->mode != MODE_NOSEC))
		error(a, SECURITY_URI, "account-scheme",
		    a->mode == MODE_NOSEC
			? "mode 3 goes with coap:// or coap+tcp://"
			: "a mode with keys goes with coaps:// or "
			  "coaps+tcp://");
}

/** A field that the mode needs; NULL: a finding says so. */
static const struct lwm2m_value *
needed(const struct account *a, uint16_t resource, const char *code,
    const char *text)
{
	const struct lwm2m_value *v = find(a, resource);

	if (v && v->bytes.len > 0)
		return v;
	error(a, resource, code, text);
	return NULL;
}

static void
check_psk(const struct account *a)
{
	const struct lwm2m_value *identity = needed(a, SECURITY_IDENTITY,
	    "account-no-identity", "mode 0 needs a PSK identity");
	const struct lwm2m_value *key = needed(a, SECURITY_SECRET_KEY,
	    "account-no-key", "mode 0 needs a pre-shared key");

	if (identity && identity->bytes.len > IDENTITY_MAX)
		error(a, SECURITY_IDENTITY, "account-identity-long",
		    "longer than the 128 bytes that clients have");
	if (key && key->bytes.len > KEY_MAX)
		error(a, SECURITY_SECRET_KEY, "account-key-long",
		    "longer than the 64 bytes that clients have");
	else if (key && key->bytes.len < KEY_WEAK)
		warning(a, SECURITY_SECRET_KEY, "account-key-short",
		    "shorter than 16 bytes");
	if (find(a, SECURITY_SERVER_KEY))
		warning(a, SECURITY_SERVER_KEY, "account-server-key-unused",
		    "mode 0 has no key of the server: leave it out");
}

/** The certificate at that resource; false: a finding says what it is. */
static bool
read_cert(const struct account *a, uint16_t resource,
    const struct lwm2m_value *v, struct cert *out)
{
	struct der_fault fault;
	char why[300];
	struct writer w;

	/* by the strict reader alone: OpenSSL's takes longer than all else that
	 * making an image does, and `image verify` asks it, too */
	if (cert_read(v->bytes, out, &fault) == RC_OK)
		return true;
	writer_init(&w, why, sizeof(why) - 1);
	writer_str(&w, "not one X.509 certificate in DER: ");
	if (span_starts(v->bytes, SPAN_LIT("-----BEGIN")))
		writer_str(&w, "it is PEM");
	else
		der_fault_print(&fault, &w);
	why[w.len] = '\0';
	error(a, resource, "account-certificate", why);
	return false;
}

static void
check_server_certificate(const struct account *a)
{
	const struct lwm2m_value *server =
	    needed(a, SECURITY_SERVER_KEY, "account-no-server-key",
		"mode 2 without it takes anybody for the server");
	const struct lwm2m_value *usage = find(a, SECURITY_CERTIFICATE_USAGE);
	const struct lwm2m_value *type = find(a, SECURITY_MATCHING_TYPE);
	struct cert cert;

	if (type && type->number == MATCHING_SHA384)
		error(a, SECURITY_MATCHING_TYPE, "account-matching-type",
		    "SHA-384, which clients do not have");
	/* a digest is no certificate */
	if (!server || (type && type->number != 0) ||
	    !read_cert(a, SECURITY_SERVER_KEY, server, &cert))
		return;
	if (usage && (usage->number == 0 || usage->number == 2) && !cert.is_ca)
		error(a, SECURITY_SERVER_KEY, "account-no-ca",
		    "by /0/x/15 a CA's certificate, and it is not one");
	if ((!usage || usage->number == USAGE_MAX || usage->number == 1) &&
	    cert.is_ca)
		warning(a, SECURITY_SERVER_KEY, "account-is-ca",
		    "by /0/x/15 the server's own certificate, and it is a "
		    "CA's");
}

static void
check_certificate(const struct account *a)
{
	const struct lwm2m_value *own = needed(a, SECURITY_IDENTITY,
	    "account-no-identity", "mode 2 needs the device's certificate");
	const struct lwm2m_value *key = needed(a, SECURITY_SECRET_KEY,
	    "account-no-key", "mode 2 needs the device's private key");
	struct cert cert;
	enum rc rc;

	check_server_certificate(a);
	if (!own || !read_cert(a, SECURITY_IDENTITY, own, &cert) || !key)
		return;
	rc = device_key_agrees(key->bytes, cert.spki);
	if (rc == RC_DENIED)
		error(a, SECURITY_SECRET_KEY, "account-key-of-another",
		    "not the private key of the certificate in /0/x/3");
	else if (rc != RC_OK)
		error(a, SECURITY_SECRET_KEY, "account-private-key",
		    "not one private key of P-256 as PKCS#8 in DER");
}

void
rules_check_credentials(const struct rules *r, uint16_t instance)
{
	struct account a = {r, instance, MODE_PSK};
	const struct lwm2m_value *mode = find(&a, SECURITY_MODE);

	if (!mode) {
		error(&a, SECURITY_MODE, "account-no-mode",
		    "without it a client takes mode 0, or refuses");
		return;
	}
	a.mode = mode->integer;
	if (!r->credentials_only)
		check_uri(&a);
	if (a.mode == MODE_PSK)
		check_psk(&a);
	else if (a.mode == MODE_CERTIFICATE)
		check_certificate(&a);
	else if (a.mode != MODE_NOSEC)
		error(&a, SECURITY_MODE, "account-mode",
		    "only modes 0, 2 and 3 are loaded by clients");
}
