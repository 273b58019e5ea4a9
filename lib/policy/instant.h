/**
 * instant.h - a day or a moment in UTC, as people write it in a document:
 * "2027-03-31" or "2027-03-31T12:00:00Z" (RFC 3339), of the years 2000 to 9999.
 */
#ifndef POLICY_INSTANT_H
#define POLICY_INSTANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Read `text` as a whole; seconds since 1970. A day is from `*begin_s` on and
 * before `*end_s`, of a moment both are the same. False: neither of them.
 */
bool instant_parse(const char *text, int64_t *begin_s, int64_t *end_s);

#endif
