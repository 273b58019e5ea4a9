/*
 * pki crl: the ledger's revocations of one CA as a list that the CA's key signs
 * in the token (RFC 5280 section 5). The ledger is locked from the first look
 * until the row is durable, so that no two lists share a number; the row comes
 * before the file.
 */
#include "ca_key.h"
#include "hsm/pem.h"
#include "key_check.h"
#include "output.h"
#include "pki_file.h"
#include "pki_revoked.h"
#include "record.h"
#include "token.h"
#include "tool.h"
#include "verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct list {
	const struct options *o;
	struct settings settings;
	struct pki_certificate issuer;
	struct token token;
	struct hsm_ec_ref key;
	struct ledger *ledger;
	struct revoked_list revoked;
	uint8_t *bytes; /**< DER, then what is written */
	struct span der, file;
	struct output output;
};

static int
check_issuer(struct list *l)
{
	uint8_t sha256[DIGEST_LEN];
	struct quoted q;
	int code = pki_certificate_read(l->o->issuer, &l->issuer);
	const struct cert *c = &l->issuer.cert;

	if (code != EX_OK)
		return code;
	if (!c->is_ca || (c->has_key_usage && !(c->key_usage & CERT_CRL_SIGN)))
		return tool_error(EX_DATAERR, "name a CA's certificate",
		    "%s may not sign lists (RFC 5280 4.2.1.3: cRLSign)",
		    quote_str(&q, l->o->issuer));
	digest_of(c->spki, sha256);
	hex_text(l->revoked.issuer_key, span_of(sha256, sizeof(sha256)));
	return EX_OK;
}

/** Room for the list and, behind it, its text. */
static enum rc
make_room(struct list *l, size_t *der_max, size_t *all)
{
	*der_max = crl_size_max(l->revoked.count);
	*all = *der_max + *der_max / 48 * 65 + 256;
	l->bytes = malloc(*all);
	return l->bytes ? RC_OK : RC_MEMORY;
}

static enum rc
sign(struct list *l, int64_t now_s)
{
	struct crl_entry *entries =
	    calloc(l->revoked.count + 1, sizeof(*entries));
	struct crl_draft d = {
	    .issuer = &l->issuer.cert,
	    .this_update_s = now_s,
	    .next_update_s = now_s + l->o->validity_s,
	    .number = l->revoked.number,
	    .entries = entries,
	    .entry_count = l->revoked.count,
	};
	size_t der_max, all;
	struct writer w, pem;
	enum rc rc = entries ? make_room(l, &der_max, &all) : RC_MEMORY;

	if (rc != RC_OK)
		goto out;
	for (size_t i = 0; i < l->revoked.count; i++) {
		entries[i] = l->revoked.list[i].entry;
		entries[i].serial = span_of(
		    l->revoked.list[i].serial, l->revoked.list[i].serial_len);
	}
	writer_init(&w, l->bytes, der_max);
	rc = crl_sign(l->token.session, &l->key, &d, &w);
	if (rc != RC_OK)
		goto out;
	l->der = l->file = writer_span(&w);
	if (strcmp(l->o->encoding, "pem") == 0) {
		writer_init(&pem, l->bytes + w.len, all - w.len);
		pem_write(&pem, "X509 CRL", l->der);
		l->file = writer_span(&pem);
		rc = pem.full ? RC_BUG : RC_OK;
	}
out:
	free(entries);
	return rc;
}

/** What is handed out is what was meant. */
static enum rc
read_back(const struct list *l)
{
	struct der_fault fault;
	struct crl c;
	enum rc rc = crl_parse(l->der, &c, &fault);

	if (rc == RC_OK)
		rc = crl_verify(&c, &l->issuer.cert);
	if (rc == RC_OK && c.entry_count != l->revoked.count)
		rc = RC_BUG;
	return rc;
}

