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
#include "key_check.h"
#include "record.h"
#include "tool.h"
#include "verbs.h"

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
	if (code == EX_OK)
		code = key_check_ca(is->ledger, &is->token,
		    is->authority ? is->authority->name : NULL,
		    is->ca_key.label, is->ca.cert.spki);
	if (code == EX_OK && is->o->key_out)
		code = signing_make_key(is);
	if (code == EX_OK)
		code = signing_sign(is);
	if (code == EX_OK)
		code = signing_encode(is);
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
		code = signing_read_key(is);
	if (code == EX_OK)
		code = signing_lint(is);
	if (code != EX_OK || !is->o->dry_run)
		return code == EX_OK ? make(is) : code;
	code = signing_show(is);
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
