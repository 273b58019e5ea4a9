#include "lwm2m/oma_json.h"

#include "base/text.h"
#include "lwm2m/json_record.h"
#include "lwm2m/senml.h"

enum {
	IGNORED_DEPTH = 4, /* nesting inside fields that mean nothing to us */
	ENTRIES_DEPTH = IGNORED_DEPTH + 2, /* an array of objects of those */
};

static const struct json_label labels[] = {
    {"n", JSON_NAME},
    {"v", JSON_VALUE_NUMBER},
    {"sv", JSON_VALUE_TEXT},
    {"bv", JSON_VALUE_BOOLEAN},
    {"ov", JSON_VALUE_LINK},
    {"t", JSON_IGNORED},
    {NULL, JSON_IGNORED},
};

static const struct json_dialect oma = {
    .labels = labels,
    .text = "sv",
    .boolean = "bv",
    .data = "sv",
    .link = "ov",
    .base64 = text_base64,
    .text_is_data = true,
};

/** The path with a slash behind it, for names to follow. */
static struct span
folder(struct writer *w, struct lwm2m_path base)
{
	path_print(w, base);
	if (path_depth(base) > 0)
		writer_str(w, "/");
	return writer_span(w);
}

enum rc
oma_json_encode(struct lwm2m_path base, const struct lwm2m_entry *entries,
    size_t count, struct writer *w)
{
	char base_text[LWM2M_PATH_TEXT_MAX];
	char text[LWM2M_PATH_TEXT_MAX];
	struct span bn;
	struct writer t;
	bool first = true;
	enum rc rc = RC_OK;

	if (!entries_valid(base, entries, count))
		return RC_MALFORMED;
	writer_init(&t, base_text, sizeof(base_text));
	bn = folder(&t, base);
	/* Nothing can stand below a single value: its name is the base. */
	if (count > 0 && path_compare(entries[0].path, base) == 0)
		bn.len--;
	writer_str(w, "{");
	json_key(w, &first, "bn");
	text_quote(w, bn);
	json_key(w, &first, "e");
	writer_str(w, "[");
	for (size_t i = 0; i < count && rc == RC_OK; i++) {
		writer_init(&t, text, sizeof(text));
		path_print(&t, entries[i].path);
		if (i > 0)
			writer_str(w, ",");
		rc = json_record_put(w, &oma, span_of(NULL, 0),
		    span_from(writer_span(&t), bn.len), &entries[i].value);
	}
	writer_str(w, "]}");
	return rc == RC_OK && w->full ? RC_TOO_LARGE : rc;
}

/** The members of the outer object: where `e` begins, and what `bn` is. */
struct outer {
	bool has_base;
	bool has_entries;
	bool has_time;
	struct span base;
	struct reader entries;
};

static enum rc
read_base(struct reader *r, struct writer *scratch, struct outer *out)
{
	struct json_item item;

	if (out->has_base || json_next(r, &item) != RC_OK ||
	    item.kind != JSON_STRING)
		return RC_MALFORMED;
	out->has_base = true;
	return json_text(&item, scratch, &out->base);
}

static enum rc
read_member(struct reader *r, const struct json_item *name,
    struct writer *scratch, struct outer *out)
{
	size_t from = scratch->len;
	struct span text;
	enum rc rc = json_text(name, scratch, &text);

	if (rc != RC_OK)
		return rc;
	scratch->len = from;
	if (span_is(text, "bn"))
		return read_base(r, scratch, out);
	if (span_is(text, "e")) {
		if (out->has_entries)
			return RC_MALFORMED;
		out->has_entries = true;
		out->entries = *r;
		return json_skip(r, ENTRIES_DEPTH);
	}
	if (span_is(text, "bt")) {
		if (out->has_time)
			return RC_MALFORMED;
		out->has_time = true;
	}
	return json_skip(r, IGNORED_DEPTH);
}

static enum rc
read_outer(struct reader *r, struct writer *scratch, struct outer *out)
{
	struct json_item object;
	struct json_item name;
	enum rc rc = RC_OK;

	*out = (struct outer){.has_base = false};
	if (json_next(r, &object) != RC_OK || object.kind != JSON_OBJECT)
		return RC_MALFORMED;
	while (rc == RC_OK && json_member(r, &object, &name))
		rc = read_member(r, &name, scratch, out);
	if (rc == RC_OK && (!json_ended(r) || !out->has_entries))
		rc = RC_MALFORMED;
	return rc;
}

static enum rc
resolve(const struct outer *outer, struct lwm2m_path base, struct span name,
    struct lwm2m_path *out)
{
	char text[LWM2M_PATH_TEXT_MAX + 1];
	struct writer w;

	if (outer->base.len > 0)
		return senml_resolve(outer->base, name, out);
	if (name.len == 0) {
		*out = base;
		return RC_OK;
	}
	if (name.p[0] == '/')
		return path_parse(name, out);
	writer_init(&w, text, sizeof(text));
	return senml_resolve(folder(&w, base), name, out);
}

static enum rc
read_record(struct reader *r, struct json_item *object,
    const struct outer *outer, struct writer *scratch, struct entry_list *list)
{
	struct json_record record;
	struct lwm2m_path path;
	struct lwm2m_value value;
	enum rc rc = json_record_read(r, object, &oma, scratch, &record);

	if (rc == RC_OK)
		rc = resolve(outer, list->base, record.name, &path);
	if (rc == RC_OK)
		rc = json_record_value(&record, &oma, path, scratch, &value);
	if (rc == RC_OK)
		rc = entry_add(list, path, value);
	return rc;
}

enum rc
oma_json_decode(struct lwm2m_path base, struct span payload,
    struct writer *scratch, struct lwm2m_entry *entries, size_t cap,
    size_t *count)
{
	struct entry_list list = {.base = base, .entries = entries, .cap = cap};
	struct json_item array;
	struct json_item record;
	struct outer outer;
	struct reader r;
	enum rc rc;

	*count = 0;
	reader_init(&r, payload);
	/* The base name may come last: once through for it, then again. */
	rc = read_outer(&r, scratch, &outer);
	if (rc != RC_OK)
		return rc;
	r = outer.entries;
	if (json_next(&r, &array) != RC_OK || array.kind != JSON_ARRAY)
		return RC_MALFORMED;
	while (rc == RC_OK && json_element(&r, &array, &record))
		rc = read_record(&r, &record, &outer, scratch, &list);
	if (rc == RC_OK && r.bad)
		rc = RC_MALFORMED;
	if (rc == RC_OK)
		*count = list.count;
	return rc;
}
