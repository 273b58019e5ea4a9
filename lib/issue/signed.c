#include "issue/signed.h"

#include "hsm/sshsig.h"
#include "policy/beside.h"
#include "policy/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** What is looked at. */
struct check {
	const struct signed_trust *trust;
	const char *folder; /* "policies.d/" */
	const char *file; /* "policies.d/MANIFEST" */
	struct span manifest;
	struct signers signers;
	int64_t now_s;
	struct arena *arena;
	struct diag *diag;
	struct signed_by *out;
	size_t persons[SIGNED_THRESHOLD_MAX]; /* who counted */
};

static const char *
beside(struct check *c, const char *name)
{
	size_t cap = strlen(c->folder) + strlen(name) + 1;
	char *path = arena_alloc(c->arena, cap);

	if (path)
		snprintf(path, cap, "%s%s", c->folder, name);
	return path;
}

/* A file whole; a finding says why not. */
static enum rc
read_whole(struct check *c, const char *path, size_t max, const char *remedy,
    struct span *out)
{
	struct file_bytes bytes;
	const char *why;
	enum rc rc = file_read(c->arena, path, max, &bytes, &why);

	if (rc == RC_MEMORY)
		return rc;
	if (rc != RC_OK) {
		diag_add(c->diag, DIAG_ERROR, path, 0, 0, "policy-signed",
		    "cannot be read: %s; %s", why, remedy);
		return RC_CONFIG;
	}
	*out = span_of(bytes.p, bytes.len);
	return RC_OK;
}

static enum rc
read_manifest(struct check *c, const struct policy_set *s)
{
	struct span rest;
	enum rc rc;

	c->file = beside(c, SIGNED_MANIFEST);
	if (!c->file)
		return RC_MEMORY;
	rc = read_whole(c, c->file, SIGNED_MANIFEST_MAX,
	    "provisioning-tool policy manifest --next -o MANIFEST writes what "
	    "is to be signed",
	    &c->manifest);
	if (rc != RC_OK)
		return rc;
	rest = c->manifest;
	if (signed_head_take(&rest, &c->out->serial) == RC_OK)
		return signed_manifest_same(c->file, rest, s, c->diag)
		    ? RC_OK
		    : RC_CONFIG;
	diag_add(c->diag, DIAG_ERROR, c->file, 1, 0, "policy-signed",
	    "the first line is not \"# bootstrapd policies, serial N\" with N "
	    "from 1");
	return RC_CONFIG;
}

/* In the folder that it protects, whoever writes policies could sign them. */
static bool
lies_outside(const struct check *c, const char *path)
{
	char *folder = realpath(path, NULL);
	char *signers = realpath(c->trust->signers, NULL);
	const size_t len = folder ? strlen(folder) : 0;
	bool inside = folder && signers && strncmp(signers, folder, len) == 0 &&
	    signers[len] == '/';

	free(folder);
	free(signers);
	if (inside)
		diag_add(c->diag, DIAG_ERROR, c->trust->signers, 0, 0,
		    "policy-signers",
		    "lies in the folder of the policies: who writes there "
		    "could make himself a signer; move it out");
	return !inside;
}

static enum rc
read_signers(struct check *c, const char *path)
{
	struct span text;
	enum rc rc;

	if (!lies_outside(c, path))
		return RC_CONFIG;
	rc = read_whole(c, c->trust->signers, SIGNERS_FILE_MAX,
	    "one in OpenSSH's allowed_signers format is expected", &text);

	if (rc == RC_OK)
		rc = signers_read(
		    c->arena, c->trust->signers, text, c->diag, &c->signers);
	if (rc != RC_OK || c->signers.persons >= c->trust->threshold)
		return rc;
	diag_add(c->diag, DIAG_ERROR, c->trust->signers, 0, 0, "policy-signers",
	    "%zu persons, and %u of them are to sign; add signers, or lower "
	    "the threshold",
	    c->signers.persons, c->trust->threshold);
	return RC_CONFIG;
}

/* --- signatures ----------------------------------------------------------- */

/* The line of that key that may sign now; else `why` none may. */
static const struct signer *
find_signer(const struct check *c, const struct sshkey *key, const char **why)
{
	*why = "its key is nobody's among the signers";
	for (size_t i = 0; i < c->signers.count; i++) {
		const struct signer *s = &c->signers.list[i];
		const char *fault;

		if (!span_equal(s->key.blob, key->blob))
			continue;
		fault = signer_fault(s, SIGNED_NAMESPACE, c->now_s);
		if (!fault)
			return s;
		*why = fault;
	}
	return NULL;
}

/* By whom is it? NULL: by nobody who counts, and `why`. */
static const struct signer *
judge(struct check *c, struct span text, const char **why)
{
	uint8_t bytes[SSHSIG_TEXT_MAX];
	const struct signer *by;
	struct sshsig sig;
	struct writer w;

	writer_init(&w, bytes, sizeof(bytes));
	*why = "not a signature as ssh-keygen -Y sign writes it";
	if (sshsig_unarmor(text, &w) != RC_OK ||
	    sshsig_read(writer_span(&w), &sig, why) != RC_OK)
		return NULL;
	*why = "it is for another namespace; sign with -n " SIGNED_NAMESPACE;
	if (!span_is(sig.space, SIGNED_NAMESPACE))
		return NULL;
	by = find_signer(c, &sig.key, why);
	return by && sshsig_verify(&sig, c->manifest, why) == RC_OK ? by : NULL;
}

