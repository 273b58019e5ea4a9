/*
 * A partition of Espressif's non-volatile storage. In one namespace, for the
 * bootstrap account the keys that firmware reads by name:
 *
 *   bs_mode u8       /0/x/2; that it is there says /0/x/1 = true
 *   bs_uri string    /0/x/0
 *   ep string        the endpoint client name
 *   psk_id, psk_key  blobs, /0/x/3 and /0/x/5 in mode 0
 *   dev_cert, dev_key, srv_cert   blobs, /0/x/3, /0/x/5 and /0/x/4 in mode 2
 *   hold_off u32     /0/x/11
 *   bs_inst u16      x, where that is not 1
 *
 * and for everything else the path without its first slash, "1/1/0": strings,
 * blobs for opaque values, i64, u64 for Unsigned, u8 for Boolean and u32 for an
 * object link (object << 16 | instance).
 */
#include "esp_nvs.h"
#include "image_format.h"
#include "lwm2m/entry.h"

enum {
	PARTITION_PRESET = 3 * ESP_NVS_PAGE_LEN,
	INSTANCE_PRESET = 1, /* of the account, when bs_inst is not there */
	ANY_MODE = -1,
};

static const struct {
	const char *key;
	uint16_t resource;
	int mode;
	enum esp_nvs_type type;
} named[] = {
    {"bs_mode", SECURITY_MODE, ANY_MODE, ESP_NVS_U8},
    {"bs_uri", SECURITY_URI, ANY_MODE, ESP_NVS_STRING},
    {"ep", LWM2M_ID_NONE, ANY_MODE, ESP_NVS_STRING},
    {"psk_id", SECURITY_IDENTITY, MODE_PSK, ESP_NVS_BLOB},
    {"psk_key", SECURITY_SECRET_KEY, MODE_PSK, ESP_NVS_BLOB},
    {"dev_cert", SECURITY_IDENTITY, MODE_CERTIFICATE, ESP_NVS_BLOB},
    {"dev_key", SECURITY_SECRET_KEY, MODE_CERTIFICATE, ESP_NVS_BLOB},
    {"hold_off", SECURITY_HOLD_OFF, ANY_MODE, ESP_NVS_U32},
    {"srv_cert", SECURITY_SERVER_KEY, MODE_CERTIFICATE, ESP_NVS_BLOB},
    {"bs_inst", LWM2M_ID_NONE, ANY_MODE, ESP_NVS_U16},
};

enum { NAMED_COUNT = sizeof(named) / sizeof(named[0]) };

/** The account that has the keys with names. */
struct account {
	uint16_t instance; /**< LWM2M_ID_NONE: none has */
	int mode;
};

static const struct lwm2m_value *
find(const struct image *image, uint16_t instance, uint16_t resource)
{
	struct lwm2m_path p =
	    LWM2M_RESOURCE(OBJECT_SECURITY, instance, resource);

	for (size_t i = 0; i < image->entry_count; i++)
		if (path_compare(image->entries[i].path, p) == 0)
			return &image->entries[i].value;
	return NULL;
}

/* Only where it is the one bootstrap account, and has a mode to tell it by. */
static struct account
find_account(const struct image *image)
{
	struct account a = {LWM2M_ID_NONE, 0}, none = a;

	for (size_t i = 0; i < image->entry_count; i++) {
		const struct lwm2m_entry *e = &image->entries[i];
		const struct lwm2m_value *mode;

		if (e->path.object != OBJECT_SECURITY ||
		    e->path.resource != SECURITY_BOOTSTRAP ||
		    e->value.type != LWM2M_BOOLEAN || !e->value.boolean)
			continue;
		mode = find(image, e->path.instance, SECURITY_MODE);
		if (a.instance != LWM2M_ID_NONE || !mode ||
		    mode->type != LWM2M_INTEGER || mode->integer < 0 ||
		    mode->integer > UINT8_MAX)
			return none;
		a.instance = e->path.instance;
		a.mode = (int)mode->integer;
	}
	return a;
}

