/* The Security instance of a server account: `/0/x`. */
#include "issue/making.h"

#include "issue/mint.h"
#include "issue/rules_internal.h"
#include "policy/word.h"

#include <stdio.h>

enum rc
making_identity(const char *pattern, struct span endpoint, uint8_t *buf,
    size_t cap, struct span *out)
{
	struct writer w;

	writer_init(&w, buf, cap);
	template_expand(&w, pattern, endpoint);
	*out = writer_span(&w);
	/* RFC 4279 5.3: 128 bytes are what every implementation must take */
	return w.full || out->len > 128 ? RC_TOO_LARGE : RC_OK;
}

void
making_expected(
    struct making *m, struct lwm2m_path at, const struct policy_server_key *key)
{
	if (key->matching >= 0)
		making_put(m, at, SECURITY_MATCHING_TYPE,
		    LWM2M_VALUE_UNSIGNED((uint64_t)key->matching));
	if (key->sni)
		making_put(m, at, SECURITY_SNI,
		    LWM2M_VALUE_STRING(span_str(key->sni)));
	if (key->usage >= 0)
		making_put(m, at, SECURITY_CERTIFICATE_USAGE,
		    LWM2M_VALUE_UNSIGNED((uint64_t)key->usage));
}

/** Pair and certificate, or what the fill has in their place. */
static enum rc
make_pair(struct making *m, const struct issue_authority *ca,
    const struct policy_issue *issue, struct device_key *pair,
    struct secret *der, struct issue_credential *c, size_t *der_len)
{
	char *detail = m->out->detail;
	struct mint draft;
	enum rc rc;

	*der_len = 0;
	if (m->fill == FILL_REAL)
		return mint_certificate(
		    m->issuer, ca, issue, &m->values, pair, der, c, detail);
	/* what would not be signed is refused without a token, too */
	rc =
	    mint_size(ca, issue, &m->values, m->issuer->now_s, der_len, detail);
	if (rc)
		return rc;
	mint_sample_key(pair->spki);
	rc = mint_draft(&draft, ca, issue, &m->values,
	    span_of(pair->spki, sizeof(pair->spki)), m->issuer->now_s, detail);
	if (rc == RC_OK)
		mint_describe(&draft, ca, issue, c);
	return rc;
}

/** `/3` to `/5`, in the order of a request. */
static enum rc
put_pair(struct making *m, struct lwm2m_path at, const struct secret *public,
    size_t public_len, struct span server, const struct secret *private,
    const char *name)
{
	char label[PLAN_LABEL_MAX + 1];
	enum rc rc;

	rc = making_put_secret(
	    m, at, SECURITY_IDENTITY, public, public_len, name);
	if (rc)
		return rc;
	if (server.len)
		making_put(
		    m, at, SECURITY_SERVER_KEY, LWM2M_VALUE_OPAQUE(server));
	(void)snprintf(label, sizeof(label), "key of %.*s",
	    (int)sizeof(label) - (int)sizeof("key of "), name);
	return making_put_secret(
	    m, at, SECURITY_SECRET_KEY, private, DEVICE_KEY_DER_LEN, label);
}

enum rc
making_certificate(struct making *m, struct lwm2m_path at,
    const struct policy_issue *issue, struct span server,
    struct issue_credential *c)
{
	const struct issue_authority *ca =
	    rules_issuer(m->issuer->rules, issue);
	char name[PLAN_LABEL_MAX + 1];
	struct device_key pair = {0};
	struct secret der = {0};
	size_t der_len;
	enum rc rc;

	if (!ca)
		return RC_CONFIG;
	(void)snprintf(name, sizeof(name), "certificate %s profile %s ssid %u",
	    issue->ca->name, issue->profile->name, c->short_server_id);
	rc = make_pair(m, ca, issue, &pair, &der, c, &der_len);
	if (rc == RC_OK)
		rc = put_pair(
		    m, at, &der, der_len, server, &pair.private_key, name);
	device_key_fini(&pair);
	secret_fini(&der);
	return rc;
}

static enum rc
put_raw(struct making *m, struct lwm2m_path at, struct span server,
    struct issue_credential *c)
{
	char name[PLAN_LABEL_MAX + 1];
	struct device_key pair = {0};
	struct secret spki = {0};
	enum rc rc = RC_OK;

	c->kind = CREDENTIAL_RAW_KEY;
	(void)snprintf(
	    name, sizeof(name), "raw public key ssid %u", c->short_server_id);
	if (m->fill == FILL_REAL)
		rc = device_key_make(m->issuer->hsm, &pair);
	if (rc == RC_OK && m->fill == FILL_REAL) {
		digest_of(span_of(pair.spki, sizeof(pair.spki)), c->sha256);
		rc = secret_set(&spki, span_of(pair.spki, sizeof(pair.spki)));
	}
	if (rc == RC_OK)
		rc = put_pair(m, at, &spki, P256_SPKI_LEN, server,
		    &pair.private_key, name);
	device_key_fini(&pair);
	secret_fini(&spki);
	return rc;
}

