#include "lwm2m/opaque.h"

#include "lwm2m/entry.h"
#include "lwm2m/typed.h"

enum rc
opaque_encode(struct lwm2m_path base, const struct lwm2m_entry *entries,
    size_t count, struct writer *w)
{
	enum rc rc = entries_single(base, entries, count);

	if (rc != RC_OK)
		return rc;
	if (entries->value.type != LWM2M_OPAQUE)
		return RC_UNSUPPORTED;
	writer_put(w, entries->value.bytes);
	return w->full ? RC_TOO_LARGE : RC_OK;
}

enum rc
opaque_decode(struct lwm2m_path base, struct span payload,
    struct writer *scratch, struct lwm2m_entry *entries, size_t cap,
    size_t *count)
{
	struct entry_list list = {.base = base, .entries = entries, .cap = cap};
	struct lwm2m_value value;
	enum rc rc;

	(void)scratch; /* the payload is the value */
	*count = 0;
	if (!entry_path_valid(base))
		return RC_UNSUPPORTED;
	rc = typed_bytes(base, payload, &value);
	if (rc == RC_OK)
		rc = entry_add(&list, base, value);
	if (rc == RC_OK)
		*count = list.count;
	return rc;
}
