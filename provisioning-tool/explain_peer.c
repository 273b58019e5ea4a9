/* What a device shows, and what identity documents say of it. */
#include "explain.h"

#include "hsm/trust.h"
#include "tool.h"

#include <stdio.h>

void
explain_place(const char *name, struct policy_place at)
{
	struct quoted q, file;

	printf("%s  (%s:%u)\n", quote_str(&q, name),
	    /* bare, so that editors and terminals take it for a place */
	    strcspn(at.file, "\"\\ \t\r\n\033") == strlen(at.file)
		? at.file
		: quote_str(&file, at.file),
	    at.line);
}

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
	if (qn->assumed)
		puts("            (assumed: --identity, --certificate, "
		     "--raw-key, --psk-identity\n"
		     "            and --address say otherwise)");
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
	explain_place(id->name, id->place);
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

/** Why the certificate leads to no anchor of that document; false: it does. */
static bool
miss_trust(const struct question *qn, const struct identity *id)
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
	if (files == 0)
		puts("certificate.trust: it names none, and `server.trust` is "
		     "not known here (-c)");
	else if (rc == RC_DENIED && v.depth > 0)
		printf("certificate.trust: %s, at the CA %d above\n", v.text,
		    v.depth);
	else if (rc == RC_DENIED)
		printf("certificate.trust: %s\n", v.text);
	else if (rc != RC_OK)
		printf("certificate.trust: %s\n", rc_name(rc));
	return files == 0 || rc != RC_OK;
}

static void
miss_certificate(const struct question *qn, const struct identity *id)
{
	const struct cert *c = &qn->own.cert;
	uint8_t sha256[DIGEST_LEN];
	struct span name = {0};
	struct quoted q, glob;
	enum rc rc = RC_OK;

	if (miss_trust(qn, id))
		return;
	digest_of(c->der, sha256);
	if (id->endpoint_from == ENDPOINT_CN)
		name = c->cn;
	else if (id->endpoint_from == ENDPOINT_SAN_URI)
		rc = cert_san_uri(c, "urn:", &name);
	else
		name = identity_table_find(id, sha256);
	if (rc == RC_CONFLICT)
		puts("certificate.endpoint: it has two URIs \"urn:...\"");
	else if (rc != RC_OK || name.len == 0)
		printf("certificate.endpoint: %s has none for it\n",
		    endpoint_source(id));
	else
		printf("endpoint: %s does not fit %s\n",
		    quote_str(&glob, id->endpoint), quote(&q, name));
}

static void
miss_psk(const struct question *qn, const struct identity *id)
{
	uint8_t buf[EXPLAIN_TEMPLATE_MAX];
	struct quoted q;
	struct writer w;

	if (id->kind == IDENTITY_IMPORTED) {
		printf("psk.imported: no such name in the collection %s%s\n",
		    quote_str(&q, id->collection),
		    qn->store ? "" : ", as no --ledger was given");
		return;
	}
	if (!qn->rq.has_endpoint) {
		printf("psk.identity: %s does not fit\n",
		    quote_str(&q, id->psk_identity));
		return;
	}
	writer_init(&w, buf, sizeof(buf));
	template_expand(&w, id->psk_identity, qn->rq.endpoint);
	printf("psk.identity: for this endpoint it is %s\n",
	    quote(&q, writer_span(&w)));
}

/** What a document of that kind asks for. */
static enum issue_proof
proof_of(const struct identity *id)
{
	static const enum issue_proof proofs[] = {
	    [IDENTITY_PSK] = PROOF_PSK,
	    [IDENTITY_IMPORTED] = PROOF_PSK,
	    [IDENTITY_NOSEC] = PROOF_NONE,
	    [IDENTITY_CERTIFICATE] = PROOF_CERTIFICATE,
	    [IDENTITY_RPK] = PROOF_RAW_KEY,
	};

	return proofs[id->kind];
}

static void
miss(const struct question *qn, const struct identity *id)
{
	static const char *const asks[] = {
	    [PROOF_NONE] = "it admits by address only",
	    [PROOF_PSK] = "it asks for a key",
	    [PROOF_CERTIFICATE] = "it asks for a certificate",
	    [PROOF_RAW_KEY] = "it asks for a raw public key",
	};
	struct quoted q;

	if (proof_of(id) != qn->rq.proof)
		puts(asks[proof_of(id)]);
	else if (qn->rq.has_endpoint && !identity_fits(id, qn->rq.endpoint))
		printf(
		    "endpoint: %s does not fit\n", quote_str(&q, id->endpoint));
	else if (qn->rq.proof == PROOF_NONE)
		puts("nosec.network: the address is in none");
	else if (qn->rq.proof == PROOF_PSK)
		miss_psk(qn, id);
	else if (qn->rq.proof == PROOF_CERTIFICATE)
		miss_certificate(qn, id);
	else
		puts("rpk.table: the key is not in it");
}

void
explain_misses(const struct question *qn)
{
	const struct policy_set *set = qn->set;

	for (size_t i = 0; i < set->identity_count && i < EXPLAIN_MISSES_MAX;
	     i++) {
		const struct identity *id = &set->identities[i];

		fputs("not         ", stdout);
		explain_place(id->name, id->place);
		fputs("            ", stdout);
		miss(qn, id);
	}
	if (set->identity_count > EXPLAIN_MISSES_MAX)
		printf("not         %zu more\n",
		    set->identity_count - EXPLAIN_MISSES_MAX);
}
