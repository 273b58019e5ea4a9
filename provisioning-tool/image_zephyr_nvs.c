/*
 * Zephyr's settings in its NVS file system: the setting
 * lwm2m:sec/OBJECT/INSTANCE/RESOURCE for each entry, as Nordic's LwM2M client
 * keeps what it was bootstrapped with. A value is what the firmware has in
 * memory, little-endian: text with its NUL, a Boolean in one byte, a Short
 * Server ID in two, times in four, opaque bytes as they are.
 *
 * The firmware reads a value into its buffer without a look at its length, so
 * nothing goes out that is longer than it is said to have room for.
 */
#include "image_format.h"

#include "image_bytes.h"
#include "lwm2m/entry.h"
#include "lwm2m/object.h"
#include "zephyr_nvs.h"

enum {
	SECTORS_PRESET = 2,
	NUMBER_MAX = 8, /* bytes */
};

static const char prefix[] = "lwm2m:sec";

/** Bytes of a number of that resource in the firmware's memory. */
static size_t
number_width(struct lwm2m_path p)
{
	const struct lwm2m_resource *r = resource_find(p.object, p.resource);

	if (!r || r->type == LWM2M_TIME)
		return NUMBER_MAX;
	if (r->max > 0 && r->max <= UINT8_MAX)
		return 1;
	return r->max > 0 && r->max <= UINT16_MAX ? 2 : 4;
}

/** Is this a type that the reader will know again? */
static bool
type_fits(const struct lwm2m_entry *e)
{
	return e->value.type == object_type(e->path);
}

/** The value as it stands in flash; empty: it cannot. */
static struct span
value_bytes(const struct lwm2m_entry *e, struct writer *w)
{
	const struct lwm2m_value *v = &e->value;
	uint8_t number[NUMBER_MAX] = {0};
	size_t width = number_width(e->path);

	switch (v->type) {
	case LWM2M_STRING:
	case LWM2M_CORELNK:
		writer_put(w, v->bytes);
		writer_put(w, span_of(number, 1));
		return writer_span(w);
	case LWM2M_OPAQUE:
		return v->bytes;
	case LWM2M_BOOLEAN:
		width = 1;
		number[0] = v->boolean;
		break;
	case LWM2M_INTEGER:
	case LWM2M_TIME:
	case LWM2M_UNSIGNED:
		if ((v->type != LWM2M_UNSIGNED && v->integer < 0) ||
		    (width < NUMBER_MAX && v->number >> 8 * width != 0))
			return span_of(NULL, 0);
		put_le(number, v->number, width);
		break;
	case LWM2M_OBJLNK:
		width = 4;
		put_le(number, v->link.object, 2);
		put_le(number + 2, v->link.instance, 2);
		break;
	case LWM2M_FLOAT:
	case LWM2M_NONE:
		return span_of(NULL, 0);
	}
	writer_put(w, span_of(number, width));
	return writer_span(w);
}

static enum rc
put_entry(struct zephyr_nvs_writer *n, const struct lwm2m_entry *e,
    struct image_writing *g)
{
	uint8_t text[UINT8_MAX + 2 + NUMBER_MAX];
	char name[sizeof(prefix) + LWM2M_PATH_TEXT_MAX];
	struct writer w, value;
	struct span bytes;

	writer_init(&w, name, sizeof(name));
	writer_str(&w, prefix);
	path_print(&w, e->path);
	writer_init(&value, text, sizeof(text));
	bytes = value_bytes(e, &value);
	if (value.full || bytes.len > g->geometry->value_max) {
		g->why = "a value is longer than the firmware has room for, "
			 "--value-max";
		return RC_TOO_LARGE;
	}
	if (bytes.len == 0 || !type_fits(e)) {
		g->why = "a value that settings have no form for: empty, "
			 "below 0, or of another type than the tables say";
		return RC_UNSUPPORTED;
	}
	zephyr_nvs_setting(n, writer_span(&w), bytes);
	return RC_OK;
}

static enum rc
write_zephyr_nvs(
    const struct image *image, struct image_writing *g, struct writer *w)
{
	const struct image_geometry *geo = g->geometry;
	size_t len = geo->partition_len ? geo->partition_len
					: SECTORS_PRESET * geo->sector_len;
	struct zephyr_nvs_writer n;
	enum rc rc = RC_OK;
	uint8_t *p;

	if (!image_valid(image))
		return RC_MALFORMED;
	if (len > IMAGE_PARTITION_MAX)
		return RC_TOO_LARGE;
	p = writer_skip(w, len);
	if (!p)
		return RC_TOO_LARGE;
	zephyr_nvs_begin(&n, p, len, geo);
	if (zephyr_nvs_end(&n) != RC_OK) {
		g->why = "the partition is not two sectors or more, each a "
			 "power of two";
		return RC_UNSUPPORTED;
	}
	for (size_t i = 0; i < image->entry_count && rc == RC_OK; i++)
		rc = put_entry(&n, &image->entries[i], g);
	if (rc == RC_OK)
		rc = zephyr_nvs_end(&n);
	if (rc == RC_TOO_LARGE && !g->why)
		g->why = "it is more than one sector holds, --sector";
	return rc;
}

