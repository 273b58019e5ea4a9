/* What a device shows, and what identity documents say of it. */
#include "explain.h"

#include "hsm/trust.h"
#include "tool.h"

#include <stdarg.h>
#include <stdio.h>

static void
print_sha256(struct span der)
{
	uint8_t sha256[DIGEST_LEN];
	char hex[HEX_TEXT_MAX];

	digest_of(der, sha256);
	printf("            SHA-256 %s\n",
	    hex_text(hex, span_of(sha256, sizeof(sha256))));
}

static void
print_certificate(const struct question *qn)
{
	const struct cert *c = &qn->own.cert;
	char name[1024], from[32], until[32], hex[HEX_TEXT_MAX];
	struct writer n, f, u;

	writer_init(&n, name, sizeof(name));
	writer_init(&f, from, sizeof(from));
	writer_init(&u, until, sizeof(until));
	cert_print_dn(c->subject, &n);
	der_print_time(&f, c->not_before_s);
	der_print_time(&u, c->not_after_s);
	printf("shows       certificate of %.*s\n", (int)n.len, name);
	printf("            serial %s, valid from %.*s to %.*s\n",
	    hex_text(hex, c->serial), (int)f.len, from, (int)u.len, until);
	print_sha256(c->der);
}

static void
print_from(const struct question *qn)
{
	char text[ADDRESS_TEXT_MAX];
	struct writer w;

	writer_init(&w, text, sizeof(text));
	address_print_ip(&w, &qn->rq.address);
	printf("comes from  %.*s\n", SPAN_FMT(writer_span(&w)));
}

static void
print_shown(const struct question *qn)
{
	char text[ADDRESS_TEXT_MAX];
	struct quoted q;
	struct writer w;

	switch (qn->rq.proof) {
	case PROOF_NONE:
		writer_init(&w, text, sizeof(text) - 1);
		address_print(&w, &qn->rq.address);
		text[w.len] = '\0';
		printf("comes from  %s, without security\n", text);
		break;
	case PROOF_PSK:
		if (qn->rq.credential.len > 0)
			printf("shows       PSK identity %s\n",
			    quote(&q, qn->rq.credential));
		else
			puts("shows       the PSK identity of its key in the "
			     "sealed store");
		break;
	case PROOF_CERTIFICATE:
		if (qn->rq.peer.len > 0)
			print_certificate(qn);
		else
			puts("shows       a certificate that is as it should "
			     "be");
		break;
	case PROOF_RAW_KEY:
		if (qn->rq.peer.len == 0) {
			puts("shows       the raw public key that is its own");
			break;
		}
		puts("shows       a raw public key");
		print_sha256(qn->rq.peer);
		break;
	}
}

void
explain_request(const struct question *qn)
{
	struct quoted q;

	if (qn->rq.has_endpoint)
		printf("endpoint    %s\n", quote(&q, qn->rq.endpoint));
	print_shown(qn);
	if (qn->rq.proof != PROOF_NONE && qn->rq.address.family != 0)
		print_from(qn);
	if (qn->assumed)
		puts("            (assumed: --identity, --certificate, "
		     "--rpk, --psk-identity\n"
		     "            and --nosec say otherwise)");
}

static const char *
endpoint_source(const struct identity *id)
{
	static const char *const names[] = {
	    [ENDPOINT_CN] = "the common name",
	    [ENDPOINT_SAN_URI] = "the URI \"urn:...\"",
	    [ENDPOINT_TABLE] = "a table",
	};

	return names[id->endpoint_from];
}

void
explain_identity(const struct identity *id)
{
	struct quoted q;

	if (!id) {
		puts("identity    none");
		return;
	}
	fputs("identity    ", stdout);
	tell_place(stdout, id->name, id->place);
	printf("            endpoint %s", quote_str(&q, id->endpoint));
	switch (id->kind) {
	case IDENTITY_PSK:
		printf(", key from %s epoch", quote_str(&q, id->master));
		for (size_t i = 0; i < id->epoch_count; i++)
			printf("%s %u", i ? "," : "", (unsigned)id->epochs[i]);
		break;
	case IDENTITY_IMPORTED:
		printf(", key of the sealed store, collection %s",
		    quote_str(&q, id->collection));
		break;
	case IDENTITY_CERTIFICATE:
		printf(" in %s, trust %s", endpoint_source(id),
		    id->trust.name ? quote_str(&q, id->trust.name)
				   : "of the daemon");
		break;
	case IDENTITY_RPK:
		printf(", a table of %zu keys", id->table_count);
		break;
	case IDENTITY_NOSEC:
		break;
	}
	putchar('\n');
}

static int
believe(void *ctx, const struct cert *c)
{
	struct der_fault fault;

	/* what is no CA has its finding, and leads to nobody */
	return trust_add(ctx, c->der, &fault) == RC_MEMORY
	    ? tool_fault(RC_MEMORY, "policies")
	    : EX_OK;
}

static int
believe_all(const struct question *qn, const struct identity *id,
    struct trust *t, size_t *files)
{
	int code = EX_OK;

	*files = id->trust.name ? 1 : qn->trust.count;
	if (id->trust.name)
		return pki_certificates(
		    id->trust.path, id->trust.bytes, believe, t);
	for (size_t i = 0; code == EX_OK && i < qn->trust.count; i++)
		code = pki_certificates(qn->trust.named[i].path,
		    qn->trust.named[i].bytes, believe, t);
	return code;
}

