/* Without wolfSSL nothing can be measured: in place of explain_wire.c. */
#include "explain.h"

#include "tool.h"

int
explain_costs(
    const struct question *qn, const struct answer *a, struct json_out *json)
{
	(void)qn;
	(void)a;
	(void)json;
	return EX_OK;
}

int
explain_wire(
    const struct question *qn, const struct answer *a, struct json_out *json)
{
	(void)qn;
	(void)a;
	(void)json;
	return tool_error(EX_UNAVAILABLE, NULL,
	    "--wire: this build has no DTLS to hold a bootstrap with");
}
