/*
 * What the programs know of their files, as JSON for compare.py and agree.py:
 *
 *   tables          every table of keys, the object tables, Content-Formats
 *   tables FILE...  the findings of each as bootstrapd.yaml, a line each; as a
 *                   work order behind --order
 */
#include "config.h"
#include "config_keys.h"
#include "order.h"

#include "base/text.h"
#include "lwm2m/format.h"
#include "policy/file.h"
#include "policy/load.h"

#include <stdio.h>
#include <string.h>

/* --- text ----------------------------------------------------------------- */

static void
put_text(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			printf("\\%c", *text);
		else if ((unsigned char)*text < 0x20)
			printf("\\u%04x", (unsigned)*text);
		else
			putchar(*text);
	}
	putchar('"');
}

/* "KEY": and a comma in front of all but the first. */
static void
put_key(const char *key, bool *first)
{
	if (!*first)
		putchar(',');
	*first = false;
	put_text(key);
	putchar(':');
}

static void
put_number(const char *key, int64_t v, bool *first)
{
	put_key(key, first);
	printf("%lld", (long long)v);
}

/* --- tables of keys ------------------------------------------------------- */

static const struct {
	unsigned bit;
	const char *name;
} kinds[] = {
    {TAKES_TEXT, "text"},
    {TAKES_WORD, "word"},
    {TAKES_BOOL, "boolean"},
    {TAKES_NUMBER, "number"},
    {TAKES_DURATION, "duration"},
    {TAKES_SIZE, "size"},
    {TAKES_MAP, "map"},
    {TAKES_OPEN, "open"},
    {TAKES_VALUE, "value"},
    {TAKES_LIST, "list"},
    {TAKES_ALONE, "alone"},
};

static void put_keys(const struct yaml_keys *keys);

static void
put_takes(unsigned takes)
{
	bool first = true;

	putchar('[');
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!(takes & kinds[i].bit))
			continue;
		printf(first ? "\"%s\"" : ",\"%s\"", kinds[i].name);
		first = false;
	}
	putchar(']');
}

static void
put_row(const struct yaml_key *k)
{
	bool first = true;

	putchar('{');
	put_key("takes", &first);
	put_takes(k->takes);
	put_number("min", k->min, &first);
	put_number("max", k->max, &first);
	put_number("most", k->most, &first);
	if (k->takes & TAKES_VALUE)
		put_number("resource", k->resource, &first);
	put_key("words", &first);
	putchar('[');
	for (size_t i = 0; k->words && k->words[i]; i++) {
		printf(i ? "," : "");
		put_text(k->words[i]);
	}
	printf("],\"maps\":[");
	for (size_t i = 0; i < 2 && k->maps[i]; i++) {
		printf(i ? "," : "");
		put_keys(k->maps[i]);
	}
	printf("]}");
}

static void
put_keys(const struct yaml_keys *keys)
{
	bool first = true;

	putchar('{');
	for (const struct yaml_key *k = keys->rows; k->name; k++) {
		put_key(k->name, &first);
		put_row(k);
	}
	putchar('}');
}

/* --- what the standard says ----------------------------------------------- */

static const char *const types[] = {
    [LWM2M_NONE] = "none",
    [LWM2M_STRING] = "string",
    [LWM2M_INTEGER] = "integer",
    [LWM2M_UNSIGNED] = "unsigned",
    [LWM2M_FLOAT] = "float",
    [LWM2M_BOOLEAN] = "boolean",
    [LWM2M_OPAQUE] = "opaque",
    [LWM2M_TIME] = "time",
    [LWM2M_OBJLNK] = "link",
    [LWM2M_CORELNK] = "string",
};

static void
put_resource(const struct lwm2m_resource *r)
{
	bool first = true;

	putchar('{');
	put_key("name", &first);
	put_text(r->name);
	put_key("type", &first);
	put_text(types[r->type]);
	put_number("min", r->min, &first);
	put_number("max", r->max, &first);
	put_number("multiple", (r->flags & RES_MULTIPLE) != 0, &first);
	put_number("mandatory", (r->flags & RES_MANDATORY) != 0, &first);
	put_number("executable", (r->flags & RES_EXECUTABLE) != 0, &first);
	put_number("secret", (r->flags & RES_SECRET) != 0, &first);
	putchar('}');
}

