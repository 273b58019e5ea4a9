/*
 * devices: what is known of devices by their names. A file of CSV with a line
 * a device and a first line that names its columns: endpoint, model, batch, in
 * any order; endpoint and one more at least.
 */
#include "policy/csv.h"
#include "policy/load.h"

#include <stdlib.h>
#include <strings.h>

enum {
	/* Findings of one file: the next thousand say the same. */
	FINDINGS_MAX = 20,
	COLUMNS_MAX = 64,
	NO_COLUMN = COLUMNS_MAX,
};

enum column { COLUMN_ENDPOINT, COLUMN_MODEL, COLUMN_BATCH, COLUMN_COUNT };

static const char *const column_names[] = {"endpoint", "model", "batch"};

struct reading {
	struct load *load;
	const char *path;
	struct csv csv;
	size_t at[COLUMN_COUNT]; /* place in a record; NO_COLUMN: not there */
	size_t columns; /* of a record */
	struct table words; /* struct noted: models and batches, each once */
	struct read_devices *out;
	size_t findings;
};

static void
fault(struct reading *in, struct span text, const char *why)
{
	if (in->findings++ < FINDINGS_MAX)
		diag_add(in->load->diag, DIAG_ERROR, in->path, in->csv.line, 0,
		    "policy-devices", "%s: %s", YAML_SHOW(text), why);
}

static enum column
column_of(struct span name)
{
	unsigned c = 0;

	while (c < COLUMN_COUNT &&
	    (name.len != strlen(column_names[c]) ||
		strncasecmp((const char *)name.p, column_names[c], name.len)))
		c++;
	return (enum column)c;
}

/* The names of the columns. False: there is a finding. */
static bool
read_header(struct reading *in, struct span record)
{
	const struct span whole = record;
	struct span name;
	bool last = false;

	for (size_t i = 0; i < COLUMN_COUNT; i++)
		in->at[i] = NO_COLUMN;
	for (; !last && in->columns < COLUMNS_MAX; in->columns++) {
		const char *wrong = csv_field(&in->csv, &record, &name, &last);
		enum column c = wrong ? COLUMN_COUNT : column_of(name);

		if (wrong) {
			fault(in, whole, wrong);
			return false;
		}
		if (c == COLUMN_COUNT)
			diag_add(in->load->diag, DIAG_WARNING, in->path,
			    in->csv.line, 0, "policy-devices-column",
			    "the column %s is not read: `endpoint`, `model` "
			    "and `batch` are",
			    YAML_SHOW(name));
		else if (in->at[c] != NO_COLUMN)
			fault(in, name, "two columns of that name");
		else
			in->at[c] = in->columns;
	}
	if (!last)
		fault(in, whole, "more than 64 columns");
	else if (in->at[COLUMN_ENDPOINT] == NO_COLUMN)
		fault(in, whole,
		    "the first line names the columns, like "
		    "endpoint,model,batch");
	return last && in->at[COLUMN_ENDPOINT] != NO_COLUMN;
}

/* A model or a batch, kept once for all devices. */
static const char *
keep_word(struct reading *in, struct span text)
{
	const struct policy_place place = {in->path, in->csv.line};
	const struct table_item *found = table_get(&in->words, text);
	const char *kept;

	if (text.len == 0)
		return "";
	if (found)
		return (const char *)found->key.p;
	kept = (const char *)arena_copy(in->load->arena, text).p;
	if (!kept) {
		in->load->no_memory = true;
		return "";
	}
	noted_add(in->load, &in->words, kept, &place, 0);
	return kept;
}

static void
read_record(struct reading *in, struct span record)
{
	struct device_row *row = &in->out->rows[in->out->count];
	const struct span whole = record;
	struct span fields[COLUMNS_MAX + 1], value[COLUMN_COUNT] = {0};
	const char *wrong = NULL;
	bool last = false;
	size_t n = 0;

	while (!wrong && !last && n <= in->columns)
		wrong = csv_field(&in->csv, &record, &fields[n++], &last);
	if (!wrong && n != in->columns)
		wrong = "not as many fields as the first line has columns";
	if (wrong) {
		fault(in, whole, wrong);
		return;
	}
	for (size_t i = 0; i < COLUMN_COUNT; i++)
		if (in->at[i] != NO_COLUMN)
			value[i] = fields[in->at[i]];
	wrong = word_endpoint(value[COLUMN_ENDPOINT]);
	if (wrong) {
		fault(in, value[COLUMN_ENDPOINT], wrong);
		return;
	}
	for (size_t i = COLUMN_MODEL; i < COLUMN_COUNT; i++) {
		wrong = value[i].len ? word_device(value[i]) : NULL;
		if (wrong) {
			fault(in, value[i], wrong);
			return;
		}
	}
	*row = (struct device_row){
	    .value =
		{
		    .endpoint = value[COLUMN_ENDPOINT],
		    .model = keep_word(in, value[COLUMN_MODEL]),
		    .batch = keep_word(in, value[COLUMN_BATCH]),
		    .place = {in->path, in->csv.line},
		},
	    .path = in->path,
	    .line = in->csv.line,
	};
	in->out->count++;
}

