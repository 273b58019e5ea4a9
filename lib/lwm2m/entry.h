/**
 * entry.h - the rules for lists of entries that all payload formats share:
 * what an encoder may be given, and where a decoder puts what it has found.
 * For the formats of this module; others call lwm2m_encode and lwm2m_decode.
 */
#ifndef LWM2M_ENTRY_H
#define LWM2M_ENTRY_H

#include "lwm2m/object.h"

/**
 * True for the list that lwm2m_encode asks for: every path is a value's, below
 * `base`, in rising order, none twice and none below another; a resource
 * instance where the tables say multiple and nowhere that they say single; no
 * value without a type, and all text is UTF-8 without a NUL.
 */
bool entries_valid(
    struct lwm2m_path base, const struct lwm2m_entry *entries, size_t count);

/**
 * The rule of the formats that hold one value and nothing else: `base` is a
 * resource or a resource instance, and the one entry is at it.
 * Errors: RC_MALFORMED (as entries_valid, or nothing at all); RC_UNSUPPORTED
 * (valid, and more than such a format holds).
 */
MUST_CHECK enum rc entries_single(
    struct lwm2m_path base, const struct lwm2m_entry *entries, size_t count);

/** True for the path of a value: a resource or a resource instance. */
bool entry_path_valid(struct lwm2m_path path);

/** How many of the entries, from the first on, share its upper `depth` levels.
 *  `count` is not 0. */
size_t entries_run(
    const struct lwm2m_entry *entries, size_t count, unsigned depth);

/** What a decoder fills. `entries` is borrowed. */
struct entry_list {
	struct lwm2m_path base;
	struct lwm2m_entry *entries;
	size_t cap;
	size_t count; /**< <= cap */
};

/**
 * Append one entry. Its bytes stay borrowed. Compares with every entry that is
 * there: at most `cap` comparisons.
 * Errors: RC_MALFORMED (not a value's path, outside `base`, there already, or
 * both a value and a parent of values); RC_TOO_LARGE (`cap` is reached).
 */
MUST_CHECK enum rc entry_add(
    struct entry_list *l, struct lwm2m_path path, struct lwm2m_value value);

#endif
