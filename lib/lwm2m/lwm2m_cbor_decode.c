#include "lwm2m/cbor_scalar.h"
#include "lwm2m/entry.h"
#include "lwm2m/lwm2m_cbor.h"

enum { LEVELS = 4 };

struct decoder {
	struct reader in;
	struct writer *scratch;
	struct entry_list out;
};

/** A path that grows along the nesting. */
struct trail {
	uint16_t ids[LEVELS];
	unsigned depth;
};

static bool
add_level(struct trail *t, const struct cbor_item *id)
{
	if (id->kind != CBOR_UINT || id->number >= LWM2M_ID_NONE ||
	    t->depth == LEVELS)
		return false;
	t->ids[t->depth++] = (uint16_t)id->number;
	return true;
}

/** The key of a pair: a level, or an array of some. */
static bool
read_key(struct decoder *d, struct cbor_item *key, struct trail *t)
{
	unsigned before = t->depth;
	struct cbor_item id;

	if (key->kind != CBOR_ARRAY)
		return add_level(t, key);
	while (cbor_element(&d->in, key, &id)) {
		if (!add_level(t, &id))
			return false;
	}
	return !d->in.bad && t->depth > before;
}

static enum rc
read_scalar(struct decoder *d, const struct cbor_item *head, struct trail *t)
{
	struct lwm2m_path path = LWM2M_ROOT;
	uint16_t *const levels[LEVELS] = {&path.object, &path.instance,
	    &path.resource, &path.resource_instance};
	struct cbor_scalar scalar;
	struct lwm2m_value value;
	enum rc rc;

	for (unsigned i = 0; i < t->depth; i++)
		*levels[i] = t->ids[i];
	rc = cbor_scalar_read(&d->in, head, d->scratch, &scalar);
	if (rc == RC_OK)
		rc = cbor_scalar_value(path, &scalar, &value);
	if (rc == RC_OK)
		rc = entry_add(&d->out, path, value);
	return rc;
}

/** The pairs of a map. Each level of nesting has one of the path at least:
 *  four are the deepest there can be. */
static enum rc
read_map(struct decoder *d, struct cbor_item *map, const struct trail *above)
{
	struct cbor_item key;
	struct cbor_item value;
	size_t pairs = 0;
	enum rc rc = RC_OK;

	while (rc == RC_OK && cbor_element(&d->in, map, &key)) {
		struct trail t = *above;

		pairs++;
		if (!read_key(d, &key, &t) ||
		    cbor_next(&d->in, &value) != RC_OK)
			return RC_MALFORMED;
		if (value.kind == CBOR_MAP)
			rc = read_map(d, &value, &t);
		else
			rc = read_scalar(d, &value, &t);
	}
	if (rc == RC_OK && (d->in.bad || (pairs == 0 && above->depth > 0)))
		rc = RC_MALFORMED;
	return rc;
}

enum rc
lwm2m_cbor_decode(struct lwm2m_path base, struct span payload,
    struct writer *scratch, struct lwm2m_entry *entries, size_t cap,
    size_t *count)
{
	struct decoder d = {
	    .scratch = scratch,
	    .out = {.base = base, .entries = entries, .cap = cap},
	};
	const struct trail root = {.depth = 0};
	struct cbor_item map;
	enum rc rc;

	*count = 0;
	reader_init(&d.in, payload);
	if (cbor_next(&d.in, &map) != RC_OK || map.kind != CBOR_MAP)
		return RC_MALFORMED;
	rc = read_map(&d, &map, &root);
	if (rc == RC_OK && reader_left(&d.in) > 0)
		rc = RC_MALFORMED;
	if (rc == RC_OK)
		*count = d.out.count;
	return rc;
}
