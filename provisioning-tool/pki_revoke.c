/*
 * pki revoke: rows of the ledger that take credentials back. bootstrapd honours
 * them at once; those of certificates go into the next list of `pki crl`.
 */
#include "base/text.h"
#include "hsm/hsm.h"
#include "pki_credentials.h"
#include "pki_file.h"
#include "pki_sealed.h"
#include "record.h"
#include "settings.h"
#include "tool.h"
#include "verbs.h"

#include <stdio.h>
#include <stdlib.h>

struct revoke {
	const struct options *o;
	struct credentials found;
	/** --certificate: what its file says, should the ledger not know. */
	struct credential shown;
	uint64_t revoked; /**< rows that stand */
};

/** Hexadecimal with colons or without, into `out`. */
static enum rc
read_hex(const char *text, struct writer *out)
{
	char plain[2 * DIGEST_LEN + 3];
	struct writer w;

	writer_init(&w, plain, sizeof(plain));
	for (; *text; text++)
		if (*text != ':')
			writer_be(&w, (uint8_t)*text, 1);
	return w.full ? RC_TOO_LARGE : text_unhex(out, writer_span(&w));
}

/** "00:0A:1B" is "0a1b": whole bytes, lower case, no zero byte in front. */
static int
read_serial(struct revoke *r)
{
	uint8_t bytes[CERT_SERIAL_MAX + 1];
	char hex[HEX_TEXT_MAX];
	struct span serial;
	struct quoted q;
	struct writer b;

	writer_init(&b, bytes, sizeof(bytes));
	if (read_hex(r->o->serial, &b) != RC_OK)
		b.len = 0;
	serial = writer_span(&b);
	while (serial.len > 0 && serial.p[0] == 0)
		serial = span_from(serial, 1);
	if (serial.len == 0 || serial.len > CERT_SERIAL_MAX)
		return tool_error(EX_USAGE, "see provisioning-tool pki show",
		    "--serial %s: expected 1 to %d bytes in hexadecimal",
		    quote_str(&q, r->o->serial), CERT_SERIAL_MAX);
	memcpy(r->found.serial, hex_text(hex, serial), 2 * serial.len + 1);
	return EX_OK;
}

static int
read_fingerprint(struct revoke *r)
{
	uint8_t bytes[DIGEST_LEN + 1];
	char hex[HEX_TEXT_MAX];
	struct quoted q;
	struct writer b;

	writer_init(&b, bytes, sizeof(bytes));
	if (read_hex(r->o->fingerprint, &b) != RC_OK ||
	    (b.len != DIGEST_LEN && b.len != HSM_FINGERPRINT_LEN))
		return tool_error(EX_USAGE,
		    "see provisioning-tool audit list, or pki show",
		    "--fingerprint %s: expected %d bytes in hexadecimal, of a "
		    "key, or %d, of a certificate or public key",
		    quote_str(&q, r->o->fingerprint), HSM_FINGERPRINT_LEN,
		    DIGEST_LEN);
	memcpy(r->found.fingerprint, hex_text(hex, writer_span(&b)),
	    2 * b.len + 1);
	return EX_OK;
}

static void
put_sha256(char out[static CREDENTIAL_HEX_MAX + 1], struct span der)
{
	uint8_t sha256[DIGEST_LEN];
	char hex[HEX_TEXT_MAX];

	digest_of(der, sha256);
	memcpy(out, hex_text(hex, span_of(sha256, sizeof(sha256))),
	    CREDENTIAL_HEX_MAX + 1);
}

/** The first of a file, and whoever in it has signed that. */
struct shown {
	struct pki_certificate first;
	char issuer_key[CREDENTIAL_HEX_MAX + 1];
};

static int
look_for_issuer(void *ctx, const struct cert *c)
{
	struct shown *s = ctx;

	if (cert_signed_by(&s->first.cert, c->spki) == RC_OK)
		put_sha256(s->issuer_key, c->spki);
	return EX_OK;
}

