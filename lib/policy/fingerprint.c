/*
 * Tables of fingerprints: CSV (RFC 4180) with a line a device,
 *
 *     sha256,endpoint
 *     3f:0a:...:9c,urn:dev:ops:0057F2-WM200-0001
 *
 * the header line optional.
 */
#include "policy/load.h"

#include "base/text.h"
#include "policy/csv.h"

#include <stdarg.h>
#include <stdlib.h>
#include <strings.h>

enum {
	/* Findings of one table: the next thousand say the same. */
	FINDINGS_MAX = 20,
	HEX_LEN = 2 * DIGEST_LEN,
};

struct row {
	struct policy_fingerprint value; /* the endpoint borrows the file */
	unsigned line;
};

struct reading {
	struct load *load;
	const char *path;
	struct row *rows;
	size_t count;
	size_t endpoints_len; /* bytes of all of them */
	size_t findings;
	bool begun; /* a record was there: no header any more */
};

PRINTF_LIKE(3, 4)
static void
fault(struct reading *in, unsigned line, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	if (in->findings++ >= FINDINGS_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	diag_add(in->load->diag, DIAG_ERROR, in->path, line, 0, "policy-table",
	    "%s", text);
}

/* 64 hex digits, as they are or as openssl shows them: with colons. */
static bool
parse_sha256(struct span text, uint8_t out[static DIGEST_LEN])
{
	uint8_t hex[HEX_LEN];
	bool colons = text.len == HEX_LEN + DIGEST_LEN - 1;
	size_t len = 0;
	struct writer w;

	if (!colons && text.len != HEX_LEN)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (colons && i % 3 == 2) {
			if (text.p[i] != ':')
				return false;
			continue;
		}
		hex[len++] = text.p[i];
	}
	writer_init(&w, out, DIGEST_LEN);
	return text_unhex(&w, span_of(hex, len)) == RC_OK;
}

static void
read_record(struct reading *in, struct csv *csv, struct span text)
{
	const unsigned line = csv->line;
	struct row *row = &in->rows[in->count];
	struct span fields[2], more;
	const char *wrong = NULL;
	bool first = !in->begun;
	bool last = false;
	size_t n = 0;

	in->begun = true;
	while (!wrong && !last) {
		wrong =
		    csv_field(csv, &text, n < 2 ? &fields[n] : &more, &last);
		n++;
	}
	if (!wrong && n != 2)
		wrong = "two fields are expected: sha256,endpoint";
	if (wrong) {
		fault(in, line, "%s", wrong);
		return;
	}
	if (first && fields[0].len == 6 &&
	    strncasecmp((const char *)fields[0].p, "sha256", 6) == 0)
		return;
	if (!parse_sha256(fields[0], row->value.sha256)) {
		fault(in, line,
		    "%s is no SHA-256; 64 hex digits are expected, in pairs "
		    "with colons between them or without",
		    YAML_SHOW(fields[0]));
		return;
	}
	wrong = word_endpoint(fields[1]);
	if (wrong) {
		fault(in, line, "%s: %s", YAML_SHOW(fields[1]), wrong);
		return;
	}
	row->value.endpoint = fields[1];
	row->line = line;
	in->count++;
}

static void
read_lines(struct reading *in, struct span text)
{
	struct span record;
	struct csv csv;

	csv_init(&csv, in->load->scratch, text);
	while (csv_record(&csv, &record))
		read_record(in, &csv, record);
	in->load->no_memory |= csv.no_memory;
}

static int
compare_rows(const void *x, const void *y)
{
	const struct row *a = x, *b = y;
	int c = memcmp(a->value.sha256, b->value.sha256, DIGEST_LEN);

	return c ? c : (a->line > b->line) - (a->line < b->line);
}

/* Sorted rows, each fingerprint once. */
static void
drop_doubles(struct reading *in)
{
	size_t kept = 0;

	for (size_t i = 0; i < in->count; i++) {
		const struct row *row = &in->rows[i];
		const struct row *before = kept ? &in->rows[kept - 1] : NULL;

		if (!before ||
		    memcmp(before->value.sha256, row->value.sha256,
			DIGEST_LEN) != 0) {
			in->endpoints_len += row->value.endpoint.len;
			in->rows[kept++] = *row;
		} else if (!span_equal(
			       before->value.endpoint, row->value.endpoint)) {
			fault(in, row->line,
			    "the fingerprint of line %u again, with another "
			    "endpoint: %s there, %s here",
			    before->line, YAML_SHOW(before->value.endpoint),
			    YAML_SHOW(row->value.endpoint));
		}
	}
	in->count = kept;
}

/* What stays of the rows, in two pieces: a set may hold millions. */
static void
hand_over(struct reading *in, struct read_file *out)
{
	struct policy_fingerprint *table =
	    load_alloc(in->load, in->count, sizeof(*table));
	uint8_t *endpoints = load_alloc(in->load, in->endpoints_len, 1);

	if (!table || !endpoints)
		return;
	for (size_t i = 0; i < in->count; i++) {
		struct span e = in->rows[i].value.endpoint;

		memcpy(endpoints, e.p, e.len);
		table[i] = in->rows[i].value;
		table[i].endpoint = span_of(endpoints, e.len);
		endpoints += e.len;
	}
	out->table = table;
	out->table_count = in->count;
}

void
load_fingerprints(
    struct load *l, const char *path, struct span text, struct read_file *out)
{
	struct reading in = {.load = l, .path = path};
	size_t most = csv_most(text);

	if (most > SIZE_MAX / sizeof(*in.rows))
		return;
	in.rows = malloc(most * sizeof(*in.rows));
	if (!in.rows) {
		l->no_memory = true;
		return;
	}
	read_lines(&in, text);
	qsort(in.rows, in.count, sizeof(*in.rows), compare_rows);
	drop_doubles(&in);
	if (in.findings > FINDINGS_MAX)
		diag_add(l->diag, DIAG_ERROR, path, 0, 0, "policy-table",
		    "%zu more lines with faults", in.findings - FINDINGS_MAX);
	out->faulty = in.findings > 0;
	hand_over(&in, out);
	free(in.rows);
}
