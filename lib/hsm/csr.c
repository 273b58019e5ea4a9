/* PKCS#10, RFC 2986 section 4. */
#include "hsm/csr.h"
#include "hsm/p256.h"
#include "hsm/x509_internal.h"

/* RFC 2985 5.4.2: pkcs-9-at-extensionRequest. */
static const uint8_t extension_request[] = {
    0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x0e};

static void
read_extensions(struct der_reader *set, struct csr *c)
{
	struct der_reader list = der_enter(set, DER_SEQUENCE);
	struct x509_extension e;
	uint64_t seen = 0;

	while (x509_extension_next(&list, &e, &seen)) {
		struct der_reader r = x509_extension_reader(&list, &e);

		if (e.ce == CE_SAN) {
			c->san = x509_general_names_read(&r);
			der_end(&r);
		} else if (e.ce == CE_BASIC_CONSTRAINTS) {
			struct der_reader in;

			r.clause = "RFC 5280 4.2.1.9";
			in = der_enter(&r, DER_SEQUENCE);
			if (der_peek(&in) == DER_BOOLEAN)
				c->asks_ca = der_boolean(&in);
			der_end(&r);
		}
	}
}

static void
read_attributes(struct der_reader *r, struct csr *c)
{
	struct der_reader list;
	bool asked = false;

	r->clause = "RFC 2986 4.1";
	list = der_enter(r, DER_CONTEXT_CONSTRUCTED);
	while (der_peek(&list)) {
		const uint8_t *at = list.p;
		struct der_reader attribute = der_enter(&list, DER_SEQUENCE);
		struct span oid = der_oid(&attribute);
		struct der_reader set = der_enter(&attribute, DER_SET);

		der_end(&attribute);
		if (!span_equal(oid,
			span_of(extension_request, sizeof(extension_request))))
			continue;
		if (asked)
			der_fail_at(&list, at, "extensions asked for twice");
		asked = true;
		read_extensions(&set, c);
		der_end(&set);
	}
}

static enum rc
judge(struct csr *c, struct der_fault *fault, bool p256)
{
	enum rc rc;

	fault->offset = 0;
	if (!p256) {
		fault->clause = "RFC 5480 2.2";
		fault->what = "a key that is not on P-256";
		fault->offset = (size_t)(c->spki.p - c->der.p);
		return RC_UNSUPPORTED;
	}
	if (!span_equal(c->algorithm, p256_sha256_algorithm)) {
		fault->clause = "RFC 5758 3.2";
		fault->what = "not signed with ECDSA and SHA-256";
		fault->offset = (size_t)(c->algorithm.p - c->der.p);
		return RC_UNSUPPORTED;
	}
	rc = p256_verify_message(c->spki, c->info, c->signature);
	if (rc == RC_DENIED) {
		fault->clause = "RFC 2986 3";
		fault->what = "not signed by its own key";
		fault->offset = (size_t)(c->signature.p - c->der.p);
	}
	return rc;
}

enum rc
csr_parse(struct span der, struct csr *out, struct der_fault *fault)
{
	struct der_reader r;
	bool p256 = false;
	enum rc rc;

	memset(out, 0, sizeof(*out));
	if (der.len > CSR_DER_MAX) {
		*fault = (struct der_fault){
		    "a request too large", "RFC 2986 4.2", CSR_DER_MAX};
		return RC_TOO_LARGE;
	}
	out->der = x509_signed_read(
	    der, &out->info, &out->algorithm, &out->signature, &r, fault);
	r.clause = "RFC 2986 4.1";
	(void)der_small(&r, DER_INTEGER, 0); /* version 1 */
	out->subject = x509_name_read(&r, &out->cn);
	out->spki = x509_spki_read(&r, &p256);
	read_attributes(&r, out);
	der_end(&r);
	rc = der_ok(&r) ? judge(out, fault, p256) : RC_MALFORMED;
	if (rc)
		memset(out, 0, sizeof(*out));
	return rc;
}
