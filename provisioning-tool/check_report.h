/**
 * check_report.h - the findings of `policy check` in one of its forms, a path
 * after the other.
 */
#ifndef TOOL_CHECK_REPORT_H
#define TOOL_CHECK_REPORT_H

#include "base/diag.h"
#include "options.h"

enum check_form { CHECK_TEXT, CHECK_JSON, CHECK_SARIF };

struct check_report {
	enum check_form form;
	bool terminal; /**< with source, caret and remedy */
	const struct options *o;
	size_t errors, warnings, silenced, files;
	size_t results; /**< SARIF: written */
};

void check_report_begin(struct check_report *r, const struct options *o);

/** The findings of the operand of that number; `d` is sorted and settled. */
void check_report_findings(
    struct check_report *r, size_t operand, const struct diag *d);

/** The last line, or the end of the document. */
void check_report_end(const struct check_report *r);

/* check_sarif.c: the same for SARIF 2.1.0. */
void check_sarif_begin(struct check_report *r);
void check_sarif_findings(
    struct check_report *r, size_t operand, const struct diag *d);
void check_sarif_end(void);

#endif
