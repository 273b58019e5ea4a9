/**
 * lint_internal.h - one lint of a draft, in two files: what it is (cert_lint.c)
 * and how it is called (cert_lint_names.c).
 */
#ifndef HSM_LINT_INTERNAL_H
#define HSM_LINT_INTERNAL_H

#include "hsm/cert_issue.h"

struct lint {
	const struct cert_draft *draft;
	const struct cert_profile *profile;
	const struct cert *issuer; /**< NULL: signs itself */
	struct cert_findings *out;
	bool ca; /**< the draft is of a CA */
};

PRINTF_LIKE(5, 6)
void lint_found(struct lint *l, bool error, const char *code,
    const char *clause, const char *fmt, ...);

/** Subject, alternative names, name constraints. */
void lint_names(struct lint *l);

#endif
