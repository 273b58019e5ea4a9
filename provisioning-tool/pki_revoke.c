/*
 * pki revoke: rows of the ledger that take credentials back. bootstrapd honours
 * them at once; those of certificates go into the next list of `pki crl`.
 */
#include "base/text.h"
#include "hsm/cert.h"
#include "record.h"
#include "settings.h"
#include "tool.h"
#include "verbs.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	HEX_MAX = 2 * DIGEST_LEN,
	SERIAL_HEX_MAX = 2 * CERT_SERIAL_MAX,
	CREDENTIALS_MAX = 16384, /* of one device */
};

/** One that was given out; texts as the ledger has them. */
struct credential {
	uint64_t seq;
	char serial[SERIAL_HEX_MAX + 1]; /**< hex; "": no certificate */
	char fingerprint[HEX_MAX + 1], issuer_key[HEX_MAX + 1];
	char *endpoint; /**< owned; "": none */
	size_t endpoint_len;
	bool revoked;
};

struct revoke {
	const struct options *o;
	char serial[SERIAL_HEX_MAX + 1]; /**< the one asked for */
	struct credential *list;
	size_t count;
	enum rc rc;
};

/** A short text of a row; "" when it is absent or too long. */
static void
take(const struct ledger_row *row, const char *name, char *out, size_t cap)
{
	struct writer w;

	writer_init(&w, out, cap - 1);
	if (!ledger_field(row, name, &w) || w.full)
		w.len = 0;
	out[w.len] = '\0';
}

/** As read_serial writes it: without zero bytes in front. */
static void
take_serial(const struct ledger_row *row, char out[static SERIAL_HEX_MAX + 1])
{
	char text[SERIAL_HEX_MAX + 3];
	size_t from = 0, len;

	take(row, "serial", text, sizeof(text));
	while (text[from] == '0' && text[from + 1] == '0')
		from += 2;
	len = strlen(text + from);
	if (len > SERIAL_HEX_MAX)
		len = 0;
	memcpy(out, text + from, len);
	out[len] = '\0';
}

static bool
is_credential(const struct ledger_row *row)
{
	return span_is(row->kind, "credential_issued") ||
	    span_is(row->kind, "certificate_signed") ||
	    span_is(row->kind, "image_minted");
}

static enum rc
collect(void *ctx, const struct ledger_row *row)
{
	struct revoke *r = ctx;
	struct credential c = {.seq = row->seq}, *list;

	if (!is_credential(row))
		return RC_OK;
	take_serial(row, c.serial);
	if (r->serial[0] && strcmp(r->serial, c.serial) != 0)
		return RC_OK;
	take(row, "fingerprint", c.fingerprint, sizeof(c.fingerprint));
	take(row, "issuer_key", c.issuer_key, sizeof(c.issuer_key));
	if (!c.fingerprint[0] && !c.serial[0])
		return RC_OK; /* one without security */
	for (size_t i = 0; i < r->count; i++)
		if (strcmp(r->list[i].serial, c.serial) == 0 &&
		    strcmp(r->list[i].fingerprint, c.fingerprint) == 0)
			return RC_OK; /* given out again */
	if (r->count == CREDENTIALS_MAX)
		return RC_TOO_LARGE;
	c.endpoint = malloc(row->endpoint.len + 1);
	list = realloc(r->list, (r->count + 1) * sizeof(*list));
	if (list)
		r->list = list;
	if (!list || !c.endpoint) {
		free(c.endpoint);
		return RC_MEMORY;
	}
	c.endpoint_len = row->endpoint.len;
	if (c.endpoint_len > 0)
		memcpy(c.endpoint, row->endpoint.p, c.endpoint_len);
	r->list[r->count++] = c;
	return RC_OK;
}

static enum rc
mark_revoked(void *ctx, const struct ledger_row *row)
{
	struct revoke *r = ctx;
	char serial[SERIAL_HEX_MAX + 1], fingerprint[HEX_MAX + 1];

	take_serial(row, serial);
	take(row, "fingerprint", fingerprint, sizeof(fingerprint));
	for (size_t i = 0; i < r->count; i++) {
		struct credential *c = &r->list[i];

		if ((serial[0] && strcmp(serial, c->serial) == 0) ||
		    (fingerprint[0] &&
			strcmp(fingerprint, c->fingerprint) == 0))
			c->revoked = true;
	}
	return RC_OK;
}

