/* In place of probe.c, in a build without lib/dtls. */
#include "tool.h"
#include "verbs.h"

int
probe(const struct options *o)
{
	(void)o;
	return tool_error(EX_UNAVAILABLE, "run scripts/setup, and build again",
	    "this build has no DTLS to listen with");
}
