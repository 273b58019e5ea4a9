#include "batch_signature.h"

#include "hsm/sshsig.h"
#include "policy/file.h"
#include "tool.h"

#include <stdio.h>

int
batch_signers_read(const char *path, struct batch_signers *out)
{
	struct file_bytes bytes;
	struct diag *d = diag_new();
	const char *why = NULL;
	struct quoted q;
	enum rc rc;

	*out = (struct batch_signers){.arena = arena_new(0)};
	if (!out->arena || !d) {
		diag_free(d);
		batch_signers_fini(out);
		return tool_fault(RC_MEMORY, "signers");
	}
	rc = file_read(out->arena, path, SIGNERS_FILE_MAX, &bytes, &why);
	if (rc == RC_OK) {
		why = NULL;
		rc = signers_read(out->arena, path, span_of(bytes.p, bytes.len),
		    d, &out->signers);
		diag_print(d, stderr);
	}
	diag_free(d);
	if (rc == RC_OK)
		return EX_OK;
	batch_signers_fini(out);
	if (rc == RC_MEMORY)
		return tool_fault(rc, "signers");
	if (why)
		return tool_error(
		    EX_NOINPUT, NULL, "%s: %s", quote_str(&q, path), why);
	return tool_error(EX_DATAERR,
	    "one in OpenSSH's allowed_signers format is expected",
	    "%s cannot be used", quote_str(&q, path));
}

void
batch_signers_fini(struct batch_signers *s)
{
	arena_free(s->arena);
	*s = (struct batch_signers){0};
}

/** May one of them sign with that key now? */
static bool
may_sign(const struct batch_signers *s, const struct sshkey *key, int64_t now_s,
    const char **why)
{
	*why = "its key is nobody's among the signers";
	for (size_t i = 0; i < s->signers.count; i++) {
		const struct signer *one = &s->signers.list[i];
		const char *fault;

		if (!span_equal(one->key.blob, key->blob))
			continue;
		fault = signer_fault(one, BATCH_NAMESPACE, now_s);
		if (!fault)
			return true;
		*why = fault;
	}
	return false;
}

enum rc
batch_signature_verify(const struct batch_signers *s,
    const struct batch_manifest *m, struct span text, int64_t now_s,
    const char **why)
{
	uint8_t bytes[SSHSIG_TEXT_MAX];
	struct sshsig sig;
	struct writer w;

	writer_init(&w, bytes, sizeof(bytes));
	*why = "not a signature as ssh-keygen -Y sign writes it";
	if (sshsig_unarmor(text, &w) != RC_OK ||
	    sshsig_read(writer_span(&w), &sig, why) != RC_OK)
		return RC_DENIED;
	*why = "it is for another namespace than " BATCH_NAMESPACE;
	if (!span_is(sig.space, BATCH_NAMESPACE) ||
	    !may_sign(s, &sig.key, now_s, why))
		return RC_DENIED;
	return sshsig_verify_digest(&sig, m->sha256, m->sha512, why);
}
