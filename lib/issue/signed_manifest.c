/* A MANIFEST, and the set that it is of. */
#include "issue/signed.h"

#include "policy/file.h"
#include "policy/manifest.h"
#include "policy/yaml.h"

#include <stdio.h>
#include <string.h>

enum { FINDINGS_MAX = 20 };

#define HEAD "# bootstrapd policies, serial "

void
signed_head(struct writer *w, uint64_t serial)
{
	writer_fmt(w, HEAD "%llu\n", (unsigned long long)serial);
}

enum rc
signed_head_take(struct span *rest, uint64_t *serial)
{
	char text[SIGNED_HEAD_MAX];
	struct span s = *rest;
	struct writer w;

	*serial = 0;
	if (!span_starts(s, SPAN_LIT(HEAD)))
		return RC_MALFORMED;
	s = span_from(s, sizeof(HEAD) - 1);
	for (; s.len > 0 && s.p[0] >= '0' && s.p[0] <= '9'; s = span_from(s, 1))
		if (__builtin_mul_overflow(*serial, 10U, serial) ||
		    __builtin_add_overflow(*serial, s.p[0] - '0', serial))
			return RC_MALFORMED;
	/* one number has one text; the ledger's are signed */
	writer_init(&w, text, sizeof(text));
	signed_head(&w, *serial);
	if (*serial == 0 || *serial > INT64_MAX ||
	    !span_starts(*rest, writer_span(&w)))
		return RC_MALFORMED;
	*rest = span_from(*rest, w.len);
	return RC_OK;
}

enum rc
signed_serial_beside(struct arena *a, const char *folder, uint64_t *out)
{
	size_t cap = strlen(folder) + sizeof(SIGNED_MANIFEST);
	char *path = arena_alloc(a, cap);
	struct file_bytes bytes;
	const char *why;
	struct span text;
	enum rc rc;

	*out = 0;
	if (!path)
		return RC_MEMORY;
	snprintf(path, cap, "%s" SIGNED_MANIFEST, folder);
	rc = file_read(a, path, SIGNED_MANIFEST_MAX, &bytes, &why);
	if (rc != RC_OK)
		return rc == RC_MEMORY ? rc : RC_OK;
	text = span_of(bytes.p, bytes.len);
	if (signed_head_take(&text, out) != RC_OK)
		*out = 0;
	return RC_OK;
}

/** Two lists, both sorted, side by side. */
struct comparing {
	const char *file;
	struct diag *diag;
	size_t findings;
};

static void
differs(struct comparing *c, struct span name, const char *what)
{
	struct yaml_shown shown = {0};

	if (c->findings++ < FINDINGS_MAX)
		diag_add(c->diag, DIAG_ERROR, c->file, 0, 0, "policy-signed",
		    "%s %s", yaml_show(&shown, name), what);
}

static void
check_name(struct comparing *c, struct span name)
{
	if (span_starts(name, SPAN_LIT("/")) ||
	    span_starts(name, SPAN_LIT("../")))
		differs(c, name,
		    "lies outside the folder that is signed; move it in, and "
		    "name it from there");
}

/* Take the next line if it is the `n`th file's; else say whose it is. */
static void
compare(struct comparing *c, const struct policy_manifest_line *line,
    const struct policy_set_file *f, int order)
{
	if (order < 0)
		differs(c, line->name,
		    "was signed, and is not there or not part of the set; put "
		    "it back, or sign a new MANIFEST");
	else if (order > 0)
		differs(c, span_str(f->name),
		    "was not signed; take it out, or sign a new MANIFEST");
	else if (memcmp(line->sha256, f->sha256, DIGEST_LEN) != 0)
		differs(c, line->name,
		    "is not as it was signed; put it back as it was, or sign a "
		    "new MANIFEST");
	if (order >= 0)
		check_name(c, span_str(f->name));
}

static int
order_of(bool has_line, const struct policy_manifest_line *line,
    const struct policy_set_file *f)
{
	if (!has_line || !f)
		return has_line ? -1 : 1;
	return span_compare(line->name, span_str(f->name));
}

bool
signed_manifest_same(const char *file, struct span lines,
    const struct policy_set *s, struct diag *d)
{
	struct comparing c = {.file = file, .diag = d};
	struct policy_manifest_line line = {0}, last = {0};
	bool has_line = false;
	size_t n = 0;

	while (has_line || lines.len > 0 || n < s->file_count) {
		const struct policy_set_file *f =
		    n < s->file_count ? &s->files[n] : NULL;
		int order;

		if (!has_line && lines.len > 0) {
			if (policy_manifest_next(&lines, &line) != RC_OK ||
			    (last.name.p &&
				span_compare(last.name, line.name) >= 0)) {
				diag_add(d, DIAG_ERROR, file, 0, 0,
				    "policy-signed",
				    "not as `provisioning-tool policy "
				    "manifest --serial` writes it");
				return false;
			}
			last = line;
			has_line = true;
		}
		order = order_of(has_line, &line, f);
		compare(&c, &line, f, order);
		if (order <= 0)
			has_line = false;
		if (order >= 0)
			n++;
	}
	if (c.findings > FINDINGS_MAX)
		diag_add(d, DIAG_ERROR, file, 0, 0, "policy-signed",
		    "%zu more files", c.findings - FINDINGS_MAX);
	return c.findings == 0;
}
