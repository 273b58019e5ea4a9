/*
 * pki issue: a certificate for one device, signed by a CA whose key is in the
 * token; for a key that the device has made itself, or for one that is made
 * here and handed out once. The row of the ledger is durable before a file has
 * its name.
 */
#include "pki_issue.h"

#include "ca_key.h"
#include "certificate_row.h"
#include "endpoint.h"
#include "record.h"
#include "stand_in.h"
#include "tool.h"
#include "verbs.h"

#include "hsm/pem.h"
#include "hsm/trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

/** What can be known to be wrong before anything is opened. */
static int
check_options(const struct options *o)
{
	static const char remedy[] = "see provisioning-tool pki issue --help";
	bool file = o->issuer || o->ca;

	if (file == (o->authority != NULL))
		return tool_error(EX_USAGE, remedy,
		    "either --authority, of the policies, or --issuer with "
		    "--ca is expected");
	if (file && !o->issuer)
		return tool_error(EX_USAGE, remedy,
		    "--ca names a key: --issuer FILE, its certificate, is "
		    "missing");
	if (!o->authority && o->profile)
		return tool_error(EX_USAGE, remedy,
		    "--profile is of the policies: it goes with --authority");
	if (!o->csr == !o->key_out)
		return tool_error(EX_USAGE, remedy,
		    "either --csr, the device's own request, or --key-out, for "
		    "a key that is made here, is expected");
	if (o->key_out && strcmp(o->key_out, "-") == 0)
		return tool_error(EX_USAGE, "give it a file",
		    "a key does not go to standard output");
	if (o->key_out && o->output && strcmp(o->key_out, o->output) == 0)
		return tool_error(EX_USAGE, "give each a file of its own",
		    "--key-out and --output are one file");
	if (o->chain && strcmp(o->encoding, "der") == 0)
		return tool_error(EX_USAGE, "leave one of them out",
		    "--chain needs PEM: DER has one certificate");
	return endpoint_option(o->endpoint);
}

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

static int
read_key(struct signing *is)
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
static int
lint(struct signing *is)
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
static int
show(struct signing *is)
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

static int
make_key(struct signing *is)
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

static int
sign(struct signing *is)
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

static int
encode(struct signing *is)
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

static int
record(struct signing *is)
{
	struct certificate_row r;
	struct ledger_event e = {
	    .kind = "certificate_signed",
	    .endpoint = span_str(is->o->endpoint),
	    .fields = r.fields,
	};

	certificate_row(&r, "device", &is->own.cert, is->ca.cert.spki,
	    hsm_token_name(is->token.hsm),
	    is->output.path ? is->output.path : "-");
	if (is->authority)
		r.fields[r.count++] = F_TEXT("ca", is->authority->name);
	r.fields[r.count++] = F_TEXT("profile", is->document->name);
	e.field_count = r.count;
	return record_row(
	    is->ledger, &e, &is->seq, "the certificate was not handed out");
}

static void
report(const struct signing *is)
{
	const struct cert *c = &is->own.cert;
	uint8_t sha256[DIGEST_LEN];
	char hex[HEX_TEXT_MAX], until[32];
	struct quoted q;
	struct writer w;

	digest_of(c->der, sha256);
	writer_init(&w, until, sizeof(until) - 1);
	der_print_time(&w, c->not_after_s);
	until[w.len] = '\0';
	fprintf(stderr, "certificate  %s, %zu bytes in DER\n",
	    is->output.path ? quote_str(&q, is->output.path)
			    : "standard output",
	    c->der.len);
	fprintf(stderr, "endpoint     %s\n", quote_str(&q, is->o->endpoint));
	fprintf(stderr, "serial       %s\n", hex_text(hex, c->serial));
	fprintf(stderr, "not after    %s%s\n", until,
	    c->not_after_s == is->ca.cert.not_after_s ? ", with its CA" : "");
	fprintf(stderr, "fingerprint  %s\n",
	    hex_text(hex, span_of(sha256, sizeof(sha256))));
	if (is->o->key_out)
		fprintf(stderr,
		    "private key  %s, mode 0600: this file is the secret; it "
		    "is kept nowhere else\n",
		    quote_str(&q, is->o->key_out));
	fprintf(stderr, "ledger       %s row %llu\n",
	    quote_str(&q, is->settings.ledger), (unsigned long long)is->seq);
}