static bool
has_counted(const struct check *c, size_t person)
{
	for (unsigned i = 0; i < c->out->count; i++)
		if (c->persons[i] == person)
			return true;
	return false;
}

static void
count(struct check *c, const struct signer *s)
{
	char fingerprint[SSHKEY_FINGERPRINT_LEN];
	struct writer w;

	if (c->out->count == SIGNED_THRESHOLD_MAX)
		return;
	sshkey_fingerprint(s->key.blob, fingerprint);
	writer_init(&w, c->out->text, sizeof(c->out->text) - 1);
	w.len = strlen(c->out->text);
	if (c->out->count > 0)
		writer_str(&w, ", ");
	writer_put(&w, s->names[0]);
	writer_str(&w, " ");
	writer_str(&w, fingerprint);
	c->out->text[w.len] = '\0';
	c->persons[c->out->count++] = s->person;
}

static enum rc
look_at(struct check *c, const char *name)
{
	const char *path = beside(c, name), *why = NULL;
	const struct signer *s = NULL;
	struct file_bytes bytes;
	enum rc rc;

	if (!path)
		return RC_MEMORY;
	rc = file_read(c->arena, path, SSHSIG_TEXT_MAX, &bytes, &why);
	if (rc == RC_MEMORY)
		return rc;
	if (rc == RC_OK)
		s = judge(c, span_of(bytes.p, bytes.len), &why);
	if (s && has_counted(c, s->person)) {
		why = "somebody has signed twice; it counts once";
		s = NULL;
	}
	if (s)
		count(c, s);
	else
		diag_add(c->diag, DIAG_WARNING, path, 0, 0, "policy-signature",
		    "does not count: %s", why);
	return RC_OK;
}

static enum rc
look_at_all(struct check *c)
{
	const char **names;
	size_t count;
	enum rc rc = beside_list(
	    c->arena, c->folder, SIGNED_MANIFEST ".", ".sig", &names, &count);

	if (rc == RC_OK && count > SIGNED_FILES_MAX) {
		diag_add(c->diag, DIAG_WARNING, c->file, 0, 0,
		    "policy-signature", "only the first %d signatures count",
		    SIGNED_FILES_MAX);
		count = SIGNED_FILES_MAX;
	}
	for (size_t i = 0; rc == RC_OK && i < count; i++)
		rc = look_at(c, names[i]);
	return rc;
}

/* Who could sign and has not: the first name of each. */
static void
print_missing(const struct check *c, struct writer *w)
{
	bool first = true;

	for (size_t i = 0; i < c->signers.count; i++) {
		const struct signer *s = &c->signers.list[i];
		bool said = has_counted(c, s->person) ||
		    signer_fault(s, SIGNED_NAMESPACE, c->now_s);

		for (size_t j = 0; j < i && !said; j++)
			said = c->signers.list[j].person == s->person &&
			    !signer_fault(&c->signers.list[j], SIGNED_NAMESPACE,
				c->now_s);
		if (said)
			continue;
		if (!first)
			writer_str(w, ", ");
		writer_put(w, s->names[0]);
		first = false;
	}
	if (first)
		writer_str(w, "nobody");
}

static enum rc
enough(struct check *c)
{
	char missing[300];
	struct writer w;

	if (c->out->count >= c->trust->threshold)
		return RC_OK;
	writer_init(&w, missing, sizeof(missing));
	print_missing(c, &w);
	diag_add(c->diag, DIAG_ERROR, c->file, 0, 0, "policy-signed",
	    "%u of %u signatures (%s); missing are those of: %.*s%s; "
	    "`ssh-keygen "
	    "-Y sign -n " SIGNED_NAMESPACE " -f KEY MANIFEST` makes one, "
	    "MANIFEST.NAME.sig is where it belongs",
	    c->out->count, c->trust->threshold,
	    c->out->count ? c->out->text : "nobody's",
	    SPAN_FMT(writer_span(&w)), w.full ? "..." : "");
	return RC_CONFIG;
}

enum rc
signed_check(const struct signed_trust *t, const char *path,
    const struct policy_set *s, int64_t now_s, struct diag *d,
    struct signed_by *out)
{
	struct check c = {
	    .trust = t,
	    .now_s = now_s,
	    .arena = arena_new(0),
	    .diag = d,
	    .out = out,
	};
	enum rc rc = RC_MEMORY, signers;

	*out = (struct signed_by){0};
	c.folder = c.arena ? beside_folder(c.arena, path) : NULL;
	if (!c.folder)
		goto out;
	rc = read_manifest(&c, s);
	/* all that is wrong, in one run */
	signers = rc == RC_MEMORY ? rc : read_signers(&c, path);
	if (signers == RC_OK && c.manifest.p)
		signers = look_at_all(&c);
	if (signers == RC_OK && c.manifest.p)
		signers = enough(&c);
	if (rc == RC_OK || signers == RC_MEMORY)
		rc = signers;
out:
	arena_free(c.arena);
	return rc;
}
