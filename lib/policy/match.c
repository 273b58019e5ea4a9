#include "policy/match.h"

#include "base/text.h"
#include "policy/placeholder.h"

static const struct span placeholder = {
    (const uint8_t *)"{endpoint}", sizeof("{endpoint}") - 1};

void
template_expand(struct writer *w, const char *pattern, struct span endpoint)
{
	const struct placeholder_values v = {.endpoint = endpoint};

	if (placeholder_expand(w, span_str(pattern), FORM_PLAIN, &v, NULL))
		w->full = true;
}

/* What stands for {endpoint} in `text`. False: not of that template. */
static bool
template_match(const char *pattern, struct span text, struct span *endpoint)
{
	const char *at = strstr(pattern, "{endpoint}");
	struct span before, behind;

	if (!at)
		return false;
	before = span_of(pattern, (size_t)(at - pattern));
	behind = span_str(at + placeholder.len);
	if (text.len < before.len + behind.len || !span_starts(text, before))
		return false;
	*endpoint =
	    span_of(text.p + before.len, text.len - before.len - behind.len);
	return span_equal(span_from(text, text.len - behind.len), behind);
}

/*
 * An endpoint name is UTF-8 (LwM2M Core 6.3), and no name that could be taken
 * for another in a log or a file passes for one.
 */
static bool
endpoint_fits(const char *glob, struct span endpoint)
{
	return endpoint.len > 0 && endpoint.len <= POLICY_ENDPOINT_MAX &&
	    text_utf8_valid(endpoint) && glob_match(glob, endpoint);
}

const struct identity *
identity_for_psk(
    const struct policy_set *s, struct span psk_identity, struct span *endpoint)
{
	for (size_t i = 0; i < s->identity_count; i++) {
		const struct identity *id = &s->identities[i];

		if (id->kind == IDENTITY_PSK &&
		    template_match(id->psk_identity, psk_identity, endpoint) &&
		    endpoint_fits(id->endpoint, *endpoint))
			return id;
	}
	*endpoint = span_of(NULL, 0);
	return NULL;
}

bool
identity_fits(const struct identity *id, struct span endpoint)
{
	return endpoint_fits(id->endpoint, endpoint);
}

bool
identity_accepts(const struct identity *id, size_t i, int64_t now_s)
{
	return i < id->epoch_count && now_s < id->epoch_until_s[i];
}

struct span
identity_table_find(
    const struct identity *id, const uint8_t sha256[static DIGEST_LEN])
{
	size_t low = 0, high = id->table_count;

	while (low < high) {
		size_t at = low + (high - low) / 2;
		const struct policy_fingerprint *f = &id->table[at];
		int c = memcmp(f->sha256, sha256, DIGEST_LEN);

		if (c == 0)
			return f->endpoint;
		if (c < 0)
			low = at + 1;
		else
			high = at;
	}
	return span_of(NULL, 0);
}

static bool
admits(const struct identity *id, const struct address *from)
{
	if (id->kind != IDENTITY_NOSEC)
		return false;
	for (size_t i = 0; i < id->network_count; i++)
		if (network_contains(&id->networks[i], from))
			return true;
	return false;
}

const struct identity *
identity_for_nosec(const struct policy_set *s, const struct address *from,
    struct span endpoint)
{
	for (size_t i = 0; i < s->identity_count; i++) {
		const struct identity *id = &s->identities[i];

		if (admits(id, from) && endpoint_fits(id->endpoint, endpoint))
			return id;
	}
	return NULL;
}