static enum rc
put_psk(struct making *m, struct lwm2m_path at, const struct policy_server *s,
    struct span endpoint, struct issue_credential *c)
{
	uint8_t buf[WORD_IDENTITY_MAX];
	struct span identity;
	enum rc rc = making_text(m, "a PSK identity", span_str(s->psk_identity),
	    FORM_PLAIN, s, buf, sizeof(buf), &identity);

	if (rc)
		return rc;
	making_put(m, at, SECURITY_IDENTITY, LWM2M_VALUE_OPAQUE(identity));
	making_empty(m, at, SECURITY_SERVER_KEY);
	if (m->correcting)
		return making_again(m, at, SECURITY_SECRET_KEY);
	return making_key(m, at, SECURITY_SECRET_KEY, &s->key, endpoint, c);
}

/** The pair that was made before, in the order of a request. */
static enum rc
put_pair_again(struct making *m, struct lwm2m_path at, struct span server)
{
	enum rc rc = making_again(m, at, SECURITY_IDENTITY);

	if (rc != RC_OK)
		return rc;
	if (server.len)
		making_put(
		    m, at, SECURITY_SERVER_KEY, LWM2M_VALUE_OPAQUE(server));
	return making_again(m, at, SECURITY_SECRET_KEY);
}

static enum security_mode
mode_of(enum server_mode mode)
{
	switch (mode) {
	case SERVER_PSK:
		return MODE_PSK;
	case SERVER_CERTIFICATE:
		return MODE_CERTIFICATE;
	case SERVER_RPK:
		return MODE_RPK;
	case SERVER_NOSEC:
		break;
	}
	return MODE_NOSEC;
}

/** `/3` to `/5`. */
static enum rc
put_keys(struct making *m, struct lwm2m_path at, const struct policy_server *s,
    struct span expected, struct span endpoint, struct issue_credential *c)
{
	switch (s->mode) {
	case SERVER_PSK:
		return put_psk(m, at, s, endpoint, c);
	case SERVER_CERTIFICATE:
		if (m->correcting)
			return put_pair_again(m, at, expected);
		return making_certificate(m, at, &s->issue, expected, c);
	case SERVER_RPK:
		if (m->correcting)
			return put_pair_again(m, at, expected);
		return put_raw(m, at, expected, c);
	case SERVER_NOSEC:
		break;
	}
	making_empty(m, at, SECURITY_IDENTITY);
	making_empty(m, at, SECURITY_SERVER_KEY);
	making_empty(m, at, SECURITY_SECRET_KEY);
	return RC_OK;
}

struct issue_credential *
making_credential(struct making *m, uint16_t short_server_id)
{
	struct issue_decision *out = m->out;
	struct issue_credential *c;

	if (out->credential_count == ISSUE_CREDENTIALS_MAX)
		return NULL;
	c = &out->credentials[out->credential_count];
	*c = (struct issue_credential){.short_server_id = short_server_id};
	return c;
}

enum rc
making_security(struct making *m, struct lwm2m_path at,
    const struct policy_server *s, struct span expected, struct span endpoint)
{
	struct issue_credential spare, *c;
	uint8_t buf[WORD_URI_MAX];
	bool again = m->correcting;
	struct span uri;
	enum rc rc;

	rc = making_text(m, "a server's URI", span_str(s->uri), FORM_PERCENT, s,
	    buf, sizeof(buf), &uri);
	if (rc)
		return rc;
	c = again ? &spare : making_credential(m, s->short_server_id);
	if (!c)
		return RC_TOO_LARGE;
	making_put(m, at, SECURITY_URI, LWM2M_VALUE_STRING(uri));
	making_put(m, at, SECURITY_BOOTSTRAP,
	    LWM2M_VALUE_BOOLEAN(s->short_server_id == 0));
	making_put(m, at, SECURITY_MODE, LWM2M_VALUE_INTEGER(mode_of(s->mode)));
	rc = put_keys(m, at, s, expected, endpoint, c);
	if (rc)
		return rc;
	m->out->credential_count += !again && s->mode != SERVER_NOSEC;
	if (s->short_server_id != 0)
		making_put(m, at, SECURITY_SSID,
		    LWM2M_VALUE_INTEGER(s->short_server_id));
	if (s->mode == SERVER_CERTIFICATE || s->mode == SERVER_RPK)
		making_expected(m, at, &s->server);
	for (size_t i = 0; i < s->security_entry_count; i++)
		making_entry(m, &s->security_entries[i]);
	return RC_OK;
}
