/* A device's certificate on its way: the key that it is for, what would be
 * signed, and what was. */
#include "pki_issue.h"

#include "stand_in.h"
#include "tool.h"

#include "hsm/pem.h"
#include "hsm/trust.h"

#include <stdio.h>

/** The common name that the certificate will have; empty: none. */
static struct span
own_name(const struct cert_profile *p)
{
	for (size_t i = 0; i < p->subject_count; i++)
		if (p->subject[i].attribute == CERT_CN)
			return p->subject[i].value;
	return span_of(NULL, 0);
}

/**
 * Names that a request asks for bind nobody. But one that is of another device
 * is the wrong file.
 */
static int
check_request(const struct signing *is)
{
	const struct csr *csr = &is->request.csr;
	struct span endpoint = span_str(is->o->endpoint), rest = csr->san;
	struct quoted file, name, ep;
	struct cert_name n;
	struct span other = {0};

	quote_str(&file, is->o->csr);
	if (csr->asks_ca)
		return tool_error(EX_DATAERR, "ask whoever made it",
		    "%s: the request asks to be a CA (RFC 5280 4.2.1.9)",
		    file.text);
	if (csr->cn.len > 0 && !span_equal(csr->cn, endpoint) &&
	    !span_equal(csr->cn, own_name(&is->mint.profile)))
		other = csr->cn;
	while (cert_name_next(&rest, &n))
		if (n.kind == CERT_NAME_URI &&
		    span_starts(n.value, SPAN_LIT("urn:")) &&
		    !span_equal(n.value, endpoint))
			other = n.value;
	if (other.len == 0)
		return EX_OK;
	return tool_error(EX_DATAERR,
	    "is it the file of another device? Or correct --endpoint",
	    "%s: the request is of %s, not of %s", file.text,
	    quote(&name, other), quote(&ep, endpoint));
}

int
signing_read_key(struct signing *is)
{
	enum rc rc;
	int code;

	if (!is->o->csr) {
		rc = stand_in_key(is->spki);
		return rc == RC_OK ? EX_OK : tool_fault(rc, "key");
	}
	code = pki_request_read(is->o->csr, &is->request);
	if (code != EX_OK)
		return code;
	memcpy(is->spki, is->request.csr.spki.p, sizeof(is->spki));
	return check_request(is);
}

static void
begin_draft(struct signing *is, struct cert_draft *d)
{
	cert_draft_init(d, &is->mint.profile, &is->ca.cert,
	    span_of(is->spki, sizeof(is->spki)), is->now_s);
}

/** What must not be signed, all of it, before any key is made or used. */
int
signing_lint(struct signing *is)
{
	struct cert_findings f;
	struct cert_draft d;
	int code = EX_OK;

	begin_draft(is, &d);
	/* RC_DENIED stands for errors, which are counted here */
	if (cert_lint(&d, &f) != RC_OK && f.errors == 0)
		return tool_fault(RC_BUG, "lint");
	for (size_t i = 0; i < f.count; i++) {
		int worst = tool_error(EX_DATAERR, NULL, "%s%s: %s (%s)",
		    f.list[i].error ? "" : "warning: ", f.list[i].code,
		    f.list[i].text, f.list[i].clause);

		if (f.list[i].error)
			code = worst;
	}
	return code;
}

static int
unwritable(enum rc rc)
{
	if (rc == RC_MEMORY)
		return tool_fault(rc, "certificate");
	return tool_error(EX_DATAERR, "shorten its names",
	    "a certificate that cannot be written: %s", rc_name(rc));
}

/** What would be signed, in words on standard output. */
int
signing_show(struct signing *is)
{
	char text[CERT_PRINT_MAX], shown[CERT_PRINT_MAX + 64];
	struct cert_draft d;
	struct writer w, s;
	enum rc rc;

	begin_draft(is, &d);
	writer_init(&w, text, sizeof(text));
	rc = cert_draft_print(&d, &w);
	if (rc != RC_OK)
		return unwritable(rc);
	writer_init(&s, shown, sizeof(shown));
	if (is->o->csr)
		writer_put(&s, writer_span(&w));
	else
		stand_in_hide(&s, writer_span(&w));
	puts("would be signed:");
	print_span(writer_span(&s));
	return EX_OK;
}

/** As everybody will verify it, by OpenSSL. */
static int
verify(const struct signing *is)
{
	struct trust_verdict verdict = {0};
	struct trust *t = trust_new();
	struct der_fault fault;
	enum rc rc = t ? RC_OK : RC_MEMORY;

	if (rc == RC_OK)
		rc = trust_add(t, is->ca.cert.der, &fault);
	if (rc == RC_OK)
		rc = trust_verify(t, is->own.cert.der, NULL, 0,
		    CERT_CLIENT_AUTH, is->now_s, &verdict);
	trust_free(t);
	if (rc == RC_OK)
		return EX_OK;
	return tool_error(EX_SOFTWARE, "it was not handed out",
	    "OpenSSL does not verify the certificate: %s",
	    verdict.text[0] ? verdict.text : rc_name(rc));
}

int
signing_make_key(struct signing *is)
{
	enum rc rc = device_key_make(is->token.session, &is->key);
	struct writer w;

	if (rc == RC_TOKEN)
		return token_fault(&is->token, rc);
	if (rc == RC_OK)
		rc = secret_reserve(&is->key_pem, KEY_PEM_MAX);
	if (rc != RC_OK)
		return tool_fault(rc, "key");
	memcpy(is->spki, is->key.spki, sizeof(is->spki));
	writer_init(&w, is->key_pem.bytes, is->key_pem.cap);
	pem_write(&w, "PRIVATE KEY", secret_expose(&is->key.private_key));
	is->key_pem.len = w.len;
	return w.full ? tool_fault(RC_BUG, "key") : EX_OK;
}

int
signing_sign(struct signing *is)
{
	uint8_t der[CERT_DER_MAX];
	struct cert_draft d;
	struct writer w;
	enum rc rc;
	int code;

	begin_draft(is, &d);
	writer_init(&w, der, sizeof(der));
	rc = cert_issue(is->token.session, &is->ca_key, &d, &w, NULL);
	if (rc != RC_OK)
		return token_fault(&is->token, rc);
	code = pki_certificate_take("certificate", writer_span(&w), &is->own);
	return code == EX_OK ? verify(is) : code;
}

/** The CAs below the root stand behind it: that one is known, or no root. */
static int
append_ca(void *ctx, const struct cert *c)
{
	struct signing *is = ctx;

	if (!span_equal(c->subject, c->issuer))
		pem_write(&is->pem, "CERTIFICATE", c->der);
	return EX_OK;
}

int
signing_encode(struct signing *is)
{
	int code = EX_OK;

	if (strcmp(is->o->encoding, "der") == 0) {
		is->file = is->own.cert.der;
		return EX_OK;
	}
	writer_init(&is->pem, is->text, sizeof(is->text));
	pem_write(&is->pem, "CERTIFICATE", is->own.cert.der);
	if (is->o->chain)
		code =
		    pki_certificates(is->ca_name, is->ca_bytes, append_ca, is);
	is->file = writer_span(&is->pem);
	if (code == EX_OK && is->pem.full)
		code = unwritable(RC_TOO_LARGE);
	return code;
}