static int
read_certificate(struct revoke *r)
{
	const char *path = r->o->certificate;
	struct shown *s = calloc(1, sizeof(*s));
	struct pki_file f = {0};
	char hex[HEX_TEXT_MAX];
	int code =
	    s ? pki_file_read(path, &f) : tool_fault(RC_MEMORY, "revocation");

	if (code == EX_OK)
		code = pki_certificate_read(path, &s->first);
	if (code == EX_OK)
		code = pki_certificates(
		    path, span_of(f.bytes, f.len), look_for_issuer, s);
	if (code == EX_OK) {
		struct credential *c = &r->shown;
		const struct cert *first = &s->first.cert;

		put_sha256(r->found.fingerprint, first->der);
		memcpy(c->serial, hex_text(hex, first->serial),
		    2 * first->serial.len + 1);
		memcpy(c->issuer_key, s->issuer_key, sizeof(c->issuer_key));
	}
	pki_file_fini(&f);
	free(s);
	return code;
}

static int
check_options(struct revoke *r)
{
	const struct options *o = r->o;
	int given =
	    !!o->serial + !!o->endpoint + !!o->certificate + !!o->fingerprint;

	if (given != 1)
		return tool_error(EX_USAGE,
		    "see provisioning-tool pki revoke --help",
		    "one of --endpoint, --certificate, --fingerprint and "
		    "--serial is expected");
	r->found.endpoint = o->endpoint;
	if (o->serial)
		return read_serial(r);
	if (o->fingerprint)
		return read_fingerprint(r);
	return o->certificate ? read_certificate(r) : EX_OK;
}

static enum rc
append(struct ledger *l, const struct credential *c, const char *reason,
    uint64_t *seq)
{
	struct field f[4];
	size_t n = 0;

	if (c->fingerprint[0])
		f[n++] = F_TEXT("fingerprint", (const char *)c->fingerprint);
	if (c->serial[0])
		f[n++] = F_TEXT("serial", (const char *)c->serial);
	if (c->issuer_key[0])
		f[n++] = F_TEXT("issuer_key", (const char *)c->issuer_key);
	f[n++] = F_TEXT("reason", reason);
	return ledger_append(l,
	    &(struct ledger_event){
		.kind = "credential_revoked",
		.endpoint = span_of(c->endpoint, c->endpoint_len),
		.fields = f,
		.field_count = n,
	    },
	    seq);
}

static enum rc
append_all(struct revoke *r, struct ledger *l, uint64_t *count)
{
	for (size_t i = 0; i < r->found.count; i++) {
		struct credential *c = &r->found.list[i];
		enum rc rc;

		if (c->revoked)
			continue;
		rc = append(l, c, r->o->reason, &c->seq);
		if (rc != RC_OK)
			return rc;
		++*count;
	}
	return RC_OK;
}

/** Nobody can say what else names it: a certificate's number, or the other form
 *  of its signature (s and n - s), under which it has another fingerprint. */
static void
say_what_it_misses(void)
{
	(void)tool_error(EX_OK,
	    "revoke the file by --certificate if you have it",
	    "a certificate that is known by its fingerprint alone is refused "
	    "by bootstrapd, but in no list of pki crl");
}

static int
unknown_endpoint(const struct revoke *r)
{
	struct quoted q, near;
	char remedy[1800];

	if (r->found.nearest[0])
		snprintf(remedy, sizeof(remedy), "did you mean %s?",
		    quote_str(&near, r->found.nearest));
	else
		snprintf(remedy, sizeof(remedy),
		    "see provisioning-tool audit list --endpoint");
	return tool_error(EX_DATAERR, remedy,
	    "the ledger has no credential of %s",
	    quote_str(&q, r->o->endpoint));
}

/**
 * Nothing was found. A number may be a slip of the pen, and is taken at its
 * word with --force; a certificate's file is none.
 */
