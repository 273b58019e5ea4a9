/*
 * image verify: everything that can be known to be wrong with images before
 * anybody flashes one, by their bytes, by the policies and the token that are to
 * have made them, by the ledger, and by the batch that they came in.
 */
#include "policies.h"
#include "record.h"
#include "rows.h"
#include "tool.h"
#include "verbs.h"
#include "verify.h"
#include "verify_batch.h"

#include "base/progress.h"
#include "image_options.h"
#include "policy/image.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* --- what is known before ------------------------------------------------- */

static int
add_anchor(void *ctx, const struct cert *c)
{
	struct verify *v = ctx;
	struct quoted q;
	struct der_fault fault;
	enum rc rc = trust_add(v->trust, c->der, &fault);

	if (rc == RC_OK)
		return EX_OK;
	if (rc == RC_MEMORY)
		return tool_fault(rc, "trust");
	return tool_error(EX_DATAERR,
	    "name the certificates of the CAs that sign devices",
	    "%s has a certificate that is no CA's", quote_str(&q, v->o->trust));
}

static int
load_trust(struct verify *v)
{
	int code;

	if (!v->o->trust)
		return EX_OK;
	code = pki_file_read(v->o->trust, &v->trust_file);
	if (code != EX_OK)
		return code;
	v->trust = trust_new();
	if (!v->trust)
		return tool_fault(RC_MEMORY, "trust");
	return pki_certificates(v->o->trust,
	    span_of(v->trust_file.bytes, v->trust_file.len), add_anchor, v);
}

/** With the anchors of --trust for documents that name none. */
static int
load_policies(struct verify *v)
{
	const struct issue_file anchors = {
	    v->o->trust, span_of(v->trust_file.bytes, v->trust_file.len)};
	const struct issue_rules_config config = {
	    .trust = &anchors,
	    .trust_count = v->trust ? 1 : 0,
	    .now_s = v->now_s,
	};
	struct diag *d = diag_new();
	struct quoted q;
	enum rc rc;

	if (!d)
		return tool_fault(RC_MEMORY, "policies");
	rc = policy_load(v->settings.policies, d, &v->set);
	if (rc == RC_OK)
		rc = issue_rules_new(v->set, &config, d, &v->rules);
	if (rc != RC_OK) {
		diag_sort(d);
		diag_print(d, stderr);
	}
	diag_free(d);
	if (rc == RC_OK)
		return EX_OK;
	if (rc == RC_MEMORY)
		return tool_fault(rc, "policies");
	return tool_error(EX_DATAERR, "mend what is named above",
	    "%s cannot be used", quote_str(&q, v->settings.policies));
}

static const char *
name_of(const void *list, size_t i)
{
	return ((const struct identity *)list)[i].name;
}

static int
find_identity(struct verify *v)
{
	if (!v->o->identity)
		return EX_OK;
	for (size_t i = 0; i < v->set->identity_count; i++)
		if (strcmp(v->set->identities[i].name, v->o->identity) == 0)
			v->identity = &v->set->identities[i];
	if (v->identity)
		return EX_OK;
	return policies_no_name(v->settings.policies, "identity document",
	    v->o->identity, v->set->identities, v->set->identity_count,
	    name_of);
}

static const char *
document_name(const void *list, size_t i)
{
	return ((const struct policy_image *)list)[i].name;
}

/** --image NAME: what it says, and --identity and --uri say no less. */
static int
find_document(struct verify *v, const struct policy_image **out)
{
	const struct policy_image *d;
	const char *name = v->o->image;

	*out = NULL;
	if (!name)
		return EX_OK;
	d = image_document_find(v->set, name);
	if (!d)
		return policies_no_name(v->settings.policies, "image document",
		    name, v->set->images, v->set->image_count, document_name);
	v->uri = v->o->uri ? v->o->uri : d->uri;
	if (!v->o->identity)
		v->identity = d->identity;
	v->format = image_format_find(d->format);
	*out = d;
	return EX_OK;
}

/** Where images are to lie, by the document and the command line. */
static int
read_geometry(struct verify *v, const struct policy_image *document)
{
	struct image_given given;
	struct diag *d = diag_new();
	int code;

	if (!d)
		return tool_fault(RC_MEMORY, "images");
	image_options_gather(document, v->o, &given);
	code = image_options_any(&given, d, &v->geometry, &v->keys, &v->given);
	diag_print(d, stderr);
	diag_free(d);
	return code;
}

static int
open_policies(struct verify *v)
{
	const struct options *o = v->o;
	const struct policy_image *document;
	int code;

	if (!v->settings.policies) {
		if (!o->identity && !o->uri && !o->image)
			return read_geometry(v, NULL);
		return tool_error(EX_USAGE, "name the folder, or -c FILE",
		    "--%s needs --policies",
		    o->image ? "image" : (o->identity ? "identity" : "uri"));
	}
	v->uri = o->uri;
	code = load_policies(v);
	if (code == EX_OK)
		code = find_identity(v);
	if (code == EX_OK)
		code = find_document(v, &document);
	return code == EX_OK ? read_geometry(v, document) : code;
}

/** A token is asked where somebody has named one. */
static int
open_token(struct verify *v)
{
	const struct options *o = v->o;

	if (!v->set || !(o->token || o->module || o->config))
		return EX_OK;
	return token_open(&v->settings, &v->token);
}