static enum rc
read_number(struct span bytes, size_t width, uint64_t *out)
{
	if (bytes.len != width)
		return RC_MALFORMED;
	*out = get_le(bytes.p, width);
	return RC_OK;
}

static enum rc
read_value(struct lwm2m_path path, struct span bytes, struct lwm2m_value *v)
{
	uint64_t n = 0;
	enum rc rc = RC_OK;

	*v = (struct lwm2m_value){.type = object_type(path)};
	switch (v->type) {
	case LWM2M_STRING:
	case LWM2M_CORELNK:
		if (bytes.p[bytes.len - 1] != 0)
			return RC_MALFORMED;
		v->bytes = span_of(bytes.p, bytes.len - 1);
		break;
	case LWM2M_OPAQUE:
		v->bytes = bytes;
		break;
	case LWM2M_BOOLEAN:
		rc = read_number(bytes, 1, &n);
		v->boolean = n == 1;
		if (n > 1)
			return RC_MALFORMED;
		break;
	case LWM2M_INTEGER:
	case LWM2M_TIME:
	case LWM2M_UNSIGNED:
		rc = read_number(bytes, number_width(path), &n);
		if (v->type != LWM2M_UNSIGNED && n > INT64_MAX)
			return RC_MALFORMED;
		v->number = n;
		break;
	case LWM2M_OBJLNK:
		rc = read_number(bytes, 4, &n);
		v->link.object = (uint16_t)n;
		v->link.instance = (uint16_t)(n >> 16);
		break;
	case LWM2M_FLOAT:
	case LWM2M_NONE:
		return RC_MALFORMED;
	}
	return rc;
}

static enum rc
take_setting(struct image_reading *r, struct entry_list *list,
    const struct zephyr_nvs_item *name, const struct zephyr_nvs_item *value)
{
	struct lwm2m_path path;
	struct lwm2m_value v;
	enum rc rc;

	if (!span_starts(name->data, SPAN_LIT("lwm2m:sec/")) ||
	    path_parse(span_from(name->data, sizeof(prefix) - 1), &path) !=
		RC_OK ||
	    !entry_path_valid(path))
		return image_foreign(
		    r, name->at, "a setting that is not lwm2m:sec/ and a path");
	if (read_value(path, value->data, &v) != RC_OK)
		return image_fault(r, value->at,
		    "a value that is not of the type of its resource");
	rc = entry_add(list, path, v);
	if (rc == RC_MALFORMED)
		return image_fault(r, name->at, "a setting is there twice");
	return rc;
}

/* Three items a setting, in the order of the firmware's own code: so no id can
 * be missing, and no count stand behind its names. */
static enum rc
take_all(struct zephyr_nvs_reader *n, struct image_reading *r)
{
	struct entry_list list = {
	    .base = LWM2M_ROOT, .entries = r->entries, .cap = r->entry_cap};
	struct zephyr_nvs_item value, name, count;
	unsigned id = ZEPHYR_NVS_COUNT_ID;
	enum rc rc = RC_OK;

	while (rc == RC_OK && zephyr_nvs_next(n, &value)) {
		id++;
		if (!zephyr_nvs_next(n, &name) || !zephyr_nvs_next(n, &count))
			return image_fault(
			    r, value.at, "a setting is value, name and count");
		if (value.id != id + ZEPHYR_NVS_VALUE_OFFSET || name.id != id ||
		    count.id != ZEPHYR_NVS_COUNT_ID || count.data.len != 2 ||
		    get_le16(count.data.p) != id)
			return image_fault(r, value.at,
			    "ids that are not those of the next setting");
		rc = take_setting(r, &list, &name, &value);
	}
	return rc == RC_OK ? image_take(r, list.count) : rc;
}

static enum rc
read_zephyr_nvs(struct span bytes, struct image_reading *r)
{
	struct image_geometry *g = &r->geometry;
	struct zephyr_nvs_reader n;

	if (g->partition_len && g->partition_len != bytes.len)
		return image_fault(
		    r, 0, "it is not of the length of the partition");
	if (!zephyr_nvs_open(&n, bytes, g))
		return image_fault(r, n.fault_at, n.fault);
	g->sector_len = n.sector_len;
	g->write_block = n.write_block;
	g->data_crc = n.data_crc;
	g->partition_len = bytes.len;
	return take_all(&n, r);
}

const struct image_format image_zephyr_nvs = {
    .name = "zephyr-nvs",
    .summary = "Zephyr settings over NVS, as Nordic's LwM2M client keeps them",
    .extension = "znvs.bin",
    .options = IMAGE_OPTION_PARTITION | IMAGE_OPTION_SECTOR |
	IMAGE_OPTION_WRITE_BLOCK | IMAGE_OPTION_VALUE_MAX |
	IMAGE_OPTION_DATA_CRC,
    .guess = zephyr_nvs_looks,
    .write = write_zephyr_nvs,
    .read = read_zephyr_nvs,
};
