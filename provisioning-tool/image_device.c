#include "image_device.h"

#include "endpoint.h"
#include "tool.h"

#include "policy/image.h"

int
image_device_given(const struct options *o)
{
	if (!o->endpoint && !o->unit_serial)
		return tool_error(EX_USAGE,
		    "or --serial, where an image document says what endpoint "
		    "that makes",
		    "--endpoint EP is missing");
	if (o->endpoint && o->unit_serial)
		return tool_error(EX_USAGE, "give one of the two",
		    "--endpoint and --serial both say which device it is");
	if (o->unit_serial && !o->image)
		return tool_error(EX_USAGE, "name it by --image",
		    "--serial needs an image document");
	return o->endpoint ? endpoint_option(o->endpoint) : EX_OK;
}

int
image_device_endpoint(const struct options *o, const struct image_recipe *r,
    char room[static POLICY_ENDPOINT_MAX + 1], struct span *endpoint)
{
	struct quoted q;
	const char *why;

	*endpoint = span_str(o->endpoint);
	if (!o->unit_serial)
		return EX_OK;
	if (image_endpoint_of_serial(
		r->image, span_str(o->unit_serial), room, &why) != RC_OK)
		return tool_error(EX_DATAERR, why, "no image for --serial %s",
		    quote_str(&q, o->unit_serial));
	*endpoint = span_str(room);
	return EX_OK;
}
