/* image label: what is stuck on devices, made of what is public of them. */
#include "label_document.h"
#include "label_options.h"
#include "label_output.h"
#include "label_source.h"
#include "record.h"
#include "tool.h"
#include "verbs.h"

#include "base/progress.h"

#include <stdio.h>
#include <stdlib.h>

enum { FINDINGS_MAX = 100 };

struct labelling {
	const struct options *o;
	struct label_spec spec;
	struct settings settings;
	struct label_document document;
	struct ledger *ledger;
	struct label_source source;
	struct label_output output;
	struct label *label; /* owned: too large for a stack */
	uint64_t faulty;
};

static enum label_form
form_of(const char *name)
{
	unsigned i = 0;

	while (label_form_names[i] && strcmp(label_form_names[i], name) != 0)
		i++;
	return (enum label_form)i;
}

static int
check_output(const struct options *o, bool many)
{
	const enum label_form form = form_of(o->format);

	if (o->directory && o->output)
		return tool_error(EX_USAGE,
		    "a file for each label, or all of them in one?",
		    "--directory and -o exclude each other");
	if (many && !o->directory && (form == LABEL_SVG || form == LABEL_PNG))
		return tool_error(EX_USAGE,
		    "give --directory DIR, or --format html or zpl",
		    "a file of %s holds one label", o->format);
	return EX_OK;
}

/** A device of which there is no label; the others go on. */
static void
finding(struct labelling *b, const char *what)
{
	if (b->faulty++ < FINDINGS_MAX)
		(void)tool_error(
		    EX_DATAERR, NULL, "%s: %s", b->source.where, what);
}

static int
one(struct labelling *b, const struct label_values *v)
{
	enum rc rc = label_make(b->label, &b->spec, v);

	if (rc == RC_MEMORY || rc == RC_BUG)
		return tool_fault(rc, "labels");
	if (rc != RC_OK) {
		finding(b, b->label->fault);
		return EX_OK;
	}
	return label_output_put(
	    &b->output, b->label, v->serial.len ? v->serial : v->endpoint);
}

static int
all(struct labelling *b)
{
	struct label_values v;
	struct progress p;
	const char *fault;
	uint64_t n = 0;
	int code = EX_OK;

	progress_begin(&p, "labels");
	while (code == EX_OK && label_source_next(&b->source, &v, &fault)) {
		if (fault)
			finding(b, fault);
		else
			code = one(b, &v);
		progress_at(&p, ++n, 0);
	}
	progress_end(&p);
	return code;
}

static int
label(struct labelling *b)
{
	const struct options *o = b->o;
	int code = check_output(o, false), end;

	if (code == EX_OK)
		code = settings_load(
		    o, o->image ? SETTINGS_POLICIES : 0, &b->settings);
	if (code == EX_OK && o->image)
		code = label_document_load(
		    &b->document, b->settings.policies, o->image, &b->spec);
	if (code == EX_OK)
		code = label_options_read(o, &b->spec);
	if (code == EX_OK && b->settings.ledger)
		code = record_open(b->settings.ledger, LEDGER_READ, &b->ledger);
	if (code == EX_OK)
		code =
		    label_source_open(&b->source, o, &b->document, b->ledger);
	if (code == EX_OK)
		code = check_output(o, label_source_many(&b->source));
	if (code == EX_OK)
		code = label_output_begin(&b->output, form_of(o->format),
		    o->directory, o->output, o->force,
		    o->batch ? o->batch : "labels");
	if (code == EX_OK)
		code = all(b);
	end = label_source_close(&b->source);
	if (code == EX_OK)
		code = end;
	/* of one device that has none there is no file */
	if (code == EX_OK && b->faulty > 0 && b->output.written == 0 &&
	    b->output.kept == 0)
		return EX_DATAERR;
	if (code == EX_OK)
		code = label_output_commit(&b->output);
	return code;
}

static void
report(const struct labelling *b)
{
	if (b->faulty > FINDINGS_MAX)
		fprintf(stderr, "...and %llu more\n",
		    (unsigned long long)(b->faulty - FINDINGS_MAX));
	fprintf(
	    stderr, "labels       %llu", (unsigned long long)b->output.written);
	if (b->output.kept)
		fprintf(stderr, ", and %llu that were there",
		    (unsigned long long)b->output.kept);
	fputc('\n', stderr);
	if (b->faulty)
		fprintf(stderr, "none of      %llu devices\n",
		    (unsigned long long)b->faulty);
}

int
image_label(const struct options *o)
{
	struct labelling b = {
	    .o = o,
	    .spec = label_spec_default(),
	    .output = {.all = {.fd = -1}},
	    .label = calloc(1, sizeof(*b.label)),
	};
	int code = b.label ? label(&b) : tool_fault(RC_MEMORY, "labels");

	if (code == EX_OK) {
		report(&b);
		code = b.faulty ? EX_DATAERR : EX_OK;
	}
	label_output_end(&b.output);
	label_document_fini(&b.document);
	ledger_close(b.ledger);
	settings_fini(&b.settings);
	free(b.label);
	return code;
}
