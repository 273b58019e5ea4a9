/* policy check: every finding of every file, then what bootstraps cost, then
 * what there is. */
#include "check_report.h"
#include "image_document.h"
#include "policy_costs.h"
#include "policy_trust.h"
#include "rows.h"
#include "tool.h"
#include "verbs.h"

#include <stdio.h>
#include <string.h>

/** Those of the documents; one is built in. */
static size_t
profiles(const struct policy_set *set)
{
	size_t n = 0;

	for (size_t i = 0; i < set->certificate_count; i++)
		n += set->certificates[i].place.line != 0;
	return n;
}

/** Of clients; those that are shipped are in every set. */
static size_t
device_profiles(const struct policy_set *set)
{
	size_t n = 0;

	for (size_t i = 0; i < set->profile_count; i++)
		n += set->profiles[i].place.line != 0;
	return n;
}

/** ", 2 policies"; a kind that few have is left out where there is none. */
static void
count(size_t n, const char *one, const char *many, bool always)
{
	if (n > 0 || always)
		printf(", %zu %s", n, n == 1 ? one : many);
}

/** What one path holds, or that it cannot be used. */
static void
summary(const char *path, const struct policy_set *set, const struct diag *d,
    bool json)
{
	size_t errors = diag_count(d, DIAG_ERROR);
	size_t warnings = diag_count(d, DIAG_WARNING) - errors;
	char hex[HEX_TEXT_MAX];
	struct quoted q;

	if (json) {
		struct field f[13];
		size_t n = 0;

		f[n++] = F_TEXT("path", path);
		f[n++] = F_BOOL("ok", set != NULL && errors == 0);
		f[n++] = F_INT("errors", errors);
		f[n++] = F_INT("warnings", warnings);
		f[n++] = F_INT("silenced", diag_silenced(d));
		if (set) {
			f[n++] = F_INT("identities", set->identity_count);
			f[n++] = F_INT("policies", set->policy_count);
			f[n++] = F_INT("authorities", set->authority_count);
			f[n++] = F_INT("certificate_profiles", profiles(set));
			f[n++] = F_INT("profiles", device_profiles(set));
			f[n++] = F_INT("images", set->image_count);
			f[n++] = F_BYTES(
			    "policy_set", span_of(set->digest, DIGEST_LEN));
		}
		rows_json(f, n);
		return;
	}
	printf("%s: ", quote_str(&q, path));
	if (!set) {
		printf("cannot be used: %zu error%s, %zu warning%s\n", errors,
		    errors == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s");
		return;
	}
	printf("%zu identit%s", set->identity_count,
	    set->identity_count == 1 ? "y" : "ies");
	count(set->policy_count, "policy", "policies", true);
	count(set->authority_count, "authority", "authorities", false);
	count(set->image_count, "image", "images", false);
	count(profiles(set), "certificate profile", "certificate profiles",
	    false);
	count(device_profiles(set), "profile", "profiles", false);
	/* of a set that can be used: a budget that is not kept */
	count(errors, "error", "errors", false);
	count(warnings, "warning", "warnings", true);
	printf(", set %s\n", hex_text(hex, span_of(set->digest, DIGEST_LEN)));
}

/** Code of what was found in a set that can be loaded, or not. */
static int
exit_code(const struct options *o, enum rc rc, const struct diag *d)
{
	enum diag_level least = o->strict ? DIAG_WARNING : DIAG_ERROR;

	if (rc == RC_MEMORY)
		return tool_fault(rc, "policies");
	return rc == RC_OK && diag_count(d, least) == 0 ? EX_OK : EX_DATAERR;
}

static int
check(struct check_report *r, size_t operand, struct policy_costs *costs)
{
	const char *path = r->o->operands[operand];
	const bool json = r->form == CHECK_JSON;
	struct diag *d = diag_new();
	struct policy_set *set = NULL;
	struct issue_rules *rules = NULL;
	int code;
	enum rc rc;

	if (!d)
		return tool_fault(RC_MEMORY, "policies");
	rc = policy_load(path, d, &set);
	if (rc == RC_OK)
		rc = policy_trust_check(r->o, path, set, d);
	if (rc == RC_OK)
		rc = issue_rules_new(set, NULL, d, &rules);
	if (rc == RC_OK)
		rc = image_documents_check(set, d);
	if (rc == RC_OK)
		rc = policy_costs_measure(costs, rules, d);
	diag_settle(d, rc == RC_OK);
	diag_sort(d);
	check_report_findings(r, operand, d);
	if (rc == RC_OK && r->form != CHECK_SARIF)
		policy_costs_print(costs, json);
	if (rc != RC_MEMORY && r->form != CHECK_SARIF)
		summary(path, rc == RC_OK ? set : NULL, d, json);
	code = exit_code(r->o, rc, d);
	policy_costs_forget(costs);
	issue_rules_unref(rules);
	policy_set_unref(set);
	diag_free(d);
	return code;
}

int
policy_check(const struct options *o)
{
	struct policy_costs *costs;
	struct check_report r;
	int worst = policy_trust_options(o);

	if (worst != EX_OK)
		return worst;
	worst = policy_costs_new(o, &costs);
	if (!costs)
		return worst;
	check_report_begin(&r, o);
	for (size_t i = 0; i < o->operand_count; i++) {
		int code = check(&r, i, costs);

		/* a fault of ours outweighs one of theirs */
		if (code > worst)
			worst = code;
	}
	check_report_end(&r);
	policy_costs_free(costs);
	return worst;
}