static int
unknown(struct revoke *r)
{
	struct credential *c = &r->shown;
	const char *name =
	    r->o->serial ? r->found.serial : r->found.fingerprint;

	if (r->o->endpoint)
		return unknown_endpoint(r);
	if (!r->o->certificate && !r->o->force)
		return tool_error(EX_DATAERR,
		    "look at the number again; --force revokes it all the same",
		    "the ledger has no %s %s",
		    r->o->serial ? "certificate of serial number"
				 : "credential of fingerprint",
		    name);
	if (r->o->serial)
		memcpy(c->serial, r->found.serial, sizeof(c->serial));
	else
		memcpy(c->fingerprint, r->found.fingerprint,
		    sizeof(c->fingerprint));
	if (r->o->fingerprint && strlen(c->fingerprint) == 2 * DIGEST_LEN)
		say_what_it_misses();
	return credentials_add(&r->found, c) == RC_OK
	    ? EX_OK
	    : tool_fault(RC_MEMORY, "revocation");
}

static void
report(const struct revoke *r)
{
	for (size_t i = 0; i < r->found.count; i++) {
		const struct credential *c = &r->found.list[i];
		struct quoted q;

		if (c->serial[0])
			printf("certificate %s", c->serial);
		else
			printf("key of fingerprint %s", c->fingerprint);
		if (!r->o->endpoint && c->endpoint_len > 0)
			printf("  of %s",
			    quote(&q, span_of(c->endpoint, c->endpoint_len)));
		if (c->revoked)
			printf("  was revoked before\n");
		else
			printf("  revoked, row %llu of the ledger\n",
			    (unsigned long long)c->seq);
	}
}

static int
failed(const struct revoke *r, enum rc rc)
{
	const char *remedy = rc == RC_FULL
	    ? "make room on its disk and try again"
	    : "see that the file and its folder can be written";

	if (rc == RC_MEMORY)
		return tool_fault(rc, "revocation");
	if (r->revoked == 0)
		return tool_error(EX_IOERR, remedy,
		    "nothing was revoked, the ledger says %s", rc_name(rc));
	return tool_error(EX_IOERR, remedy,
	    "%llu were revoked and the others not, the ledger says %s",
	    (unsigned long long)r->revoked, rc_name(rc));
}

/** One group, under the ledger's lock: when there is no more, nobody has given
 *  out another one meanwhile. */
static int
revoke_group(struct revoke *r, struct ledger *l)
{
	enum rc rc = ledger_begin(l);
	uint64_t count = 0;
	int code = EX_OK;

	if (rc == RC_OK)
		rc = credentials_find(&r->found, l);
	if (rc == RC_OK && r->found.total == 0 && !r->found.more) {
		code = unknown(r);
		/* which may have been done before, too */
		if (code == EX_OK)
			rc = credentials_mark(&r->found, l);
	}
	if (rc == RC_OK && code == EX_OK)
		rc = append_all(r, l, &count);
	if (rc == RC_OK && code == EX_OK)
		rc = ledger_commit(l);
	else
		ledger_rollback(l);
	if (rc != RC_OK)
		return failed(r, rc);
	r->revoked += count;
	return code;
}

static int
revoke(struct revoke *r, struct ledger *l)
{
	int code;

	do {
		code = revoke_group(r, l);
		if (code == EX_OK)
			report(r);
		credentials_clear(&r->found);
	} while (code == EX_OK && r->found.more);
	return code;
}

int
pki_revoke(const struct options *o)
{
	struct revoke r = {.o = o};
	struct settings s = {0};
	struct ledger *l = NULL;
	int code = check_options(&r);

	if (code == EX_OK)
		code = settings_load(o, SETTINGS_LEDGER, &s);
	if (code == EX_OK)
		code = record_open(s.ledger, LEDGER_WRITE, &l);
	if (code == EX_OK && o->endpoint)
		code = sealed_find(&r.found, l, &s);
	if (code == EX_OK)
		code = revoke(&r, l);
	credentials_fini(&r.found);
	ledger_close(l);
	settings_fini(&s);
	return code;
}