static void
read_lines(struct reading *in, struct span text)
{
	struct span record;

	csv_init(&in->csv, in->load->scratch, text);
	if (csv_record(&in->csv, &record) && read_header(in, record))
		while (csv_record(&in->csv, &record))
			read_record(in, record);
	in->load->no_memory |= in->csv.no_memory;
	if (in->findings > FINDINGS_MAX)
		diag_add(in->load->diag, DIAG_ERROR, in->path, 0, 0,
		    "policy-devices", "%zu more lines with faults",
		    in->findings - FINDINGS_MAX);
}

void
load_devices(struct load *l, const struct yaml_ctx *c, struct yaml_node *root)
{
	struct yaml_node *map = yaml_get(root, "devices");
	const struct read_file *f;
	struct reading in = {.load = l};

	yaml_rest(c, root, &grammar_devices);
	if (yaml_expect(c, map, YAML_MAP) != RC_OK)
		return;
	f = load_device_file(l, c, yaml_need(c, map, "file"));
	yaml_rest(c, map, &grammar_file);
	in.out = f ? arena_alloc(l->scratch, sizeof(*in.out)) : NULL;
	if (!in.out)
		return;
	in.path = in.out->path = f->path;
	in.out->rows =
	    arena_array(l->scratch, csv_most(f->bytes), sizeof(*in.out->rows));
	if (!in.out->rows || table_init(&in.words) != RC_OK) {
		l->no_memory = true;
		return;
	}
	read_lines(&in, f->bytes);
	table_fini(&in.words);
	if (in.out->count == 0 && in.findings == 0)
		yaml_report(c, DIAG_WARNING, map, "policy-devices-empty",
		    "%s names no device", YAML_SHOW(span_str(f->path)));
	in.out->next = l->devices;
	l->devices = in.out;
}

/* --- the table of the set ------------------------------------------------- */

static int
compare(const void *a, const void *b)
{
	const struct device_row *x = a, *y = b;
	int c = span_compare(x->value.endpoint, y->value.endpoint);

	if (c == 0)
		c = strcmp(x->path, y->path);
	return c ? c : (x->line > y->line) - (x->line < y->line);
}

static bool
same(const struct device_row *a, const struct device_row *b)
{
	return strcmp(a->value.model, b->value.model) == 0 &&
	    strcmp(a->value.batch, b->value.batch) == 0;
}

/* Sorted rows, each endpoint once. Returns the bytes of all names. */
static size_t
drop_doubles(struct load *l, struct device_row *rows, size_t *count)
{
	size_t kept = 0, len = 0, findings = 0;

	for (size_t i = 0; i < *count; i++) {
		const struct device_row *before = kept ? &rows[kept - 1] : NULL;

		if (!before ||
		    !span_equal(
			before->value.endpoint, rows[i].value.endpoint)) {
			len += rows[i].value.endpoint.len;
			rows[kept++] = rows[i];
		} else if (!same(before, &rows[i]) &&
		    findings++ < FINDINGS_MAX) {
			diag_add(l->diag, DIAG_ERROR, rows[i].path,
			    rows[i].line, 0, "policy-devices",
			    "%s is at %s:%u already, with another model or "
			    "batch; leave one of the two out",
			    YAML_SHOW(rows[i].value.endpoint), before->path,
			    before->line);
		}
	}
	*count = kept;
	return len;
}

static void
hand_over(struct load *l, const struct device_row *rows, size_t count,
    size_t len, struct policy_set *s)
{
	struct policy_device *devices = load_alloc(l, count, sizeof(*devices));
	uint8_t *bytes = load_alloc(l, len, 1);

	if (!devices || !bytes)
		return;
	for (size_t i = 0; i < count; i++) {
		struct span e = rows[i].value.endpoint;

		devices[i] = rows[i].value;
		devices[i].endpoint = span_of(bytes, e.len);
		memcpy(bytes, e.p, e.len);
		bytes += e.len;
	}
	s->devices = devices;
	s->device_count = count;
}

void
assemble_devices(struct load *l, struct policy_set *s)
{
	struct device_row *rows;
	size_t count = 0, n = 0;

	for (const struct read_devices *d = l->devices; d; d = d->next)
		count += d->count;
	if (count == 0)
		return;
	rows = arena_array(l->scratch, count, sizeof(*rows));
	if (!rows) {
		l->no_memory = true;
		return;
	}
	for (const struct read_devices *d = l->devices; d; d = d->next) {
		memcpy(&rows[n], d->rows, d->count * sizeof(*rows));
		n += d->count;
	}
	qsort(rows, count, sizeof(*rows), compare);
	n = drop_doubles(l, rows, &count);
	hand_over(l, rows, count, n, s);
}

void
check_models(struct load *l, const struct policy_set *s)
{
	for (struct read_policy *d = l->policies; d; d = d->next) {
		struct yaml_node *n =
		    d->match_model ? d->match_model : d->match_batch;

		if (n && s->device_count == 0)
			yaml_report(&d->ctx, DIAG_WARNING, n,
			    "policy-no-devices",
			    "nobody fits: no document `devices: {file: ...}` "
			    "says which device is which");
	}
}
