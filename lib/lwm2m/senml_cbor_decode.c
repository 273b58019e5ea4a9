#include "lwm2m/cbor_scalar.h"
#include "lwm2m/entry.h"
#include "lwm2m/senml.h"
#include "lwm2m/senml_cbor.h"

enum { IGNORED_DEPTH = 4 /* nesting inside fields that mean nothing to us */ };

/*
 * Faults of the payload end up in in.bad, those of room in scratch->full or
 * in what entry_add says; they are looked at once a record.
 */
struct decoder {
	struct reader in;
	struct writer *scratch;
	struct span base; /* sticky from record to record */
	struct entry_list out;
};

/** One record as it stands there: its keys may come in any order. */
struct record {
	uint32_t seen; /* labels, a bit each */
	bool has_value;
	struct span name;
	enum senml_label label; /* of the value */
	struct cbor_scalar value;
};

/** The bytes of a string item of `kind`; pieces are joined in scratch. */
static struct span
whole_string(struct decoder *d, enum cbor_kind kind, struct cbor_item *item)
{
	if (item->kind != kind) {
		reader_fail(&d->in);
		return span_of(NULL, 0);
	}
	return cbor_whole(&d->in, item, d->scratch);
}

static enum senml_label
numbered_label(const struct cbor_item *key)
{
	int number;

	if (key->number > SENML_DATA)
		return SENML_OTHER;
	number = (int)key->number;
	if (key->kind == CBOR_NEGATIVE)
		number = -1 - number;
	return number < SENML_BASE_SUM ? SENML_OTHER : (enum senml_label)number;
}

static enum senml_label
read_label(struct decoder *d, struct cbor_item *key)
{
	struct span text;

	if (key->kind == CBOR_UINT || key->kind == CBOR_NEGATIVE)
		return numbered_label(key);
	text = whole_string(d, CBOR_TEXT, key);
	/* RFC 8428 section 4.4: such a label must be understood. */
	if (text.len > 0 && text.p[text.len - 1] == '_')
		reader_fail(&d->in);
	return span_is(text, "vlo") ? SENML_LINK : SENML_OTHER;
}

/** False for a label of RFC 8428 that the record has had before. */
static bool
first_time(struct record *r, enum senml_label label)
{
	uint32_t bit;

	if (label == SENML_OTHER || label == SENML_LINK)
		return true; /* of values there is one at most anyway */
	bit = (uint32_t)1 << (label - SENML_BASE_SUM);
	if (r->seen & bit)
		return false;
	r->seen |= bit;
	return true;
}

static struct span
read_text(struct decoder *d)
{
	struct cbor_item item;

	if (cbor_next(&d->in, &item) != RC_OK)
		return span_of(NULL, 0);
	return whole_string(d, CBOR_TEXT, &item);
}

static void
read_value(struct decoder *d, enum senml_label label, struct record *r)
{
	struct cbor_item head;

	if (r->has_value)
		reader_fail(&d->in);
	r->has_value = true;
	r->label = label;
	if (cbor_next(&d->in, &head) == RC_OK &&
	    cbor_scalar_read(&d->in, &head, d->scratch, &r->value) ==
		RC_MALFORMED)
		reader_fail(&d->in);
}

static void
read_version(struct decoder *d)
{
	struct cbor_item item;

	if (cbor_next(&d->in, &item) != RC_OK || item.kind != CBOR_UINT ||
	    item.number > SENML_VERSION)
		reader_fail(&d->in);
}

static void
read_field(struct decoder *d, struct cbor_item *key, struct record *r)
{
	enum senml_label label = read_label(d, key);

	if (!first_time(r, label))
		reader_fail(&d->in);
	switch (label) {
	case SENML_BASE_NAME:
		d->base = read_text(d);
		break;
	case SENML_NAME:
		r->name = read_text(d);
		break;
	case SENML_VALUE:
	case SENML_STRING:
	case SENML_BOOLEAN:
	case SENML_DATA:
	case SENML_LINK:
		read_value(d, label, r);
		break;
	case SENML_BASE_VERSION:
		read_version(d);
		break;
	case SENML_BASE_VALUE:
		/* It would be added to values: not skipped, but refused. */
		reader_fail(&d->in);
		break;
	case SENML_BASE_SUM:
	case SENML_BASE_UNIT:
	case SENML_BASE_TIME:
	case SENML_UNIT:
	case SENML_SUM:
	case SENML_TIME:
	case SENML_UPDATE_TIME:
	case SENML_OTHER:
		if (cbor_skip(&d->in, IGNORED_DEPTH) != RC_OK)
			reader_fail(&d->in);
		break;
	}
}

static enum rc
typed_record(
    struct lwm2m_path path, const struct record *r, struct lwm2m_value *out)
{
	const struct cbor_item *item = &r->value.item;
	enum cbor_scalar_kind kind = r->value.kind;

	if (r->label == SENML_VALUE)
		return cbor_scalar_number(path, &r->value, out);
	if (r->label == SENML_STRING && kind == SCALAR_TEXT)
		return typed_text(path, item->bytes, out);
	if (r->label == SENML_LINK && kind == SCALAR_TEXT)
		return typed_link(path, item->bytes, out);
	if (r->label == SENML_DATA && kind == SCALAR_BYTES)
		return typed_bytes(path, item->bytes, out);
	if (r->label == SENML_BOOLEAN && kind == SCALAR_BOOL)
		return typed_boolean(path, item->number != 0, out);
	return RC_MALFORMED;
}

static enum rc
read_record(struct decoder *d, struct cbor_item *map)
{
	struct record r = {.seen = 0};
	struct lwm2m_path path;
	struct lwm2m_value value;
	struct cbor_item key;
	enum rc rc;

	if (map->kind != CBOR_MAP)
		return RC_MALFORMED;
	while (cbor_element(&d->in, map, &key))
		read_field(d, &key, &r);
	if (d->in.bad || !r.has_value)
		return RC_MALFORMED;
	if (d->scratch->full)
		return RC_TOO_LARGE;
	rc = senml_resolve(d->base, r.name, &path);
	if (rc == RC_OK)
		rc = typed_record(path, &r, &value);
	if (rc == RC_OK)
		rc = entry_add(&d->out, path, value);
	return rc;
}

enum rc
senml_cbor_decode(struct lwm2m_path base, struct span payload,
    struct writer *scratch, struct lwm2m_entry *entries, size_t cap,
    size_t *count)
{
	struct decoder d = {
	    .scratch = scratch,
	    .out = {.base = base, .entries = entries, .cap = cap},
	};
	struct cbor_item pack;
	struct cbor_item record;
	enum rc rc = RC_OK;

	*count = 0;
	reader_init(&d.in, payload);
	if (cbor_next(&d.in, &pack) != RC_OK || pack.kind != CBOR_ARRAY)
		return RC_MALFORMED;
	while (rc == RC_OK && cbor_element(&d.in, &pack, &record))
		rc = read_record(&d, &record);
	if (rc == RC_OK && (d.in.bad || reader_left(&d.in) > 0))
		rc = RC_MALFORMED;
	if (rc == RC_OK)
		*count = d.out.count;
	return rc;
}
