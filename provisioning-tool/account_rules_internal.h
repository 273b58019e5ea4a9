/**
 * account_rules_internal.h - what account_rules.c and account_rules_key.c
 * share.
 */
#ifndef TOOL_ACCOUNT_RULES_INTERNAL_H
#define TOOL_ACCOUNT_RULES_INTERNAL_H

#include "account_rules.h"

/** A check that is going on. */
struct rules {
	const struct image *image;
	bool credentials_only;
	const char *file;
	struct diag *d;
};

/** The value of a resource of the right type; NULL: it is not there. */
const struct lwm2m_value *rules_find(const struct rules *r, uint16_t object,
    uint16_t instance, uint16_t resource);

/** "/0/1/5: TEXT". */
void rules_error(const struct rules *r, uint16_t object, uint16_t instance,
    uint16_t resource, const char *code, const char *text);
void rules_warning(const struct rules *r, uint16_t object, uint16_t instance,
    uint16_t resource, const char *code, const char *text);

/** Mode, URI and key material of the instance of /0. */
void rules_check_credentials(const struct rules *r, uint16_t instance);

#endif
