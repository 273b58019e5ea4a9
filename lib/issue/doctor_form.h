/**
 * doctor_form.h - the ways in which a right key becomes a wrong one between
 * factory and handshake: taken for text, cut, turned round, filled up. A table;
 * doctor.h says what it is for.
 */
#ifndef ISSUE_DOCTOR_FORM_H
#define ISSUE_DOCTOR_FORM_H

#include "base/secret.h"

enum {
	FORM_KEY_MAX = 256, /**< bytes of what a form makes */
	FORM_SENTENCE_MAX = 160, /**< with its NUL */
	FORM_CODE_MAX = 40, /**< likewise */
};

/** How many there are; numbered from 0. */
size_t form_count(void);

/**
 * Make form `i` of `key` in `out`, which the caller has reserved with
 * FORM_KEY_MAX bytes; its length is set. False: it would be the key itself, or
 * there is no such form of it.
 */
bool form_make(size_t i, const struct secret *key, struct secret *out);

/** A key that is made of nothing secret: what a device has that was never
 *  given one, or that uses a name for it. Likewise from 0. */
size_t form_public_count(void);
bool form_public_make(
    size_t i, struct span identity, struct span endpoint, struct secret *out);

/** "hex-ascii-newline": stable, for machines. Whole sentences for people. */
struct form_name {
	char code[FORM_CODE_MAX];
	char sentence[FORM_SENTENCE_MAX];
	const char *remedy; /**< static */
};

void form_name(size_t i, struct form_name *out);
void form_public_name(size_t i, struct form_name *out);

#endif
