/* The certificates and requests of a ceremony: who signs them, and then signed,
 * verified, recorded, written. */
#include "ceremony_run.h"
#include "certificate_row.h"

#include "hsm/pem.h"
#include "hsm/trust.h"
#include "output.h"

enum {
	CHAIN_MAX = CEREMONY_STEPS_MAX + 1,
	PEM_MAX = 65536,
	SHOWN_MAX = 8192,
};

/** The certificate of who signs `s`. */
static struct pki_certificate *
issuer_file(struct run *r, const struct ceremony_step *s)
{
	return s->issuer.step ? &run_step(r, s->issuer.step)->own
			      : &run_step(r, s)->issuer;
}

const struct cert *
run_issuer(struct run *r, const struct ceremony_step *s)
{
	if (s->kind == CEREMONY_ROOT || s->kind == CEREMONY_REQUEST)
		return NULL;
	return &issuer_file(r, s)->cert;
}

int
run_certificate_need(struct run *r, const struct ceremony_step *s)
{
	int code = EX_OK;

	if (s->request)
		code = pki_request_read(s->request, &run_step(r, s)->request);
	for (; code == EX_OK && s->kind >= CEREMONY_ISSUING;
	     s = s->issuer.step) {
		const struct ceremony_step *by = s->issuer.step;

		if (by && (run_takes(r, by) || run_step(r, by)->has_own))
			return EX_OK;
		code = pki_certificate_read(
		    s->issuer.certificate, issuer_file(r, s));
		if (!by)
			break;
		run_step(r, by)->has_own = code == EX_OK;
	}
	return code;
}

/** From the one who signed `s` up: DER, with the root or whoever is last. */
static size_t
chain_of(struct run *r, const struct ceremony_step *s,
    struct span chain[static CHAIN_MAX])
{
	size_t n = 0;

	while (s && s->kind >= CEREMONY_ISSUING && n < CHAIN_MAX) {
		chain[n++] = issuer_file(r, s)->cert.der;
		s = s->issuer.step;
	}
	return n;
}

/** As everybody will verify it, by OpenSSL, from the topmost that is known. */
static int
verify(struct run *r, const struct ceremony_step *s)
{
	const struct cert *own = &run_step(r, s)->own.cert;
	struct span chain[CHAIN_MAX];
	size_t n = chain_of(r, s, chain);
	struct trust *t = trust_new();
	struct trust_verdict verdict = {0};
	struct der_fault fault;
	struct quoted at;
	enum rc rc = t ? RC_OK : RC_MEMORY;

	if (rc == RC_OK)
		rc = trust_add(t, n ? chain[n - 1] : own->der, &fault);
	if (rc == RC_OK)
		rc = trust_verify(t, own->der, chain, n,
		    s->kind == CEREMONY_SERVER ? CERT_SERVER_AUTH : 0, r->now_s,
		    &verdict);
	trust_free(t);
	if (rc == RC_OK) {
		transcript_line(&r->log, "  OpenSSL verifies it%s",
		    n ? ", with all above it" : "");
		return EX_OK;
	}
	transcript_line(&r->log, "  OpenSSL does not verify it: %s",
	    verdict.text[0] ? verdict.text : rc_name(rc));
	return tool_error(EX_SOFTWARE, "it was not written",
	    "%s: OpenSSL does not verify it: %s", run_place(r, s, &at),
	    verdict.text[0] ? verdict.text : rc_name(rc));
}

static int
record_certificate(struct run *r, const struct ceremony_step *s)
{
	const struct cert *cert = &run_step(r, s)->own.cert;
	const struct cert *issuer = run_issuer(r, s);
	struct certificate_row row;

	certificate_row(&row, ceremony_kind_name(s->kind), cert,
	    issuer ? issuer->spki : cert->spki, hsm_token_name(r->token.hsm),
	    s->out);
	return run_record(r, s, "certificate_signed", row.fields, row.count);
}

