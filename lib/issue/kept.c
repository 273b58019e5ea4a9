#include "issue/kept.h"

#include "base/text.h"
#include "policy/manifest.h"

#include <stdio.h>

enum { PATH_LEN_MAX = 4096 };

static enum rc
put_all(struct ledger *l, const struct policy_set *s)
{
	struct arena *a = arena_new(0);
	uint8_t sha256[DIGEST_LEN];
	struct span manifest;
	enum rc rc = a ? policy_manifest(s, a, &manifest) : RC_MEMORY;

	for (size_t i = 0; rc == RC_OK && i < s->file_count; i++)
		rc = ledger_blob_put(l, s->files[i].bytes, sha256);
	/* the last: where it is, all that it names are */
	if (rc == RC_OK)
		rc = ledger_blob_put(l, manifest, sha256);
	arena_free(a);
	return rc;
}

bool
issue_set_fits(const struct policy_set *s)
{
	return s->file_bytes <= POLICY_KEPT_MAX;
}

enum rc
issue_set_keep(struct ledger *l, const struct policy_set *s, bool *kept)
{
	enum rc rc = RC_OK;

	if (issue_set_fits(s))
		rc = ledger_blob_has(l, s->digest);
	if (rc == RC_NOT_FOUND)
		rc = put_all(l, s);
	if (kept)
		*kept = issue_set_fits(s);
	return rc;
}

/** What is looked for among the rows, and what was found. */
struct origin {
	const uint8_t *digest;
	const char *field; /* that names the set in such rows */
	char path[PATH_LEN_MAX]; /* "": not said */
};

/* The newest is the first. */
static enum rc
look_at(void *ctx, const struct ledger_row *row)
{
	struct origin *o = ctx;
	char want[2 * DIGEST_LEN], got[2 * DIGEST_LEN];
	struct writer w, hex;

	writer_init(&hex, want, sizeof(want));
	text_hex(&hex, span_of(o->digest, DIGEST_LEN));
	writer_init(&w, got, sizeof(got));
	if (!ledger_field(row, o->field, &w) ||
	    !span_equal(writer_span(&w), writer_span(&hex)))
		return RC_OK;
	writer_init(&w, o->path, sizeof(o->path) - 1);
	if (!ledger_field(row, "source", &w) || w.full)
		w.len = 0;
	o->path[w.len] = '\0';
	return RC_CONFLICT;
}

/* Where the set was loaded from when it went into force last, or else when it
 * went to a share of the devices last. */
static enum rc
find_origin(struct ledger *l, struct origin *o)
{
	struct ledger_query q = {
	    .kind = SPAN_LIT("policies_loaded"),
	    .newest_first = true,
	};
	enum rc rc;

	o->field = "policy_set";
	rc = ledger_read(l, &q, look_at, o);
	if (rc == RC_OK) {
		q.kind = SPAN_LIT("rollout_started");
		o->field = "candidate";
		rc = ledger_read(l, &q, look_at, o);
	}

	if (rc != RC_OK && rc != RC_CONFLICT)
		return rc;
	if (o->path[0] == '\0')
		snprintf(o->path, sizeof(o->path), "kept");
	return RC_OK;
}

static enum rc
altered(struct diag *d, const struct origin *o, const char *what)
{
	diag_add(d, DIAG_ERROR, o->path, 0, 0, "policy-kept",
	    "%s of this set in the ledger is not what was kept; see "
	    "`provisioning-tool audit verify`",
	    what);
	return RC_MALFORMED;
}

static size_t
lines(struct span text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++)
		n += text.p[i] == '\n';
	return n;
}

/* The file of a line, in `a`. */
static enum rc
get_file(struct ledger *l, struct arena *a,
    const struct policy_manifest_line *line, struct policy_set_file *out)
{
	struct span name = arena_copy(a, line->name);

	if (!name.p)
		return RC_MEMORY;
	out->name = (const char *)name.p;
	return ledger_blob_get(l, line->sha256, a, &out->bytes);
}

static enum rc
get_files(struct ledger *l, struct arena *a, struct span manifest,
    struct diag *d, const struct origin *o, struct policy_set_file *out)
{
	struct policy_manifest_line line;
	char what[POLICY_NAME_MAX + 16];

	for (size_t i = 0; manifest.len > 0; i++) {
		enum rc rc = policy_manifest_next(&manifest, &line);

		if (rc != RC_OK)
			return altered(d, o, "the manifest");
		rc = get_file(l, a, &line, &out[i]);
		snprintf(
		    what, sizeof(what), "the file %.*s", SPAN_FMT(line.name));
		/* one that is named by what is there was taken away */
		if (rc == RC_NOT_FOUND || rc == RC_MALFORMED)
			return altered(d, o, what);
		if (rc != RC_OK)
			return rc;
	}
	return RC_OK;
}

static enum rc
load(struct ledger *l, struct arena *a, struct origin *o, struct diag *d,
    struct policy_set **out)
{
	struct policy_set_file *files;
	struct span manifest;
	enum rc rc = ledger_blob_get(l, o->digest, a, &manifest);
	size_t count;

	if (rc == RC_OK || rc == RC_MALFORMED) {
		enum rc found = find_origin(l, o);

		if (found != RC_OK)
			return found;
	}
	if (rc == RC_MALFORMED)
		return altered(d, o, "the manifest");
	if (rc != RC_OK)
		return rc;
	count = lines(manifest);
	files = arena_array(a, count, sizeof(*files));
	rc = files ? get_files(l, a, manifest, d, o, files) : RC_MEMORY;
	return rc == RC_OK ? policy_load_files(o->path, files, count, d, out)
			   : rc;
}

enum rc
issue_set_kept(struct ledger *l, const uint8_t digest[static DIGEST_LEN],
    struct diag *d, struct policy_set **out)
{
	struct origin o = {.digest = digest};
	struct arena *a = arena_new(0);
	struct policy_set *s = NULL;
	enum rc rc = a ? load(l, a, &o, d, &s) : RC_MEMORY;

	*out = NULL;
	if (rc == RC_OK && memcmp(s->digest, digest, DIGEST_LEN) != 0) {
		diag_add(d, DIAG_ERROR, o.path, 0, 0, "policy-kept",
		    "this version reads other files of the set than the one "
		    "that kept it");
		rc = RC_CONFIG;
	}
	if (rc == RC_OK)
		*out = s;
	else
		policy_set_unref(s);
	arena_free(a);
	return rc;
}
