/**
 * csv.h - tables that people export: CSV (RFC 4180), a line a record. Empty
 * lines and lines that begin with '#' are passed over, a byte order mark too.
 * No quoted field goes on in the next line.
 */
#ifndef POLICY_CSV_H
#define POLICY_CSV_H

#include "base/arena.h"

struct csv {
	struct span rest; /**< lines that were not read yet */
	struct arena *arena; /**< for fields with quotes in them */
	unsigned line; /**< of the record, from 1 */
	bool no_memory; /**< sticky */
};

/** Begin. `text` and `a` are borrowed as long as fields of it are used. */
void csv_init(struct csv *c, struct arena *a, struct span text);

/** The next record; false: there is none. */
bool csv_record(struct csv *c, struct span *record);

/**
 * Take the next field off `record`; `last` says that it was the last one.
 * NULL, or what is wrong with the record: a static sentence.
 */
const char *csv_field(
    struct csv *c, struct span *record, struct span *field, bool *last);

/** As many records as there are at most. */
size_t csv_most(struct span text);

#endif
