#include "policy_trust.h"

#include "base/loop.h"
#include "issue/signed.h"
#include "tool.h"

int
policy_trust_options(const struct options *o)
{
	if (o->threshold == 0 || o->trust)
		return EX_OK;
	return tool_error(EX_USAGE, "add --trust FILE, the allowed signers",
	    "--threshold is of no use without --trust");
}

enum rc
policy_trust_check(const struct options *o, const char *path,
    const struct policy_set *set, struct diag *d)
{
	const struct signed_trust trust = {
	    .signers = o->trust,
	    .threshold = o->threshold ? (unsigned)o->threshold : 1,
	};
	struct signed_by by;

	if (!o->trust)
		return RC_OK;
	return signed_check(&trust, path, set, clock_wall_ms() / 1000, d, &by);
}
