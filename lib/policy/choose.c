/* Which policy does a device get? */
#include "policy/index.h"

static bool
names(const struct policy *p, const struct identity *id)
{
	if (!p->identities)
		return true;
	for (const char **name = p->identities; *name; name++)
		if (strcmp(*name, id->name) == 0)
			return true;
	return false;
}

static bool
fits_endpoint(const struct policy_match *m, struct span endpoint)
{
	for (size_t i = 0; i < m->endpoint_count; i++)
		if (pattern_fits(&m->endpoints[i], endpoint))
			return true;
	return m->endpoint_count == 0;
}

enum policy_credential
policy_credential_of(const struct identity *id)
{
	switch (id->kind) {
	case IDENTITY_PSK:
	case IDENTITY_IMPORTED:
		return POLICY_PSK;
	case IDENTITY_CERTIFICATE:
		return POLICY_CERTIFICATE;
	case IDENTITY_RPK:
		return POLICY_RPK;
	case IDENTITY_NOSEC:
		break;
	}
	return POLICY_NOSEC;
}

static bool
fits_credential(const struct policy_match *m, const struct identity *id)
{
	return m->credentials == 0 ||
	    m->credentials & 1u << policy_credential_of(id);
}

static bool
fits_issuer(const struct policy_match *m, const struct policy_facts *f)
{
	for (size_t i = 0; f->has_issuer && i < m->issuer_count; i++) {
		const struct policy_issuer *ca = &m->issuers[i];

		if (ca->cn ? span_is(f->issuer_cn, ca->cn)
			   : memcmp(ca->key_sha256, f->issuer_key,
				 DIGEST_LEN) == 0)
			return true;
	}
	return m->issuer_count == 0;
}

static bool
fits_any(const char **globs, struct span text)
{
	for (; *globs; globs++)
		if (glob_match(*globs, text))
			return true;
	return false;
}

static bool
fits_san(const struct policy_match *m, const struct policy_facts *f)
{
	struct span rest = f->sans, name;

	if (!m->sans)
		return true;
	while (f->san_next && f->san_next(&rest, &name))
		if (fits_any(m->sans, name))
			return true;
	return false;
}

static bool
fits_network(const struct policy_match *m, const struct address *from)
{
	for (size_t i = 0; from && i < m->network_count; i++)
		if (network_contains(&m->networks[i], from))
			return true;
	return m->network_count == 0;
}

const struct policy_device *
policy_device_find(const struct policy_set *s, struct span endpoint)
{
	size_t low = 0, high = s->device_count;

	while (low < high) {
		size_t at = low + (high - low) / 2;
		const struct policy_device *d = &s->devices[at];
		int c = span_compare(d->endpoint, endpoint);

		if (c == 0)
			return d;
		if (c < 0)
			low = at + 1;
		else
			high = at;
	}
	return NULL;
}

static enum policy_miss
miss_device(const struct policy_set *s, const struct policy_match *m,
    const struct policy_facts *f)
{
	const struct policy_device *d = NULL;

	if (!m->models && !m->batches)
		return MISS_NONE;
	d = policy_device_find(s, f->endpoint);
	if (m->models &&
	    (!d || !d->model[0] || !fits_any(m->models, span_str(d->model))))
		return MISS_MODEL;
	if (m->batches &&
	    (!d || !d->batch[0] || !fits_any(m->batches, span_str(d->batch))))
		return MISS_BATCH;
	return MISS_NONE;
}

enum policy_miss
policy_miss(const struct policy_set *s, const struct policy *p,
    const struct policy_facts *f)
{
	const struct policy_match *m = &p->match;

	if (!names(p, f->identity))
		return MISS_IDENTITY;
	if (!fits_endpoint(m, f->endpoint))
		return MISS_ENDPOINT;
	if (!fits_credential(m, f->identity))
		return MISS_CREDENTIAL;
	if (!fits_issuer(m, f))
		return MISS_ISSUER;
	if (!fits_san(m, f))
		return MISS_SAN;
	if (!fits_network(m, f->from))
		return MISS_NETWORK;
	return miss_device(s, m, f);
}

const char *
policy_miss_key(enum policy_miss miss)
{
	static const char *const keys[] = {
	    [MISS_NONE] = "",
	    [MISS_LATER] = "",
	    [MISS_IDENTITY] = "identity",
	    [MISS_ENDPOINT] = "endpoint",
	    [MISS_CREDENTIAL] = "credential",
	    [MISS_ISSUER] = "issuer",
	    [MISS_SAN] = "san",
	    [MISS_NETWORK] = "network",
	    [MISS_MODEL] = "model",
	    [MISS_BATCH] = "batch",
	};

	return keys[miss];
}

const struct policy *
policy_for(const struct policy_set *s, const struct policy_facts *f)
{
	return index_find(s, f, NULL);
}