static bool
fits(const struct lwm2m_value *v, enum esp_nvs_type type)
{
	if (type == ESP_NVS_STRING)
		return v->type == LWM2M_STRING;
	if (type == ESP_NVS_BLOB)
		return v->type == LWM2M_OPAQUE;
	return v->type == LWM2M_INTEGER && v->integer >= 0 &&
	    v->integer <= UINT32_MAX;
}

/** Does this entry stand under a key with a name? */
static bool
is_named(const struct account *a, const struct lwm2m_entry *e)
{
	if (e->path.object != OBJECT_SECURITY ||
	    e->path.instance != a->instance)
		return false;
	if (e->path.resource == SECURITY_BOOTSTRAP)
		return true;
	for (size_t i = 0; i < NAMED_COUNT; i++)
		if (named[i].resource == e->path.resource &&
		    (named[i].mode == ANY_MODE || named[i].mode == a->mode))
			return fits(&e->value, named[i].type);
	return false;
}

static void
put_named(struct esp_nvs_writer *n, const struct image *image,
    const struct account *a)
{
	for (size_t i = 0; i < NAMED_COUNT; i++) {
		const char *key = named[i].key;
		const struct lwm2m_value *v;

		if (named[i].resource == LWM2M_ID_NONE)
			continue;
		v = find(image, a->instance, named[i].resource);
		if (!v || !fits(v, named[i].type) ||
		    (named[i].mode != ANY_MODE && named[i].mode != a->mode))
			v = NULL;
		else if (named[i].type == ESP_NVS_STRING)
			esp_nvs_string(n, key, v->bytes);
		else if (named[i].type == ESP_NVS_BLOB)
			esp_nvs_blob(n, key, v->bytes);
		else
			esp_nvs_integer(
			    n, key, named[i].type, (uint64_t)v->integer);
		/* behind the strings of the account */
		if (named[i].resource == SECURITY_URI &&
		    image->endpoint.len > 0)
			esp_nvs_string(n, "ep", image->endpoint);
	}
	if (a->instance != INSTANCE_PRESET)
		esp_nvs_integer(n, "bs_inst", ESP_NVS_U16, a->instance);
}

static enum rc
put_by_path(struct esp_nvs_writer *n, const struct lwm2m_entry *e)
{
	char text[LWM2M_PATH_TEXT_MAX];
	const struct lwm2m_value *v = &e->value;
	struct writer w;

	writer_init(&w, text, sizeof(text) - 1);
	path_print(&w, e->path);
	text[w.len] = '\0';
	if (w.len - 1 > ESP_NVS_NAME_MAX)
		return RC_UNSUPPORTED;
	switch (v->type) {
	case LWM2M_STRING:
	case LWM2M_CORELNK:
		esp_nvs_string(n, text + 1, v->bytes);
		break;
	case LWM2M_OPAQUE:
		esp_nvs_blob(n, text + 1, v->bytes);
		break;
	case LWM2M_INTEGER:
	case LWM2M_TIME:
		esp_nvs_integer(n, text + 1, ESP_NVS_I64, (uint64_t)v->integer);
		break;
	case LWM2M_UNSIGNED:
		esp_nvs_integer(n, text + 1, ESP_NVS_U64, v->number);
		break;
	case LWM2M_BOOLEAN:
		esp_nvs_integer(n, text + 1, ESP_NVS_U8, v->boolean);
		break;
	case LWM2M_OBJLNK:
		esp_nvs_integer(n, text + 1, ESP_NVS_U32,
		    (uint64_t)v->link.object << 16 | v->link.instance);
		break;
	case LWM2M_FLOAT:
	case LWM2M_NONE:
		return RC_UNSUPPORTED;
	}
	return RC_OK;
}

