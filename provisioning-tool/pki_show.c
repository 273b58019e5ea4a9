/*
 * pki show: what stands in files of certificates, lists and requests, PEM or
 * DER; without a file, the keys in the token that can sign, or of one of them
 * the line by which others know its signatures.
 */
#include "pki_show.h"

#include "base/digest.h"
#include "hsm/pem.h"
#include "hsm/sshsig_make.h"
#include "issue/signers.h"
#include "pki_file.h"
#include "token.h"
#include "tool.h"
#include "verbs.h"

#include <stdio.h>
#include <stdlib.h>

#define ALNUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define NAME_LETTERS ALNUM ".@_+-"
#define SPACE_LETTERS ALNUM ".@_-,"

enum { TEXT_MAX = 65536 };

struct show {
	const char *file; /**< borrowed */
	bool json;
	const struct options *o;
	unsigned count; /**< shown so far, of all files */
};

/** An empty line between two. */
static void
part(struct show *s)
{
	if (s->count++ > 0 && !s->json)
		putchar('\n');
}

static void
print_digest(const char *name, struct span of)
{
	uint8_t sha256[DIGEST_LEN];
	char hex[HEX_TEXT_MAX];

	digest_of(of, sha256);
	printf(
	    "%-20s%s\n", name, hex_text(hex, span_of(sha256, sizeof(sha256))));
}

static void
print_dn(const char *name, struct span of)
{
	char text[8192];
	struct writer w;

	writer_init(&w, text, sizeof(text));
	cert_print_dn(of, &w);
	printf("%-20s%.*s\n", name, (int)w.len, text);
}

static void
print_time(const char *name, int64_t time_s)
{
	char text[32];
	struct writer w;

	writer_init(&w, text, sizeof(text));
	der_print_time(&w, time_s);
	printf("%-20s%.*s\n", name, (int)w.len, text);
}

static void
show_certificate(struct show *s, const struct cert *c)
{
	char *text;
	struct writer w;

	part(s);
	if (s->json) {
		show_certificate_json(s->file, c);
		return;
	}
	text = malloc(TEXT_MAX);
	if (!text)
		return;
	writer_init(&w, text, TEXT_MAX);
	cert_print(c, &w);
	puts("certificate");
	print_span(writer_span(&w));
	free(text);
}

static void
show_list(struct show *s, const struct crl *c)
{
	struct span rest = c->entries;
	char hex[HEX_TEXT_MAX];
	struct crl_entry e;

	part(s);
	if (s->json) {
		show_list_json(s->file, c);
		return;
	}
	puts("revocation list");
	print_dn("issuer", c->issuer);
	printf("%-20s%s\n", "number",
	    c->number.len ? hex_text(hex, c->number) : "none");
	print_time("this update", c->this_update_s);
	print_time("next update", c->next_update_s);
	printf("%-20s%zu\n", "revoked", c->entry_count);
	while (crl_next(&rest, &e)) {
		const char *reason = crl_reason_name(e.reason);

		printf("  %s  %s", hex_text(hex, e.serial),
		    reason ? reason : "unspecified");
		print_time("", e.revoked_s);
	}
	print_digest("SHA-256", c->der);
}

static void
show_request(struct show *s, const struct csr *c)
{
	part(s);
	if (s->json) {
		show_request_json(s->file, c);
		return;
	}
	puts("request");
	print_dn("subject", c->subject);
	if (c->asks_ca)
		printf("%-20s%s\n", "asks", "to be a CA");
	print_digest("SHA-256 of the key", c->spki);
	print_digest("SHA-256", c->der);
}

enum content { CONTENT_CERT, CONTENT_CRL, CONTENT_CSR, CONTENT_COUNT };

static enum rc
parse(struct show *s, enum content as, struct span der, struct der_fault *fault)
{
	struct cert cert;
	struct crl crl;
	struct csr csr;
	enum rc rc = RC_BUG;

	switch (as) {
	case CONTENT_CERT:
		rc = cert_parse(der, &cert, fault);
		if (rc == RC_OK)
			show_certificate(s, &cert);
		break;
	case CONTENT_CRL:
		rc = crl_parse(der, &crl, fault);
		if (rc == RC_OK)
			show_list(s, &crl);
		break;
	case CONTENT_CSR:
		rc = csr_parse(der, &csr, fault);
		if (rc == RC_OK)
			show_request(s, &csr);
		break;
	case CONTENT_COUNT:
		break;
	}
	return rc;
}