static void
put_objects(void)
{
	bool first = true;
	char id[8];

	putchar('{');
	for (unsigned i = 0; i < LWM2M_ID_NONE; i++) {
		const struct lwm2m_object *o = object_find((uint16_t)i);
		bool first_resource = true;

		if (!o)
			continue;
		snprintf(id, sizeof(id), "%u", i);
		put_key(id, &first);
		printf("{\"name\":\"%s\",\"single\":%d,\"resources\":{",
		    o->name, o->single);
		for (size_t k = 0; k < o->resource_count; k++) {
			snprintf(id, sizeof(id), "%u", o->resources[k].id);
			put_key(id, &first_resource);
			put_resource(&o->resources[k]);
		}
		printf("}}");
	}
	putchar('}');
}

static void
put_formats(void)
{
	const char *comma = "";

	putchar('[');
	for (int i = 0; i <= UINT16_MAX; i++) {
		const struct format *f = format_by_number(i);

		if (!f || !f->encode)
			continue;
		printf("%s%d", comma, i);
		comma = ",";
	}
	putchar(']');
}

static void
put_tables(void)
{
	const struct yaml_keys *kind;
	bool first = true;

	printf("{\"policy\":{");
	for (size_t i = 0; (kind = load_kind(i)); i++) {
		put_key(kind->rows[0].name, &first);
		put_keys(kind);
	}
	printf("},\n\"bootstrapd\":{\"\":");
	put_keys(&config_keys);
	printf("},\n\"order\":{\"\":");
	put_keys(&order_keys);
	printf("},\n\"objects\":");
	put_objects();
	printf(",\n\"formats\":");
	put_formats();
	printf("}\n");
}

/* --- findings ------------------------------------------------------------- */

static void
put_findings(const struct diag *d)
{
	static const char *const levels[] = {
	    [DIAG_NOTE] = "note",
	    [DIAG_WARNING] = "warning",
	    [DIAG_ERROR] = "error",
	};

	for (size_t i = 0; i < diag_total(d); i++) {
		const struct diag_finding *f = diag_get(d, i);
		bool first = true;

		putchar('{');
		put_key("finding", &first);
		put_text(levels[f->level]);
		put_key("file", &first);
		put_text(f->file);
		put_number("line", f->line, &first);
		put_number("column", f->column, &first);
		put_key("code", &first);
		put_text(f->code);
		put_key("text", &first);
		put_text(f->text);
		printf("}\n");
	}
}

static enum rc
check_config(const char *file)
{
	struct diag *d = diag_new();
	struct config *c = NULL;
	enum rc rc;

	if (!d)
		return RC_MEMORY;
	rc = config_load(file, d, &c);
	put_findings(d);
	config_free(c);
	diag_free(d);
	return rc == RC_CONFIG || rc == RC_IO ? RC_OK : rc;
}

static enum rc
check_order(const char *file)
{
	struct arena *a = arena_new(1 << 20);
	struct diag *d = diag_new();
	struct file_bytes bytes;
	struct order *o = NULL;
	const char *why;
	enum rc rc = RC_MEMORY;

	if (a && d)
		rc = file_read(a, file, ORDER_FILE_MAX, &bytes, &why);
	if (rc == RC_OK)
		rc = order_parse(file, span_of(bytes.p, bytes.len), d, &o);
	if (d)
		put_findings(d);
	order_free(o);
	diag_free(d);
	arena_free(a);
	return rc == RC_CONFIG ? RC_OK : rc;
}

int
main(int argc, char **argv)
{
	const bool orders = argc > 1 && strcmp(argv[1], "--order") == 0;

	if (argc == 1)
		put_tables();
	for (int i = orders ? 2 : 1; i < argc; i++)
		if ((orders ? check_order(argv[i]) : check_config(argv[i])) !=
		    RC_OK)
			return 1;
	return 0;
}