/** The certificates behind the first, one by one. */
static size_t
split_chain(const struct question *qn, struct span *out, size_t cap)
{
	struct der_fault fault;
	struct der_reader r;
	size_t n = 0;

	der_reader_init(&r, qn->rq.chain, &fault);
	while (r.p < r.end && n < cap && der_ok(&r))
		out[n++] = der_take_whole(&r, DER_SEQUENCE);
	return n;
}

PRINTF_LIKE(2, 3)
static void
unmet(struct identity_unmet *out, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(out->text, sizeof(out->text), fmt, ap);
	va_end(ap);
}

/** Why the certificate leads to no anchor of that document; false: it does. */
static bool
miss_trust(const struct question *qn, const struct identity *id,
    struct identity_unmet *out)
{
	struct trust_verdict v = {0};
	struct trust *t = trust_new();
	struct span chain[10];
	size_t files = 0, n = split_chain(qn, chain, 10);
	enum rc rc = RC_OK;

	if (!t || believe_all(qn, id, t, &files) != EX_OK)
		rc = RC_MEMORY;
	else if (files > 0)
		rc = trust_verify(
		    t, qn->rq.peer, chain, n, CERT_CLIENT_AUTH, qn->now_s, &v);
	trust_free(t);
	out->key = "certificate.trust";
	if (files == 0)
		unmet(out,
		    "it names none, and `server.trust` is not known here "
		    "(-c)");
	else if (rc == RC_DENIED && v.depth > 0)
		unmet(out, "%s, at the CA %d above", v.text, v.depth);
	else if (rc == RC_DENIED)
		unmet(out, "%s", v.text);
	else if (rc != RC_OK)
		unmet(out, "%s", rc_name(rc));
	return files == 0 || rc != RC_OK;
}

static bool
miss_certificate(const struct question *qn, const struct identity *id,
    struct identity_unmet *out)
{
	const struct cert *c = &qn->own.cert;
	uint8_t sha256[DIGEST_LEN];
	struct span name = {0};
	struct quoted q, glob;
	enum rc rc = RC_OK;

	if (miss_trust(qn, id, out))
		return true;
	digest_of(c->der, sha256);
	if (id->endpoint_from == ENDPOINT_CN)
		name = c->cn;
	else if (id->endpoint_from == ENDPOINT_SAN_URI)
		rc = cert_san_uri(c, "urn:", &name);
	else
		name = identity_table_find(id, sha256);
	out->key = "certificate.endpoint";
	if (rc == RC_CONFLICT)
		unmet(out, "it has two URIs \"urn:...\"");
	else if (rc != RC_OK || name.len == 0)
		unmet(out, "%s has none for it", endpoint_source(id));
	else if (identity_fits(id, name))
		return false;
	else
		unmet(out, "%s of it does not fit %s", quote(&q, name),
		    quote_str(&glob, id->endpoint));
	return true;
}

bool
explain_more(
    const void *ctx, const struct identity *id, struct identity_unmet *out)
{
	const struct question *qn = ctx;
	struct quoted q;

	switch (id->kind) {
	case IDENTITY_IMPORTED:
		out->key = "psk.imported";
		unmet(out, "no such name in the collection %s%s",
		    quote_str(&q, id->collection),
		    qn->store ? "" : ", as no --ledger was given");
		return true;
	case IDENTITY_CERTIFICATE:
		return qn->rq.peer.len > 0 && miss_certificate(qn, id, out);
	case IDENTITY_RPK:
		out->key = "rpk.table";
		unmet(out, "the key is not in it");
		return qn->rq.peer.len > 0;
	case IDENTITY_PSK:
	case IDENTITY_NOSEC:
		break;
	}
	return false;
}

struct identity_facts
explain_facts(const struct question *qn)
{
	static const enum policy_credential kinds[] = {
	    [PROOF_NONE] = POLICY_NOSEC,
	    [PROOF_PSK] = POLICY_PSK,
	    [PROOF_CERTIFICATE] = POLICY_CERTIFICATE,
	    [PROOF_RAW_KEY] = POLICY_RPK,
	};

	return (struct identity_facts){
	    .kind = kinds[qn->rq.proof],
	    .endpoint =
		qn->rq.has_endpoint ? qn->rq.endpoint : span_of(NULL, 0),
	    .psk_identity = qn->rq.credential,
	    .from = &qn->rq.address,
	};
}

/* --- for machines --------------------------------------------------------- */

void
explain_request_json(struct json_out *j, const struct question *qn)
{
	char text[ADDRESS_TEXT_MAX];
	uint8_t sha256[DIGEST_LEN];
	struct writer w;

	jout_begin(j, "shows", '{');
	jout_str(j, "kind", issue_proof_name(qn->rq.proof));
	if (qn->rq.proof == PROOF_PSK && qn->rq.credential.len > 0)
		jout_text(j, "psk_identity", qn->rq.credential);
	if (qn->rq.peer.len > 0) {
		digest_of(qn->rq.peer, sha256);
		jout_hex(j, "sha256", span_of(sha256, sizeof(sha256)));
	}
	if (qn->rq.address.family != 0) {
		writer_init(&w, text, sizeof(text));
		address_print(&w, &qn->rq.address);
		jout_text(j, "address", writer_span(&w));
	}
	jout_bool(j, "assumed", qn->assumed);
	jout_end(j, '}');
}

void
explain_identity_json(struct json_out *j, const struct identity *id)
{
	if (!id) {
		jout_str(j, "identity", NULL);
		return;
	}
	jout_begin(j, "identity", '{');
	jout_str(j, "name", id->name);
	jout_str(j, "file", id->place.file);
	jout_int(j, "line", id->place.line);
	jout_str(j, "endpoint", id->endpoint);
	jout_end(j, '}');
}