static int
refused(const struct show *s, enum rc rc, const struct der_fault *fault)
{
	char why[256];
	struct quoted q;
	struct writer w;

	if (rc == RC_MEMORY)
		return tool_fault(rc, "show");
	writer_init(&w, why, sizeof(why) - 1);
	if (fault->what)
		der_fault_print(fault, &w);
	else
		writer_str(&w, rc_name(rc));
	why[w.len] = '\0';
	return tool_error(
	    EX_DATAERR, NULL, "%s: %s", quote_str(&q, s->file), why);
}

/** One value in DER: whatever it is. */
static int
show_der(struct show *s, struct span der)
{
	struct der_fault first = {0}, fault = {0};
	enum rc rc = RC_MALFORMED;

	for (unsigned i = 0; i < CONTENT_COUNT; i++) {
		rc = parse(s, (enum content)i, der, &fault);
		if (rc == RC_OK || rc == RC_MEMORY)
			break;
		/* the one that came furthest knows best */
		if (i == 0 || fault.offset > first.offset)
			first = fault;
	}
	return rc == RC_OK ? EX_OK : refused(s, rc, &first);
}

/** All blocks of a kind, in their order. */
static int
show_blocks(struct show *s, enum content as, struct span text, size_t room)
{
	static const char *const labels[] = {
	    [CONTENT_CERT] = "CERTIFICATE",
	    [CONTENT_CRL] = "X509 CRL",
	    [CONTENT_CSR] = "CERTIFICATE REQUEST",
	};
	uint8_t *buf = malloc(room + 1);
	enum rc rc = buf ? RC_OK : RC_MEMORY;
	struct der_fault fault = {0};

	while (rc == RC_OK) {
		struct writer w;

		writer_init(&w, buf, room);
		rc = pem_next(&text, labels[as], &w);
		if (rc == RC_OK)
			rc = parse(s, as, writer_span(&w), &fault);
		else if (rc == RC_MALFORMED)
			fault = (struct der_fault){
			    "a broken PEM block", "RFC 7468 2", 0};
	}
	free(buf);
	return rc == RC_NOT_FOUND ? EX_OK : refused(s, rc, &fault);
}

static int
show_file(struct show *s)
{
	unsigned before = s->count;
	struct pki_file f;
	struct span text;
	struct quoted q;
	int code = pki_file_read(s->file, &f);

	text = span_of(f.bytes, f.len);
	if (code != EX_OK) {
		pki_file_fini(&f);
		return code;
	}
	if (!memmem(f.bytes, f.len, "-----BEGIN ", 11)) {
		code = show_der(s, text);
	} else {
		for (unsigned i = 0; i < CONTENT_COUNT && code == EX_OK; i++)
			code = show_blocks(s, (enum content)i, text, text.len);
		if (code == EX_OK && s->count == before)
			code = tool_error(EX_DATAERR, NULL,
			    "%s: no certificate, list or request",
			    quote_str(&q, s->file));
	}
	pki_file_fini(&f);
	return code;
}

static enum rc
show_key(void *ctx, const struct hsm_ec_key *k)
{
	struct show *s = ctx;
	char id[HEX_TEXT_MAX];
	struct quoted q;

	part(s);
	if (s->json) {
		show_key_json(k);
		return RC_OK;
	}
	puts("signing key");
	printf("%-20s%s\n", "label", quote_str(&q, k->ref.label));
	printf(
	    "%-20s%s\n", "id", hex_text(id, span_of(k->ref.id, k->ref.id_len)));
	printf("%-20s%s %s %s%s%s%s\n", "attributes",
	    k->sensitive ? "sensitive" : "NOT-SENSITIVE",
	    k->extractable             ? "EXTRACTABLE"
		: k->never_extractable ? "never-extractable"
				       : "ONCE-EXTRACTABLE",
	    k->local ? "made-in-token" : "IMPORTED",
	    k->sign ? "" : " CANNOT-SIGN", k->token ? "" : " NOT-PERSISTENT",
	    k->other_use ? " OTHER-USES" : "");
	printf("%-20s%s\n", "key", k->p256 ? "EC P-256" : "other");
	if (k->p256)
		print_digest(
		    "SHA-256 of the key", span_of(k->spki, sizeof(k->spki)));
	return RC_OK;
}

