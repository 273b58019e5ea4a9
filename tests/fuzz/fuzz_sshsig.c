/*
 * One input, read as an armored signature, as the bytes within, as a key, as a
 * file of signers, and as a MANIFEST. What is borrowed must lie in the input;
 * what a file of signers says is within its limits.
 */
#include "hsm/sshsig.h"
#include "issue/signed.h"
#include "policy/manifest.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(x) \
	do { \
		if (!(x)) \
			abort(); \
	} while (0)

static bool
within(struct span inner, struct span outer)
{
	return inner.len == 0 ||
	    (inner.p >= outer.p && inner.len <= outer.len &&
		inner.p - outer.p <= (ptrdiff_t)(outer.len - inner.len));
}

static void
read_key(struct span in)
{
	struct sshkey k;
	const char *why = NULL;

	if (sshkey_read(in, &k, &why) != RC_OK) {
		MUST(why);
		return;
	}
	MUST(within(k.point, in) && within(k.e, in) && within(k.n, in));
	MUST(within(k.application, in));
	MUST((k.kind == SSHKEY_RSA) == (k.point.len == 0));
	MUST(sshkey_is_sk(k.kind) || k.application.len == 0);
}

/* Its signature is of something else: nobody has signed an input. */
static void
read_signature(struct span in)
{
	struct sshsig s;
	const char *why = NULL;

	if (sshsig_read(in, &s, &why) != RC_OK) {
		MUST(why);
		return;
	}
	MUST(within(s.key.blob, in) && within(s.space, in));
	MUST(within(s.raw, in) && within(s.r, in) && within(s.s, in));
	MUST(s.space.len > 0);
	MUST(sshsig_verify(&s, in, &why) == RC_DENIED);
}

static void
read_armored(struct span in)
{
	uint8_t bytes[SSHSIG_TEXT_MAX];
	struct writer w;

	writer_init(&w, bytes, sizeof(bytes));
	if (sshsig_unarmor(in, &w) == RC_OK)
		read_signature(writer_span(&w));
	else
		MUST(w.len == 0);
}

static void
read_signers(struct span in)
{
	struct arena *a = arena_new(0);
	struct diag *d = diag_new();
	struct signers s;
	enum rc rc;

	MUST(a && d);
	rc = signers_read(a, "signers", in, d, &s);
	MUST(rc == RC_OK || rc == RC_CONFIG);
	MUST((rc == RC_OK) == (diag_count(d, DIAG_ERROR) == 0));
	MUST(s.persons <= s.count && s.count <= SIGNERS_MAX);
	MUST((s.persons == 0) == (s.count == 0));
	for (size_t i = 0; i < s.count; i++) {
		MUST(s.list[i].name_count > 0 && s.list[i].person < s.count);
		MUST(s.list[i].name_count <= SIGNERS_NAMES_MAX);
		for (size_t n = 0; n < s.list[i].name_count; n++)
			MUST(within(s.list[i].names[n], in));
		(void)signer_fault(&s.list[i], SIGNED_NAMESPACE, 1764000000);
	}
	diag_free(d);
	arena_free(a);
}

static void
read_manifest(struct span in)
{
	struct policy_manifest_line line;
	struct span rest = in;
	uint64_t serial;
	size_t left;

	if (signed_head_take(&rest, &serial) == RC_OK)
		MUST(serial > 0 && rest.len < in.len);
	for (left = rest.len;
	     rest.len > 0 && policy_manifest_next(&rest, &line) == RC_OK;
	     left = rest.len) {
		MUST(within(line.name, in) && rest.len < left);
		MUST(!policy_name_fault(line.name));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size);

	read_key(in);
	read_signature(in);
	read_armored(in);
	read_signers(in);
	read_manifest(in);
	return 0;
}
