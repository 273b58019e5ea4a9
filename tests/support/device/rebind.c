#include "rebind.h"

bool
rebind_read(const char *text, uint64_t *out)
{
	*out = REBIND_EACH;
	return strcmp(text, "each") == 0 ||
	    (span_decimal(span_str(text), REBIND_EACH - 1, out) && *out > 0);
}

bool
rebind_due(struct rebinding *r, const struct device_wire *w)
{
	bool wanted = r->before == REBIND_EACH || w->said == r->before;

	if (!wanted || w->said <= r->done)
		return false;
	r->done = w->said;
	return true;
}
