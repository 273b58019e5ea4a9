/*
 * A table of fingerprints, byte for byte. What comes out is sorted, each
 * fingerprint once, whole endpoints only; all of it is found again. Findings
 * are few, whatever the table has.
 */
#include "policy/load.h"
#include "policy/match.h"

#include "base/text.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
check_table(const struct read_file *f)
{
	const struct identity id = {
	    .table = f->table,
	    .table_count = f->table_count,
	};

	for (size_t i = 0; i < f->table_count; i++) {
		const struct policy_fingerprint *p = &f->table[i];
		struct span found = identity_table_find(&id, p->sha256);

		must(i == 0 ||
		    memcmp(f->table[i - 1].sha256, p->sha256, DIGEST_LEN) < 0);
		must(p->endpoint.len > 0 &&
		    p->endpoint.len <= POLICY_ENDPOINT_MAX);
		must(text_utf8_valid(p->endpoint));
		must(!memchr(p->endpoint.p, '\n', p->endpoint.len));
		must(found.p == p->endpoint.p);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct load l = {
	    .arena = arena_new(0),
	    .scratch = arena_new(0),
	    .diag = diag_new(),
	};
	struct read_file f = {0};

	must(l.arena && l.scratch && l.diag);
	load_fingerprints(&l, "t.csv", span_of(data, size), &f);
	must(!l.no_memory);
	must(f.faulty == (diag_total(l.diag) > 0));
	must(diag_total(l.diag) <= 21);
	for (size_t i = 0; i < diag_total(l.diag); i++)
		must(!strchr(diag_get(l.diag, i)->text, '\n'));
	/* What it says is the set's own: not the file's bytes, nor scratch. */
	arena_free(l.scratch);
	check_table(&f);
	diag_free(l.diag);
	arena_free(l.arena);
	return 0;
}