static enum rc
append(struct list *l, int64_t now_s, uint64_t *seq)
{
	uint8_t sha256[DIGEST_LEN];
	char next[32];
	struct writer w;
	struct field f[8];
	size_t n = 0;

	digest_of(l->der, sha256);
	writer_init(&w, next, sizeof(next));
	der_print_time(&w, now_s + l->o->validity_s);
	f[n++] = F_TEXT("issuer_key", (const char *)l->revoked.issuer_key);
	f[n++] = F_INT("number", l->revoked.number);
	f[n++] = F_INT("entries", l->revoked.count);
	f[n++] = F_TEXT("next_update", writer_span(&w));
	f[n++] = F_BYTES("sha256", span_of(sha256, sizeof(sha256)));
	f[n++] = F_TEXT("token", hsm_token_name(l->token.hsm));
	return ledger_append(l->ledger,
	    &(struct ledger_event){
		.kind = "crl_signed", .fields = f, .field_count = n},
	    seq);
}

static int
ledger_failed(enum rc rc)
{
	if (rc == RC_MEMORY)
		return tool_fault(rc, "list");
	return tool_error(EX_IOERR,
	    rc == RC_FULL ? "make room on its disk and try again"
			  : "see that the file and its folder can be written",
	    "the list was not handed out, the ledger says %s", rc_name(rc));
}

/** From the lock to the row; the file has no name yet. */
static int
make(struct list *l, uint64_t *seq)
{
	int64_t now_s = (int64_t)time(NULL);
	enum rc rc = ledger_begin(l->ledger);
	int code = EX_OK;

	if (rc == RC_OK)
		rc = revoked_read(&l->revoked, l->ledger);
	if (rc != RC_OK)
		goto out;
	rc = sign(l, now_s);
	if (rc != RC_OK) {
		code = token_fault(&l->token, rc);
	} else if (read_back(l) != RC_OK) {
		code = tool_error(EX_SOFTWARE, "it was not handed out",
		    "the list that was signed does not verify");
	} else {
		code = output_write(&l->output, l->file);
	}
	if (code != EX_OK)
		goto out;
	rc = append(l, now_s, seq);
	if (rc == RC_OK)
		rc = ledger_commit(l->ledger);
out:
	if (rc != RC_OK || code != EX_OK)
		ledger_rollback(l->ledger);
	return rc == RC_OK || code != EX_OK ? code : ledger_failed(rc);
}

static void
report(const struct list *l, uint64_t seq)
{
	struct quoted q;

	fprintf(stderr, "list         %s\n",
	    l->output.path ? quote_str(&q, l->output.path) : "standard output");
	fprintf(stderr, "number       %llu\n",
	    (unsigned long long)l->revoked.number);
	fprintf(stderr, "revoked      %zu\n", l->revoked.count);
	fprintf(stderr, "ledger       %s row %llu\n",
	    quote_str(&q, l->settings.ledger), (unsigned long long)seq);
}

static int
run(struct list *l)
{
	uint64_t seq = 0;
	int code = check_issuer(l);

	if (code == EX_OK)
		code = settings_load(
		    l->o, SETTINGS_TOKEN | SETTINGS_LEDGER, &l->settings);
	if (code == EX_OK)
		code =
		    output_begin_public(&l->output, l->o->output, l->o->force);
	if (code == EX_OK)
		code =
		    record_open(l->settings.ledger, LEDGER_WRITE, &l->ledger);
	if (code == EX_OK)
		code = token_open(&l->settings, &l->token);
	if (code == EX_OK)
		code = ca_key_find(&l->token, l->o->issuer, l->issuer.cert.spki,
		    NULL, &l->key);
	if (code == EX_OK)
		code = key_check_ca(l->ledger, &l->token, NULL, l->key.label,
		    l->issuer.cert.spki);
	if (code == EX_OK)
		code = make(l, &seq);
	if (code == EX_OK)
		code = output_commit(&l->output, l->file);
	if (code == EX_OK)
		report(l, seq);
	return code;
}

int
pki_crl(const struct options *o)
{
	struct list *l = calloc(1, sizeof(*l));
	int code;

	if (!l)
		return tool_fault(RC_MEMORY, "list");
	l->o = o;
	l->output.fd = -1;
	code = run(l);
	output_end(&l->output);
	token_close(&l->token);
	ledger_close(l->ledger);
	settings_fini(&l->settings);
	revoked_fini(&l->revoked);
	free(l->bytes);
	free(l);
	return code;
}
