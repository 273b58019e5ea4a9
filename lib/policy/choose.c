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

static bool
fits_device(const struct policy_set *s, const struct policy_facts *f,
    bool model, const char **globs)
{
	const struct policy_device *d;
	const char *word;

	if (!globs)
		return true;
	d = policy_device_find(s, f->endpoint);
	if (!d)
		return false;
	word = model ? d->model : d->batch;
	return word[0] && fits_any(globs, span_str(word));
}

bool
policy_holds(const struct policy_set *s, const struct policy *p,
    const struct policy_facts *f, enum policy_miss condition)
{
	const struct policy_match *m = &p->match;

	switch (condition) {
	case MISS_IDENTITY:
		return names(p, f->identity);
	case MISS_ENDPOINT:
		return fits_endpoint(m, f->endpoint);
	case MISS_CREDENTIAL:
		return fits_credential(m, f->identity);
	case MISS_ISSUER:
		return fits_issuer(m, f);
	case MISS_SAN:
		return fits_san(m, f);
	case MISS_NETWORK:
		return fits_network(m, f->from);
	case MISS_MODEL:
		return fits_device(s, f, true, m->models);
	case MISS_BATCH:
		return fits_device(s, f, false, m->batches);
	case MISS_NONE:
	case MISS_LATER:
		break;
	}
	return true;
}

enum policy_miss
policy_miss(const struct policy_set *s, const struct policy *p,
    const struct policy_facts *f)
{
	for (int c = MISS_IDENTITY; c <= MISS_BATCH; c++)
		if (!policy_holds(s, p, f, (enum policy_miss)c))
			return (enum policy_miss)c;
	return MISS_NONE;
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