/** A certificate or a key that is there may be the only one. */
static int
must_be_new(const char *path)
{
	struct quoted q;
	struct stat st;

	if (!path || strcmp(path, "-") == 0 || lstat(path, &st) != 0)
		return EX_OK; /* what else is wrong with it, output_begin says */
	return tool_error(EX_CANTCREAT,
	    "nothing is ever overwritten: put it away, or choose another name",
	    "%s exists", quote_str(&q, path));
}

/** Files without names yet; nothing is made for one that cannot be. */
static int
begin_files(struct signing *is)
{
	int code = must_be_new(is->o->key_out);

	if (code == EX_OK)
		code = must_be_new(is->o->output);
	if (code == EX_OK && is->o->key_out)
		code = output_begin(&is->key_file, is->o->key_out, false);
	if (code == EX_OK)
		code = output_begin_public(&is->output, is->o->output, false);
	return code;
}

static int
write_files(struct signing *is)
{
	int code = EX_OK;

	if (is->o->key_out)
		code = output_write(&is->key_file, secret_expose(&is->key_pem));
	if (code == EX_OK)
		code = output_write(&is->output, is->file);
	if (code == EX_OK)
		code = record(is);
	if (code == EX_OK && is->o->key_out)
		code =
		    output_commit(&is->key_file, secret_expose(&is->key_pem));
	if (code == EX_OK)
		code = output_commit(&is->output, is->file);
	return code;
}

static int
find_key(struct signing *is)
{
	return ca_key_find(&is->token, is->ca_name, is->ca.cert.spki,
	    is->ca_named ? &is->ca_wanted : NULL, &is->ca_key);
}

static int
make(struct signing *is)
{
	int code = begin_files(is);

	if (code == EX_OK)
		code =
		    record_open(is->settings.ledger, LEDGER_WRITE, &is->ledger);
	if (code == EX_OK)
		code = token_open(&is->settings, &is->token);
	if (code == EX_OK)
		code = find_key(is);
	if (code == EX_OK && is->o->key_out)
		code = make_key(is);
	if (code == EX_OK)
		code = sign(is);
	if (code == EX_OK)
		code = encode(is);
	if (code == EX_OK)
		code = write_files(is);
	if (code == EX_OK)
		report(is);
	return code;
}

static int
run(struct signing *is)
{
	const unsigned needs =
	    SETTINGS_TOKEN | (is->o->dry_run ? 0 : SETTINGS_LEDGER);
	int code = check_options(is->o);

	if (code == EX_OK)
		code = settings_load(is->o, needs, &is->settings);
	if (code == EX_OK)
		code = signing_sources(is);
	if (code == EX_OK)
		code = read_key(is);
	if (code == EX_OK)
		code = lint(is);
	if (code != EX_OK || !is->o->dry_run)
		return code == EX_OK ? make(is) : code;
	code = show(is);
	if (code == EX_OK)
		code = token_open(&is->settings, &is->token);
	return code == EX_OK ? find_key(is) : code;
}

int
pki_issue(const struct options *o)
{
	struct signing *is = calloc(1, sizeof(*is));
	int code;

	if (!is)
		return tool_fault(RC_MEMORY, "certificate");
	is->o = o;
	is->now_s = (int64_t)time(NULL);
	is->output.fd = is->key_file.fd = -1;
	code = run(is);
	output_end(&is->key_file);
	output_end(&is->output);
	secret_fini(&is->key_pem);
	device_key_fini(&is->key);
	token_close(&is->token);
	ledger_close(is->ledger);
	pki_file_fini(&is->issuer_file);
	issue_rules_unref(is->rules);
	if (is->set)
		policy_set_unref(is->set);
	settings_fini(&is->settings);
	free(is);
	return code;
}
