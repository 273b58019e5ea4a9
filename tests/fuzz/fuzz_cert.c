/*
 * Certificates, requests and revocation lists of strangers. What is read lies
 * within the input, what is counted is there, what is refused has a clause and
 * an offset within the input, and the printers take all that was read.
 */
#include "hsm/crl.h"
#include "hsm/csr.h"
#include "hsm/pem.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(x) \
	do { \
		if (!(x)) \
			abort(); \
	} while (0)

static bool
within(struct span inner, struct span outer)
{
	return inner.len == 0 ||
	    (inner.p >= outer.p && inner.len <= outer.len &&
		inner.p - outer.p <= (ptrdiff_t)(outer.len - inner.len));
}

static void
refused(const struct der_fault *f, struct span in)
{
	char text[256];
	struct writer w;

	MUST(f->what && f->clause && f->offset <= in.len);
	writer_init(&w, text, sizeof(text));
	der_fault_print(f, &w);
	MUST(!w.full && w.len > 0);
}

static void
read_names(struct span names, struct span in,
    bool (*next)(struct span *, struct cert_name *))
{
	char text[1024];
	struct cert_name n;
	struct writer w;

	MUST(within(names, in));
	while (next(&names, &n)) {
		MUST(within(n.value, in));
		writer_init(&w, text, sizeof(text));
		cert_print_name(&n, &w);
		/* No control character of a stranger reaches a terminal. */
		for (size_t i = 0; i < w.len; i++)
			MUST((uint8_t)text[i] >= 0x20);
	}
}

static void
read_cert(const struct cert *c, struct span in)
{
	char text[8192];
	struct writer w;

	MUST(c->serial.len >= 1 && c->serial.len <= CERT_SERIAL_MAX);
	MUST(c->serial.p[0] != 0 && within(c->serial, in));
	MUST(within(c->issuer, in) && within(c->subject, in));
	MUST(within(c->cn, c->subject) && within(c->spki, in));
	MUST(within(c->key_id, in) && within(c->issuer_key_id, in));
	MUST(c->path_len == -1 || (c->is_ca && c->path_len >= 0));
	MUST(!c->has_key_usage || c->key_usage);
	MUST(!c->p256 || c->spki.len == 91);
	for (size_t i = 0; i < c->cn.len; i++)
		MUST(c->cn.p[i] >= 0x20);
	read_names(c->san, in, cert_name_next);
	read_names(c->permitted, in, cert_subtree_next);
	read_names(c->excluded, in, cert_subtree_next);
	writer_init(&w, text, sizeof(text));
	cert_print(c, &w);
}

static void
as_cert(struct span in)
{
	struct der_fault fault;
	struct cert c, part;

	if (cert_parse(in, &c, &fault)) {
		refused(&fault, in);
		MUST(c.der.len == 0 && c.spki.len == 0);
	} else {
		MUST(c.der.p == in.p && c.der.len == in.len);
		MUST(within(c.tbs, in) && within(c.signature, in));
		read_cert(&c, in);
		/* Its inner part by itself says the same. */
		MUST(cert_parse_tbs(c.tbs, &part, &fault) == RC_OK);
		MUST(part.not_after_s == c.not_after_s);
		MUST(span_equal(part.san, c.san));
	}
	if (cert_parse_tbs(in, &part, &fault))
		refused(&fault, in);
	else
		read_cert(&part, in);
}

static void
as_request(struct span in)
{
	struct der_fault fault;
	struct csr c;

	if (csr_parse(in, &c, &fault)) {
		refused(&fault, in);
		return;
	}
	MUST(c.spki.len == 91 && within(c.spki, in));
	MUST(within(c.cn, c.subject) && within(c.subject, c.info));
	read_names(c.san, in, cert_name_next);
}

static void
as_list(struct span in)
{
	struct der_fault fault;
	struct crl_entry e;
	struct span rest;
	struct crl c;
	size_t count = 0;

	if (crl_parse(in, &c, &fault)) {
		refused(&fault, in);
		return;
	}
	for (rest = c.entries; crl_next(&rest, &e); count++) {
		MUST(e.serial.len >= 1 && e.serial.len <= CERT_SERIAL_MAX);
		MUST(within(e.serial, in) && crl_reason_name(e.reason));
		MUST(count >= 64 || crl_find(&c, e.serial, &e));
	}
	MUST(count == c.entry_count);
}

static void
as_pem(struct span in)
{
	struct span rest = in, before = in;
	uint8_t der[4096];
	struct writer w;
	enum rc rc;

	do {
		writer_init(&w, der, sizeof(der));
		rc = pem_next(&rest, "CERTIFICATE", &w);
		MUST(within(rest, in) && rest.len <= before.len);
		MUST(rc != RC_OK || (w.len > 0 && rest.len < before.len));
		before = rest;
	} while (rc == RC_OK);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span in = span_of(data, size);

	as_cert(in);
	as_request(in);
	as_list(in);
	as_pem(in);
	return 0;
}