static enum rc
write_esp_nvs(
    const struct image *image, struct image_writing *g, struct writer *w)
{
	const struct image_geometry *geo = g->geometry;
	size_t len = geo->partition_len ? geo->partition_len : PARTITION_PRESET;
	struct account a = find_account(image);
	struct esp_nvs_writer n;
	enum rc rc = RC_OK;
	uint8_t *p;

	if (!image_valid(image))
		return RC_MALFORMED;
	if (len > IMAGE_PARTITION_MAX || len % ESP_NVS_PAGE_LEN != 0 ||
	    len < ESP_NVS_PAGES_MIN * ESP_NVS_PAGE_LEN) {
		g->why = "the partition is not three or more pages of 4096";
		return RC_UNSUPPORTED;
	}
	p = writer_skip(w, len);
	if (!p)
		return RC_TOO_LARGE;
	esp_nvs_begin(&n, p, len, geo->nvs_version);
	esp_nvs_namespace(&n, geo->name_space);
	if (a.instance != LWM2M_ID_NONE)
		put_named(&n, image, &a);
	else if (image->endpoint.len > 0)
		esp_nvs_string(&n, "ep", image->endpoint);
	for (size_t i = 0; i < image->entry_count && rc == RC_OK; i++)
		if (!is_named(&a, &image->entries[i]))
			rc = put_by_path(&n, &image->entries[i]);
	if (rc == RC_OK)
		rc = esp_nvs_end(&n);
	if (rc == RC_TOO_LARGE)
		g->why = "a value is longer than NVS has, or all of them than "
			 "the pages but one, --partition";
	if (rc == RC_OK && geo->nvs_key)
		esp_nvs_encrypt(p, len, geo->nvs_key);
	return rc;
}

/** What the keys with names have said so far. */
struct reading {
	struct image_reading *r;
	struct entry_list list;
	const struct esp_nvs_item *items[NAMED_COUNT];
	struct esp_nvs_item room[NAMED_COUNT];
};

static enum rc
add_by_path(struct reading *in, const struct esp_nvs_item *item)
{
	uint8_t text[ESP_NVS_NAME_MAX + 1] = {'/'};
	struct lwm2m_value v = {.type = LWM2M_NONE};
	struct lwm2m_path path;

	memcpy(text + 1, item->key.p, item->key.len);
	if (path_parse(span_of(text, item->key.len + 1), &path) != RC_OK ||
	    !entry_path_valid(path))
		return image_foreign(
		    in->r, item->at, "a key that is no path and has no name");
	if (item->type == ESP_NVS_STRING) {
		v = LWM2M_VALUE_STRING(item->bytes);
		if (object_type(path) == LWM2M_CORELNK)
			v.type = LWM2M_CORELNK;
	} else if (item->type == ESP_NVS_BLOB) {
		v = LWM2M_VALUE_OPAQUE(item->bytes);
	} else if (item->type == ESP_NVS_I64) {
		v = LWM2M_VALUE_INTEGER((int64_t)item->integer);
		if (object_type(path) == LWM2M_TIME)
			v.type = LWM2M_TIME;
	} else if (item->type == ESP_NVS_U64) {
		v = LWM2M_VALUE_UNSIGNED(item->integer);
	} else if (item->type == ESP_NVS_U8 && item->integer <= 1) {
		v = LWM2M_VALUE_BOOLEAN(item->integer == 1);
	} else if (item->type == ESP_NVS_U32) {
		v.type = LWM2M_OBJLNK;
		v.link.object = (uint16_t)(item->integer >> 16);
		v.link.instance = (uint16_t)item->integer;
	}
	if (v.type == LWM2M_NONE)
		return image_foreign(
		    in->r, item->at, "a number of a type that no path has");
	return entry_add(&in->list, path, v);
}

static enum rc
take_item(struct reading *in, const struct esp_nvs_item *item)
{
	for (size_t i = 0; i < NAMED_COUNT; i++) {
		if (!span_is(item->key, named[i].key))
			continue;
		if (item->type != named[i].type)
			return image_foreign(in->r, item->at,
			    "a key with a name, but of another type");
		in->room[i] = *item;
		in->items[i] = &in->room[i];
		return RC_OK;
	}
	return add_by_path(in, item);
}

static const struct esp_nvs_item *
item_of(const struct reading *in, const char *key)
{
	for (size_t i = 0; i < NAMED_COUNT; i++)
		if (strcmp(named[i].key, key) == 0)
			return in->items[i];
	return NULL;
}

