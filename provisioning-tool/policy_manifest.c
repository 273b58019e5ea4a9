/* policy manifest: what a set is made of, as sha256sum prints it. */
#include "policy/manifest.h"

#include "output.h"
#include "policies.h"
#include "tool.h"
#include "verbs.h"

static int
print(const struct policy_set *set, const struct options *o)
{
	struct arena *a = arena_new(0);
	struct output out;
	struct span lines;
	int code;

	if (!a || policy_manifest(set, a, &lines) != RC_OK) {
		arena_free(a);
		return tool_fault(RC_MEMORY, "manifest");
	}
	code = output_begin_public(&out, o->output, o->force);
	if (code == EX_OK)
		code = output_write(&out, lines);
	if (code == EX_OK)
		code = output_commit(&out, lines);
	output_end(&out);
	arena_free(a);
	return code;
}

int
policy_manifest_verb(const struct options *o)
{
	struct issue_rules *rules;
	struct policy_set *set;
	int code = policies_load(o->operands[0], &set, &rules);

	if (code == EX_OK)
		code = print(set, o);
	issue_rules_unref(rules);
	policy_set_unref(set);
	return code;
}
