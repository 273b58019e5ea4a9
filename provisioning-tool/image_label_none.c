/* Labels take two libraries that this program was built without. */
#include "tool.h"
#include "verbs.h"

int
image_label(const struct options *o)
{
	(void)o;
	return tool_error(EX_UNAVAILABLE,
	    "build it where libqrencode and libpng are (Debian: "
	    "libqrencode-dev, libpng-dev)",
	    "this provisioning-tool was built without labels");
}
