#include "issue/sample.h"

#include "issue/making.h"
#include "issue/mint.h"
#include "issue/rules_internal.h"

#include <stdlib.h>

struct span
issue_sample_name(const char *glob, uint8_t room[static POLICY_ENDPOINT_MAX])
{
	struct writer w;

	writer_init(&w, room, POLICY_ENDPOINT_MAX);
	if (strcmp(glob, "*") == 0)
		glob = "urn:dev:ops:000000-*";
	for (; *glob; glob++) {
		if (*glob == '*')
			writer_str(&w, "000000");
		else
			writer_put(&w, span_of(*glob == '?' ? "0" : glob, 1));
	}
	if (w.full || w.len == 0)
		return SPAN_LIT("urn:dev:ops:000000-000000");
	return writer_span(&w);
}

struct span
issue_sample_endpoint(const struct policy_set *set, const struct policy *p,
    uint8_t room[static POLICY_ENDPOINT_MAX])
{
	const char *glob = p->endpoint;

	if (strcmp(glob, "*") == 0 && p->identities)
		for (size_t i = 0; i < set->identity_count; i++)
			if (strcmp(set->identities[i].name, p->identities[0]) ==
			    0) {
				glob = set->identities[i].endpoint;
				break;
			}
	return issue_sample_name(glob, room);
}

enum rc
issue_sample_plan(const struct issue_rules *rules, const struct policy *policy,
    struct span endpoint, int64_t now_s, struct issue_decision *out)
{
	const struct issuer issuer = {.rules = rules, .now_s = now_s};

	return making_plan(&issuer, FILL_SAMPLE, policy, endpoint, out);
}

enum rc
issue_shape_plan(const struct issuer *i, const struct policy *policy,
    struct span endpoint, struct issue_decision *out)
{
	return making_plan(i, FILL_SAMPLE, policy, endpoint, out);
}

enum rc
issue_sample_largest(const struct issue_rules *rules,
    const struct policy *policy, struct span endpoint, int64_t now_s,
    struct issue_decision *out)
{
	const struct policy_set *set = issue_rules_set(rules);
	const size_t count = policy_sample_count(policy);
	struct policy_decided *sample = malloc(sizeof(*sample));
	size_t largest = 0, at = 0;
	enum rc rc = sample ? RC_OK : RC_MEMORY;

	for (size_t n = 0; rc == RC_OK && count > 1 && n < count; n++) {
		policy_sample(set, policy, n, sample);
		rc = issue_sample_plan(
		    rules, &sample->given, endpoint, now_s, out);
		if (out->plan.len > largest) {
			largest = out->plan.len;
			at = n;
		}
		issue_decision_fini(out);
	}
	if (rc == RC_OK) {
		policy_sample(set, policy, at, sample);
		rc = issue_sample_plan(
		    rules, &sample->given, endpoint, now_s, out);
	}
	free(sample);
	return rc;
}

enum rc
issue_sample_certificate(const struct issue_rules *rules,
    const struct policy_issue *issue, struct span endpoint, int64_t now_s,
    size_t *len)
{
	const struct issue_authority *ca = rules_issuer(rules, issue);
	char detail[MINT_DETAIL_MAX];

	struct placeholder_values device =
	    placeholder_device(issue_rules_set(rules), endpoint);

	if (!ca)
		return RC_NOT_FOUND;
	placeholder_sample(&device);
	return mint_size(ca, issue, &device, now_s, len, detail);
}