static int
open_all(struct verify *v)
{
	const struct options *o = v->o;
	int code;

	v->now_s = time(NULL);
	v->as = o->as_format ? image_format_find(o->as_format) : NULL;
	code = settings_load(o, 0, &v->settings);
	if (code == EX_OK)
		code = load_trust(v);
	if (code == EX_OK)
		code = open_policies(v);
	if (code == EX_OK && v->settings.ledger)
		code = record_open(v->settings.ledger, LEDGER_READ, &v->ledger);
	if (code == EX_OK)
		code = open_token(v);
	return code;
}

static void
close_all(struct verify *v)
{
	image_reader_end(&v->reader);
	token_close(&v->token);
	ledger_close(v->ledger);
	issue_rules_unref(v->rules);
	policy_set_unref(v->set);
	trust_free(v->trust);
	pki_file_fini(&v->trust_file);
	secret_fini(&v->keys);
	settings_fini(&v->settings);
}

/* --- one path ------------------------------------------------------------- */

static int
fault_of(const struct verify *v, enum rc rc)
{
	if (rc == RC_TOKEN && v->token.session)
		return token_fault(&v->token, rc);
	return tool_fault(rc, rc == RC_DB ? "ledger" : "images");
}

/** One image: its findings are shown at once, so that none are kept. */
static int
one_image(
    struct verify *v, const struct image_file *f, struct verify_batch *batch)
{
	struct verify_one one = {.v = v, .file = f, .d = diag_new()};
	enum rc rc = one.d ? verify_image(&one) : RC_MEMORY;

	if (rc == RC_OK)
		rc = verify_batch_image(batch, &one);
	if (rc == RC_OK) {
		/* what broke off a container is no image */
		v->images += f->name[0] != '\0';
		v->bad += diag_count(one.d, DIAG_ERROR) > 0;
		check_report_findings(&v->report, v->operand, one.d);
	}
	diag_free(one.d);
	return rc == RC_OK ? EX_OK : fault_of(v, rc);
}

static int
all_images(
    struct verify *v, struct image_files *files, struct verify_batch *batch)
{
	struct progress p;
	struct image_file f;
	uint64_t done, total;
	int code = EX_OK;

	progress_begin(&p, "verifying images");
	while (code == EX_OK && image_files_next(files, &f)) {
		code = one_image(v, &f, batch);
		image_files_at(files, &done, &total);
		progress_at(&p, done, total);
	}
	progress_end(&p);
	return code;
}

/** What was looked at, and what nobody has given the means to look at. */
static size_t
unchecked(const struct verify *v, const char *out[static 4])
{
	size_t n = 0;

	if (!v->set)
		out[n++] = "identity (--policies)";
	else if (!v->token.session)
		out[n++] = "keys against the token (--token)";
	if (!v->ledger)
		out[n++] = "the ledger (--ledger)";
	if (!v->trust && !v->set)
		out[n++] = "who has signed certificates (--trust)";
	return n;
}

static void
summary(
    const struct verify *v, const char *path, size_t errors, size_t warnings)
{
	const char *missing[4];
	size_t n = unchecked(v, missing);
	struct quoted q;

	if (v->report.form == CHECK_JSON) {
		const struct field f[] = {
		    F_TEXT("path", path),
		    F_BOOL("ok", errors == 0),
		    F_INT("images", v->images),
		    F_INT("bad", v->bad),
		    F_INT("errors", errors),
		    F_INT("warnings", warnings),
		    F_BOOL("policies", v->set != NULL),
		    F_BOOL("token", v->token.session != NULL),
		    F_BOOL("ledger", v->ledger != NULL),
		};

		rows_json(f, sizeof(f) / sizeof(f[0]));
		return;
	}
	printf("%s: %llu image%s, %llu of them bad", quote_str(&q, path),
	    (unsigned long long)v->images, v->images == 1 ? "" : "s",
	    (unsigned long long)v->bad);
	for (size_t i = 0; i < n; i++)
		printf("%s %s", i ? "," : "; not looked at:", missing[i]);
	putchar('\n');
}

static int
one_path(struct verify *v, const char *path)
{
	const size_t errors = v->report.errors, warnings = v->report.warnings;
	struct verify_batch *batch = NULL;
	struct image_files *files;
	int code = image_files_open(path, &files);

	if (code != EX_OK)
		return code;
	v->images = v->bad = 0;
	code = verify_batch_begin(v, files, path, &batch);
	if (code == EX_OK)
		code = all_images(v, files, batch);
	if (code == EX_OK)
		code = verify_batch_end(batch);
	if (code == EX_OK && v->report.form != CHECK_SARIF)
		summary(v, path, v->report.errors - errors,
		    v->report.warnings - warnings);
	verify_batch_free(batch);
	image_files_close(files);
	if (code == EX_OK &&
	    (v->report.errors > errors ||
		(v->o->strict && v->report.warnings > warnings)))
		code = EX_DATAERR;
	return code;
}

int
image_verify(const struct options *o)
{
	struct verify *v = calloc(1, sizeof(*v));
	int worst;

	if (!v)
		return tool_fault(RC_MEMORY, "images");
	v->o = o;
	worst = open_all(v);
	if (worst == EX_OK) {
		check_report_begin(&v->report, o);
		for (v->operand = 0; v->operand < o->operand_count;
		     v->operand++) {
			int code = one_path(v, o->operands[v->operand]);

			/* a fault of ours outweighs one of theirs */
			if (code > worst)
				worst = code;
		}
		check_report_end(&v->report);
	}
	close_all(v);
	free(v);
	return worst;
}
