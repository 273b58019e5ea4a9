/* In place of image_rehearse.c, in a build without lib/dtls. */
#include "tool.h"
#include "verbs.h"

int
image_rehearse(const struct options *o)
{
	(void)o;
	return tool_error(EX_UNAVAILABLE, "run scripts/setup, and build again",
	    "this build has no DTLS for a device to boot with");
}
