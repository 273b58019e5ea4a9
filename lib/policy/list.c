/*
 * Lists of endpoint names: a name a line; or CSV, and a first line that names
 * its columns, one of which is `endpoint`. Other columns are passed over.
 */
#include "policy/csv.h"
#include "policy/load.h"

#include <stdlib.h>
#include <strings.h>

enum {
	/* Findings of one file: the next thousand say the same. */
	FINDINGS_MAX = 20,
};

struct reading {
	struct load *load;
	const char *path;
	struct csv csv;
	struct span *names;
	size_t count;
	size_t column; /* of the names, from 0 */
	size_t findings;
};

static void
fault(struct reading *in, struct span text, const char *why)
{
	if (in->findings++ < FINDINGS_MAX)
		diag_add(in->load->diag, DIAG_ERROR, in->path, in->csv.line, 0,
		    "policy-list", "%s: %s", YAML_SHOW(text), why);
}

/* Does the record name columns? Then which is that of the names? */
static bool
is_header(struct reading *in, struct span record)
{
	struct span field;
	bool last = false;

	for (size_t i = 0; !last; i++) {
		if (csv_field(&in->csv, &record, &field, &last))
			return false;
		if (field.len == 8 &&
		    strncasecmp((const char *)field.p, "endpoint", 8) == 0) {
			in->column = i;
			return true;
		}
	}
	return false;
}

static void
read_record(struct reading *in, struct span record)
{
	const struct span whole = record;
	struct span field = {0};
	bool last = false;
	const char *wrong = NULL;
	size_t i = 0;

	for (; !wrong && !last && i <= in->column; i++)
		wrong = csv_field(&in->csv, &record, &field, &last);
	if (!wrong && i <= in->column)
		wrong = "the column of the endpoint is not there";
	if (wrong) {
		fault(in, whole, wrong);
		return;
	}
	wrong = word_endpoint(field);
	if (wrong)
		fault(in, field, wrong);
	else
		in->names[in->count++] = field;
}

static int
compare(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	return span_compare(*x, *y);
}

/* Sorted names, each once. Returns the bytes of all. */
static size_t
drop_doubles(struct reading *in)
{
	size_t kept = 0, len = 0;

	for (size_t i = 0; i < in->count; i++) {
		if (kept > 0 && span_equal(in->names[kept - 1], in->names[i]))
			continue;
		in->names[kept++] = in->names[i];
		len += in->names[i].len;
	}
	in->count = kept;
	return len;
}

static void
hand_over(struct reading *in, size_t len, struct read_file *out)
{
	struct span *names = load_alloc(in->load, in->count, sizeof(*names));
	uint8_t *bytes = load_alloc(in->load, len, 1);

	if (!names || !bytes)
		return;
	for (size_t i = 0; i < in->count; i++) {
		names[i] = span_of(bytes, in->names[i].len);
		memcpy(bytes, in->names[i].p, in->names[i].len);
		bytes += in->names[i].len;
	}
	out->names = names;
	out->name_count = in->count;
}

void
load_names(
    struct load *l, const char *path, struct span text, struct read_file *out)
{
	struct reading in = {.load = l, .path = path};
	const size_t most = csv_most(text);
	struct span record;
	bool first = true;

	in.names = most <= SIZE_MAX / sizeof(*in.names)
	    ? malloc(most * sizeof(*in.names))
	    : NULL;
	if (!in.names) {
		l->no_memory = true;
		return;
	}
	csv_init(&in.csv, l->scratch, text);
	while (csv_record(&in.csv, &record)) {
		if (!first || !is_header(&in, record))
			read_record(&in, record);
		first = false;
	}
	l->no_memory |= in.csv.no_memory;
	if (in.count > 0)
		qsort(in.names, in.count, sizeof(*in.names), compare);
	if (in.findings > FINDINGS_MAX)
		diag_add(l->diag, DIAG_ERROR, path, 0, 0, "policy-list",
		    "%zu more lines with faults", in.findings - FINDINGS_MAX);
	out->faulty |= in.findings > 0;
	hand_over(&in, drop_doubles(&in), out);
	free(in.names);
}