/* One key as a line for a file of allowed signers (issue/signers.h). */
static enum rc
show_signer(struct hsm_session *session, const struct show *s,
    const struct hsm_ec_ref *ref)
{
	uint8_t spki[P256_SPKI_LEN], text[SSHKEY_P256_TEXT_MAX];
	struct writer w;
	enum rc rc = hsm_ec_public(session, ref, spki);

	if (rc != RC_OK)
		return rc;
	writer_init(&w, text, sizeof(text));
	sshkey_p256_print(spki, &w);
	printf("%s namespaces=\"%s\" ", s->o->signer, s->o->name_space);
	print_span(writer_span(&w));
	putchar('\n');
	return RC_OK;
}

/* What the line is made of must not make it another line. */
static int
check_signer(const struct show *s, struct hsm_ec_ref *ref)
{
	const struct options *o = s->o;
	struct hsm_error err;
	struct quoted q;

	if (!o->signer && !o->name_space && !o->key)
		return EX_OK;
	if (!o->signer || !o->name_space || !o->key)
		return tool_error(EX_USAGE, NULL,
		    "--signer, --namespace and --key go together");
	if (o->operand_count > 0 || s->json)
		return tool_error(EX_USAGE, "leave out files and --format",
		    "--signer is the line of one key in the token");
	if (strspn(o->signer, NAME_LETTERS) != strlen(o->signer) ||
	    strlen(o->signer) > SIGNERS_NAME_MAX)
		return tool_error(EX_USAGE,
		    "letters, digits and .@_+-: one name, without blanks and "
		    "patterns",
		    "--signer %s", quote_str(&q, o->signer));
	if (strspn(o->name_space, SPACE_LETTERS) != strlen(o->name_space) ||
	    strlen(o->name_space) > SSHSIG_SPACE_MAX)
		return tool_error(EX_USAGE,
		    "bootstrapd-order, bootstrapd-image: names and commas, "
		    "without patterns",
		    "--namespace %s", quote_str(&q, o->name_space));
	if (hsm_ec_ref_parse(o->key, ref, &err) != RC_OK)
		return tool_error(EX_USAGE, err.remedy, "--key: %s", err.text);
	return EX_OK;
}

static int
show_keys(const struct options *o, struct show *s)
{
	struct settings settings = {0};
	struct hsm_ec_ref ref;
	struct token t = {0};
	struct quoted q;
	enum rc rc;
	int code = check_signer(s, &ref);

	if (code == EX_OK)
		code = settings_load(o, SETTINGS_TOKEN, &settings);
	if (code == EX_OK)
		code = token_open(&settings, &t);
	if (code == EX_OK && o->signer) {
		rc = show_signer(t.session, s, &ref);
		if (rc != RC_OK)
			code = token_fault(&t, rc);
	} else if (code == EX_OK) {
		rc = hsm_ec_list(t.session, show_key, s);
		if (rc != RC_OK)
			code = token_fault(&t, rc);
		else if (s->count == 0)
			fprintf(stderr, "no signing keys in token %s\n",
			    quote_str(&q, hsm_token_name(t.hsm)));
	}
	token_close(&t);
	settings_fini(&settings);
	return code;
}

int
pki_show(const struct options *o)
{
	struct show s = {.json = strcmp(o->format, "json") == 0, .o = o};
	struct hsm_ec_ref ref;
	int code = EX_OK;

	if (o->operand_count == 0)
		return show_keys(o, &s);
	code = check_signer(&s, &ref);
	if (code != EX_OK)
		return code;
	for (size_t i = 0; i < o->operand_count; i++) {
		int one;

		s.file = o->operands[i];
		one = show_file(&s);
		if (code == EX_OK)
			code = one;
	}
	return code;
}
