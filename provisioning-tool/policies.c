#include "policies.h"

#include "policy/nearest.h"
#include "tool.h"

#include <stdio.h>
#include <stdlib.h>

int
policies_load(
    const char *path, struct policy_set **set, struct issue_rules **rules)
{
	struct diag *d = diag_new();
	struct quoted q;
	enum rc rc;

	*set = NULL;
	*rules = NULL;
	if (!d)
		return tool_fault(RC_MEMORY, "policies");
	rc = policy_load(path, d, set);
	if (rc == RC_OK)
		rc = issue_rules_new(*set, NULL, d, rules);
	if (rc != RC_OK) {
		diag_sort(d);
		diag_print(d, stderr);
	}
	diag_free(d);
	if (rc == RC_OK)
		return EX_OK;
	if (rc == RC_MEMORY)
		return tool_fault(rc, "policies");
	return tool_error(EX_DATAERR, "mend what is named above",
	    "%s cannot be used", quote_str(&q, path));
}

int
policies_no_name(const char *path, const char *kind, const char *wanted,
    const void *list, size_t count, policies_name_fn name_of)
{
	const char **names = calloc(count + 1, sizeof(*names));
	const char *near = NULL;
	struct quoted name, folder, other;
	char remedy[1800];

	if (names) {
		for (size_t i = 0; i < count; i++)
			names[i] = name_of(list, i);
		near = nearest_of(span_str(wanted), names);
	}
	if (near)
		snprintf(remedy, sizeof(remedy), "did you mean %s?",
		    quote_str(&other, near));
	else
		snprintf(remedy, sizeof(remedy),
		    "see provisioning-tool policy check");
	free(names);
	return tool_error(EX_DATAERR, remedy, "no %s %s in %s", kind,
	    quote_str(&name, wanted), quote_str(&folder, path));
}
