#include "lwm2m/senml_json.h"

#include "base/text.h"
#include "lwm2m/json_record.h"
#include "lwm2m/senml.h"

/* RFC 8428 section 4.5, and `vlo` of LwM2M Core 7.4.4. */
static const struct json_label labels[] = {
    {"bn", JSON_BASE_NAME},
    {"n", JSON_NAME},
    {"v", JSON_VALUE_NUMBER},
    {"vs", JSON_VALUE_TEXT},
    {"vb", JSON_VALUE_BOOLEAN},
    {"vd", JSON_VALUE_DATA},
    {"vlo", JSON_VALUE_LINK},
    {"bver", JSON_VERSION},
    /* It would be added to values: not skipped, but refused. */
    {"bv", JSON_REFUSED},
    {"bs", JSON_IGNORED},
    {"bt", JSON_IGNORED},
    {"bu", JSON_IGNORED},
    {"s", JSON_IGNORED},
    {"t", JSON_IGNORED},
    {"u", JSON_IGNORED},
    {"ut", JSON_IGNORED},
    {NULL, JSON_IGNORED},
};

static const struct json_dialect senml = {
    .labels = labels,
    .text = "vs",
    .boolean = "vb",
    .data = "vd",
    .link = "vlo",
    .base64 = text_base64url,
    .must_understand = true,
};

enum rc
senml_json_encode(struct lwm2m_path base, const struct lwm2m_entry *entries,
    size_t count, struct writer *w)
{
	struct senml_names names;
	enum rc rc = RC_OK;

	if (!entries_valid(base, entries, count))
		return RC_MALFORMED;
	senml_names_init(&names, base);
	writer_str(w, "[");
	for (size_t i = 0; i < count && rc == RC_OK; i++) {
		struct senml_record_name name;

		senml_names_next(&names, entries[i].path, &name);
		if (i > 0)
			writer_str(w, ",");
		rc = json_record_put(
		    w, &senml, name.base, name.name, &entries[i].value);
	}
	writer_str(w, "]");
	return rc == RC_OK && w->full ? RC_TOO_LARGE : rc;
}

/** The next record; `base` is sticky from one to the next. */
static enum rc
read_record(struct reader *r, struct json_item *object, struct span *base,
    struct writer *scratch, struct entry_list *list)
{
	struct json_record record;
	struct lwm2m_path path;
	struct lwm2m_value value;
	enum rc rc = json_record_read(r, object, &senml, scratch, &record);

	if (rc != RC_OK)
		return rc;
	if (record.has_base)
		*base = record.base;
	rc = senml_resolve(*base, record.name, &path);
	if (rc == RC_OK)
		rc = json_record_value(&record, &senml, path, scratch, &value);
	if (rc == RC_OK)
		rc = entry_add(list, path, value);
	return rc;
}

enum rc
senml_json_decode(struct lwm2m_path base, struct span payload,
    struct writer *scratch, struct lwm2m_entry *entries, size_t cap,
    size_t *count)
{
	struct entry_list list = {.base = base, .entries = entries, .cap = cap};
	struct span base_name = span_of(NULL, 0);
	struct json_item pack;
	struct json_item record;
	struct reader r;
	enum rc rc = RC_OK;

	*count = 0;
	reader_init(&r, payload);
	if (json_next(&r, &pack) != RC_OK || pack.kind != JSON_ARRAY)
		return RC_MALFORMED;
	while (rc == RC_OK && json_element(&r, &pack, &record))
		rc = read_record(&r, &record, &base_name, scratch, &list);
	if (rc == RC_OK && !json_ended(&r))
		rc = RC_MALFORMED;
	if (rc == RC_OK)
		*count = list.count;
	return rc;
}