/** "00:0A:1B" is "0a1b": whole bytes, lower case, no zero byte in front. */
static int
read_serial(struct revoke *r)
{
	uint8_t bytes[CERT_SERIAL_MAX + 1];
	char plain[2 * sizeof(bytes) + 1], hex[HEX_TEXT_MAX];
	struct span serial;
	struct quoted q;
	struct writer w, b;

	writer_init(&w, plain, sizeof(plain) - 1);
	for (const char *p = r->o->serial; *p; p++)
		if (*p != ':')
			writer_be(&w, (uint8_t)*p, 1);
	writer_init(&b, bytes, sizeof(bytes));
	if (w.full || text_unhex(&b, writer_span(&w)) != RC_OK)
		b.len = 0;
	serial = writer_span(&b);
	while (serial.len > 0 && serial.p[0] == 0)
		serial = span_from(serial, 1);
	if (serial.len == 0 || serial.len > CERT_SERIAL_MAX)
		return tool_error(EX_USAGE, "see provisioning-tool pki show",
		    "--serial %s: expected 1 to %d bytes in hexadecimal",
		    quote_str(&q, r->o->serial), CERT_SERIAL_MAX);
	memcpy(r->serial, hex_text(hex, serial), 2 * serial.len + 1);
	return EX_OK;
}

static int
check_options(struct revoke *r)
{
	if (!r->o->serial == !r->o->endpoint)
		return tool_error(EX_USAGE,
		    "see provisioning-tool pki revoke --help",
		    "either --serial or --endpoint is expected");
	return r->o->serial ? read_serial(r) : EX_OK;
}

static enum rc
find_kind(struct revoke *r, struct ledger *l, const char *kind)
{
	const struct ledger_query q = {.kind = span_str(kind)};

	return ledger_read(l, &q, collect, r);
}

/** Under the ledger's lock: nobody gives out another one meanwhile. */
static enum rc
find(struct revoke *r, struct ledger *l)
{
	const struct ledger_query ep = {.endpoint = span_str(r->o->endpoint)};
	const struct ledger_query revoked = {
	    .kind = SPAN_LIT("credential_revoked")};
	enum rc rc;

	if (r->o->endpoint) {
		rc = ledger_read(l, &ep, collect, r);
	} else {
		rc = find_kind(r, l, "certificate_signed");
		if (rc == RC_OK)
			rc = find_kind(r, l, "credential_issued");
	}
	if (rc == RC_OK)
		rc = ledger_read(l, &revoked, mark_revoked, r);
	return rc;
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
append_all(struct revoke *r, struct ledger *l)
{
	for (size_t i = 0; i < r->count; i++) {
		struct credential *c = &r->list[i];
		enum rc rc;

		if (c->revoked)
			continue;
		rc = append(l, c, r->o->reason, &c->seq);
		if (rc != RC_OK)
			return rc;
	}
	return RC_OK;
}

/** Nothing was found. With --force the number is taken at its word. */
static int
unknown(struct revoke *r)
{
	struct credential *c;
	struct quoted q;

	if (r->o->endpoint)
		return tool_error(EX_DATAERR,
		    "see provisioning-tool audit list --endpoint",
		    "the ledger has no credential of %s",
		    quote_str(&q, r->o->endpoint));
	if (!r->o->force)
		return tool_error(EX_DATAERR,
		    "look at the number again; --force revokes it all the same",
		    "the ledger has no certificate of serial number %s",
		    r->serial);
	c = calloc(1, sizeof(*c));
	if (!c)
		return tool_fault(RC_MEMORY, "revocation");
	memcpy(c->serial, r->serial, sizeof(c->serial));
	r->list = c;
	r->count = 1;
	return EX_OK;
}

static void
report(const struct revoke *r)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct credential *c = &r->list[i];

		if (c->serial[0])
			printf("certificate %s", c->serial);
		else
			printf("key of fingerprint %s", c->fingerprint);
		if (c->revoked)
			printf("  was revoked before\n");
		else
			printf("  revoked, row %llu of the ledger\n",
			    (unsigned long long)c->seq);
	}
}

static int
failed(enum rc rc)
{
	if (rc == RC_MEMORY)
		return tool_fault(rc, "revocation");
	return tool_error(EX_IOERR,
	    rc == RC_FULL ? "make room on its disk and try again"
			  : "see that the file and its folder can be written",
	    "nothing was revoked, the ledger says %s", rc_name(rc));
}

static int
revoke(struct revoke *r, struct ledger *l)
{
	const struct ledger_query revoked = {
	    .kind = SPAN_LIT("credential_revoked")};
	enum rc rc = ledger_begin(l);
	int code = EX_OK;

	if (rc == RC_OK)
		rc = find(r, l);
	if (rc == RC_OK && r->count == 0) {
		code = unknown(r);
		/* which may have been done before, too */
		if (code == EX_OK)
			rc = ledger_read(l, &revoked, mark_revoked, r);
	}
	if (rc == RC_OK && code == EX_OK)
		rc = append_all(r, l);
	if (rc == RC_OK && code == EX_OK)
		rc = ledger_commit(l);
	else
		ledger_rollback(l);
	if (rc != RC_OK)
		return failed(rc);
	if (code == EX_OK)
		report(r);
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
	if (code == EX_OK)
		code = revoke(&r, l);
	for (size_t i = 0; i < r.count; i++)
		free(r.list[i].endpoint);
	free(r.list);
	ledger_close(l);
	settings_fini(&s);
	return code;
}