/** A public file, whole or not at all; the row of the ledger comes first. */
static int
write_out(struct run *r, const struct ceremony_step *s, struct span pem,
    int (*record)(struct run *, const struct ceremony_step *))
{
	struct run_step *state = run_step(r, s);
	struct output o;
	char hex[HEX_TEXT_MAX];
	struct quoted q;
	int code = output_begin_public(&o, s->out, false);

	if (code == EX_OK)
		code = output_write(&o, pem);
	if (code == EX_OK)
		code = record(r, s);
	if (code == EX_OK)
		code = output_commit(&o, pem);
	output_end(&o);
	if (code != EX_OK) {
		transcript_line(
		    &r->log, "  not written: %s", quote_str(&q, s->out));
		return code;
	}
	digest_of(pem, state->sha256);
	state->written = true;
	transcript_line(&r->log, "  written: %s, %zu bytes, SHA-256 %s",
	    quote_str(&q, s->out), pem.len,
	    hex_text(hex, span_of(state->sha256, DIGEST_LEN)));
	return EX_OK;
}

static int
write_certificate(struct run *r, const struct ceremony_step *s)
{
	struct span chain[CHAIN_MAX];
	size_t n = s->chain ? chain_of(r, s, chain) : 0;
	char pem[PEM_MAX];
	struct writer w;

	writer_init(&w, pem, sizeof(pem));
	pem_write(&w, "CERTIFICATE", run_step(r, s)->own.cert.der);
	for (size_t i = 0; i < n; i++) {
		struct der_fault fault;
		struct cert c;

		/* a root is known to who verifies, or it is no root */
		if (cert_parse(chain[i], &c, &fault) == RC_OK &&
		    !span_equal(c.subject, c.issuer))
			pem_write(&w, "CERTIFICATE", chain[i]);
	}
	if (w.full)
		return run_unwritable(r, s, RC_TOO_LARGE);
	return write_out(r, s, writer_span(&w), record_certificate);
}

int
run_certificate_take(struct run *r, const struct ceremony_step *s)
{
	struct run_step *state = run_step(r, s);
	const struct ceremony_key *ca =
	    s->kind == CEREMONY_ROOT ? &s->key : &s->issuer.key;
	uint8_t der[CERT_DER_MAX];
	struct cert_findings findings = {0};
	char text[SHOWN_MAX];
	struct cert_draft d;
	struct writer w, shown;
	enum rc rc;
	int code = run_token(r, ca->token);

	if (code != EX_OK)
		return code;
	cert_draft_init(&d, &s->profile, run_issuer(r, s),
	    span_of(state->spki, sizeof(state->spki)), r->now_s);
	writer_init(&w, der, sizeof(der));
	rc = cert_issue(r->token.session, &ca->ref, &d, &w, &findings);
	run_findings(r, &findings);
	if (rc != RC_OK)
		return run_token_fault(r, rc);
	code = pki_certificate_take(s->out, writer_span(&w), &state->own);
	if (code != EX_OK)
		return code;
	state->has_own = true;
	writer_init(&shown, text, sizeof(text));
	cert_print(&state->own.cert, &shown);
	transcript_line(&r->log, "  signed:");
	transcript_text(&r->log, "    ", writer_span(&shown));
	code = verify(r, s);
	return code == EX_OK ? write_certificate(r, s) : code;
}

static int
record_request(struct run *r, const struct ceremony_step *s)
{
	uint8_t sha256[DIGEST_LEN];
	struct field f[16];
	size_t n = 0;

	digest_of(span_of(run_step(r, s)->spki, P256_SPKI_LEN), sha256);
	f[n++] = F_TEXT("label", (const char *)s->key.ref.label);
	f[n++] = F_BYTES("key", span_of(sha256, sizeof(sha256)));
	f[n++] = F_TEXT("file", s->out);
	return run_record(r, s, "request_signed", f, n);
}

int
run_request_take(struct run *r, const struct ceremony_step *s)
{
	uint8_t der[CSR_DER_MAX];
	char pem[PEM_MAX];
	struct writer w, p;
	enum rc rc;

	writer_init(&w, der, sizeof(der));
	rc = csr_sign(r->token.session, &s->key.ref, &s->profile, &w);
	if (rc != RC_OK)
		return run_token_fault(r, rc);
	writer_init(&p, pem, sizeof(pem));
	pem_write(&p, "CERTIFICATE REQUEST", writer_span(&w));
	return write_out(r, s, writer_span(&p), record_request);
}