/** Put the entries together that have keys with names. */
static enum rc
take_named(struct reading *in)
{
	const struct esp_nvs_item *mode = item_of(in, "bs_mode");
	const struct esp_nvs_item *inst = item_of(in, "bs_inst");
	const struct esp_nvs_item *ep = item_of(in, "ep");
	struct lwm2m_path p = LWM2M_RESOURCE(OBJECT_SECURITY,
	    inst ? (uint16_t)inst->integer : INSTANCE_PRESET,
	    SECURITY_BOOTSTRAP);
	enum rc rc = RC_OK;

	if (inst && inst->integer == INSTANCE_PRESET)
		return image_foreign(
		    in->r, inst->at, "bs_inst says what holds without it");
	if (ep)
		in->r->image.endpoint = ep->bytes;
	if (mode)
		rc = entry_add(&in->list, p, LWM2M_VALUE_BOOLEAN(true));
	for (size_t i = 0; i < NAMED_COUNT && rc == RC_OK; i++) {
		const struct esp_nvs_item *item = in->items[i];

		if (!item || item == ep)
			continue;
		if (!mode ||
		    (named[i].mode != ANY_MODE &&
			(uint64_t)named[i].mode != mode->integer))
			return image_foreign(in->r, item->at,
			    "a key with a name that is not one of its mode");
		if (item == inst)
			continue;
		p.resource = named[i].resource;
		rc = entry_add(&in->list, p,
		    item->type == ESP_NVS_STRING
			? LWM2M_VALUE_STRING(item->bytes)
			: item->type == ESP_NVS_BLOB
			? LWM2M_VALUE_OPAQUE(item->bytes)
			: LWM2M_VALUE_INTEGER((int64_t)item->integer));
	}
	return rc;
}

static enum rc
take_all(struct esp_nvs_reader *n, struct image_reading *r)
{
	struct reading in = {
	    .r = r,
	    .list = {.base = LWM2M_ROOT,
		.entries = r->entries,
		.cap = r->entry_cap},
	};
	struct image_geometry *g = &r->geometry;
	struct esp_nvs_item item;
	enum rc rc = RC_OK;

	g->name_space[0] = '\0';
	while (rc == RC_OK && esp_nvs_next(n, &r->scratch, &item)) {
		if (g->name_space[0] == '\0')
			memcpy(g->name_space, item.name_space.p,
			    item.name_space.len + 1);
		if (!span_is(item.name_space, g->name_space))
			return image_foreign(
			    r, item.at, "items of a second namespace");
		rc = take_item(&in, &item);
	}
	if (r->scratch.full)
		return RC_TOO_LARGE;
	if (rc == RC_OK)
		rc = take_named(&in);
	if (rc == RC_MALFORMED && !r->fault)
		return image_fault(r, 0, "its entries exclude each other");
	return rc == RC_OK ? image_take(r, in.list.count) : rc;
}

static enum rc
read_esp_nvs(struct span bytes, struct image_reading *r)
{
	struct image_geometry *g = &r->geometry;
	struct esp_nvs_reader n;

	if (g->partition_len && g->partition_len != bytes.len)
		return image_fault(
		    r, 0, "it is not of the length of the partition");
	if (g->nvs_key) {
		uint8_t *clear = writer_skip(&r->scratch, bytes.len);

		if (!clear)
			return RC_TOO_LARGE;
		if (bytes.len > 0)
			memcpy(clear, bytes.p, bytes.len);
		esp_nvs_decrypt(clear, bytes.len, g->nvs_key);
		bytes = span_of(clear, bytes.len);
	}
	if (!esp_nvs_open(&n, bytes))
		return image_fault(r, n.fault_at, n.fault);
	g->nvs_version = n.version;
	g->partition_len = bytes.len;
	return take_all(&n, r);
}

const struct image_format image_esp_nvs = {
    .name = "esp-nvs",
    .summary = "a partition of Espressif's non-volatile storage",
    .extension = "nvs.bin",
    .options = IMAGE_OPTION_PARTITION | IMAGE_OPTION_NAMESPACE |
	IMAGE_OPTION_NVS_VERSION | IMAGE_OPTION_NVS_KEYS,
    .guess = esp_nvs_looks,
    .write = write_esp_nvs,
    .read = read_esp_nvs,
};
