#include "endpoint.h"

#include "policy/set.h"
#include "tool.h"

#include "base/text.h"

int
endpoint_option(const char *text)
{
	static const char remedy[] = "give what the device will send";
	struct span endpoint = span_str(text);
	struct quoted q;

	if (endpoint.len > POLICY_ENDPOINT_MAX || !text_utf8_valid(endpoint))
		return tool_error(EX_USAGE, remedy,
		    "--endpoint %s: expected UTF-8 of at most %d bytes",
		    quote(&q, endpoint), POLICY_ENDPOINT_MAX);
	for (size_t i = 0; i < endpoint.len; i++)
		if (endpoint.p[i] < 0x20 || endpoint.p[i] == 0x7f)
			return tool_error(EX_USAGE, remedy,
			    "--endpoint %s holds a control character",
			    quote(&q, endpoint));
	return EX_OK;
}
