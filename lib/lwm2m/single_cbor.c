#include "lwm2m/single_cbor.h"

#include "lwm2m/cbor_scalar.h"
#include "lwm2m/entry.h"

enum rc
single_cbor_encode(struct lwm2m_path base, const struct lwm2m_entry *entries,
    size_t count, struct writer *w)
{
	enum rc rc = entries_single(base, entries, count);

	if (rc != RC_OK)
		return rc;
	cbor_value(w, &entries->value);
	return w->full ? RC_TOO_LARGE : RC_OK;
}

enum rc
single_cbor_decode(struct lwm2m_path base, struct span payload,
    struct writer *scratch, struct lwm2m_entry *entries, size_t cap,
    size_t *count)
{
	struct entry_list list = {.base = base, .entries = entries, .cap = cap};
	struct cbor_scalar scalar;
	struct lwm2m_value value;
	struct cbor_item head;
	struct reader r;
	enum rc rc;

	*count = 0;
	if (!entry_path_valid(base))
		return RC_UNSUPPORTED;
	reader_init(&r, payload);
	rc = cbor_next(&r, &head);
	if (rc == RC_OK)
		rc = cbor_scalar_read(&r, &head, scratch, &scalar);
	if (rc == RC_OK && reader_left(&r) > 0)
		rc = RC_MALFORMED;
	if (rc == RC_OK)
		rc = cbor_scalar_value(base, &scalar, &value);
	if (rc == RC_OK)
		rc = entry_add(&list, base, value);
	if (rc == RC_OK)
		*count = list.count;
	return rc;
}
