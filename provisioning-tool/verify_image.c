/* One image by itself: its bytes, its account, its certificates. */
#include "verify.h"

#include "account_rules.h"
#include "hsm/hsm.h"
#include "image_expect.h"
#include "tool.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { TEXT_MAX = 512 };

void
verify_find(struct verify_one *one, enum diag_level level, const char *code,
    const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	diag_add(one->d, level, one->file->label, 0, 0, code, "%s", text);
}

void
verify_whose(struct verify_one *one, struct span endpoint)
{
	if (one->endpoint.len > 0 || endpoint.len > sizeof(one->room))
		return;
	if (endpoint.len > 0)
		memcpy(one->room, endpoint.p, endpoint.len);
	one->endpoint = span_of(one->room, endpoint.len);
}

/* --- its bytes ------------------------------------------------------------ */

static void
file_fault(struct verify_one *one)
{
	const struct image_file *f = one->file;

	if (f->fault == IMAGE_FILE_TAR)
		verify_find(one, DIAG_ERROR, "batch-container", "%s", f->why);
	else
		verify_find(one, DIAG_ERROR, "image-file", "%s", f->why);
}

/** False: there is nothing to be looked at further. */
static bool
read_bytes(struct verify_one *one, enum rc *rc)
{
	struct verify *v = one->v;
	const struct image_format *inner;
	const struct image_reading *r = &v->reader.r;

	*rc = image_reader_read(
	    &v->reader, one->file->bytes, v->as, &v->geometry);
	if (*rc == RC_OK)
		return true;
	if (*rc == RC_MEMORY)
		return false;
	inner = image_reader_inner(&v->reader);
	if (!inner)
		verify_find(one, DIAG_ERROR, "image-format",
		    "it looks like no format of an image");
	else
		verify_find(one, DIAG_ERROR, "image-damaged",
		    "%s: %s (byte %zu of it)", inner->name, r->fault,
		    r->fault_at);
	*rc = RC_OK;
	return false;
}

static void
check_geometry(struct verify_one *one)
{
	struct verify *v = one->v;
	char text[TEXT_MAX];
	struct writer w;

	if (v->format && v->reader.r.nested[0] != v->format)
		verify_find(one, DIAG_ERROR, "image-geometry",
		    "it is of the format %s, not %s",
		    v->reader.r.nested[0]->name, v->format->name);
	for (unsigned i = 0;;) {
		writer_init(&w, text, sizeof(text));
		if (!image_expect_differs(
			&v->reader, v->given, &v->geometry, &i, &w))
			return;
		verify_find(one, DIAG_ERROR, "image-geometry", "%.*s",
		    SPAN_FMT(writer_span(&w)));
	}
}

/* --- its certificates ----------------------------------------------------- */

static void
print_time(char out[static 32], int64_t time_s)
{
	struct writer w;

	writer_init(&w, out, 31);
	der_print_time(&w, time_s);
	out[w.len] = '\0';
}

static void
check_dates(struct verify_one *one, const char *path, const struct cert *c)
{
	char when[32];

	if (c->not_before_s > one->v->now_s) {
		print_time(when, c->not_before_s);
		verify_find(one, DIAG_ERROR, "image-not-yet",
		    "%s: not valid before %s", path, when);
	} else if (c->not_after_s < one->v->now_s) {
		print_time(when, c->not_after_s);
		verify_find(one, DIAG_ERROR, "image-expired",
		    "%s: not valid since %s", path, when);
	}
}

/** The certificate at a resource; what is none has a finding already. */
static bool
take_cert(const struct verify_one *one, uint16_t resource, struct cert *out)
{
	const struct lwm2m_value *v =
	    image_reader_account(&one->v->reader, resource);
	struct der_fault fault;

	return v && v->bytes.len > 0 &&
	    cert_parse(v->bytes, out, &fault) == RC_OK;
}

/** Under --trust; where there are policies, by their documents instead. */
static enum rc
check_chain(struct verify_one *one, const struct cert *c)
{
	struct verify *v = one->v;
	struct trust_verdict verdict;
	enum rc rc;

	if (!v->trust)
		return RC_OK;
	rc = trust_verify(
	    v->trust, c->der, NULL, 0, CERT_CLIENT_AUTH, v->now_s, &verdict);
	if (rc == RC_MEMORY)
		return rc;
	/* its dates have a finding of their own */
	if (rc != RC_OK && !verdict.expired && !verdict.not_yet)
		verify_find(one, DIAG_ERROR, "image-untrusted",
		    "the device's certificate in /0/x/3: %s",
		    rc == RC_DENIED ? verdict.text : "it cannot be read");
	return RC_OK;
}

static enum rc
check_certificates(struct verify_one *one)
{
	uint8_t sha256[DIGEST_LEN];
	struct cert c;

	if (take_cert(one, SECURITY_SERVER_KEY, &c))
		check_dates(one, "the server's certificate in /0/x/4", &c);
	if (!take_cert(one, SECURITY_IDENTITY, &c))
		return RC_OK;
	check_dates(one, "the device's certificate in /0/x/3", &c);
	digest_of(c.der, sha256);
	hex_text(one->fingerprint, span_of(sha256, sizeof(sha256)));
	return check_chain(one, &c);
}

/* --- all of it ------------------------------------------------------------ */

static enum rc
name_key(struct verify_one *one)
{
	const struct lwm2m_value *v =
	    image_reader_account(&one->v->reader, SECURITY_SECRET_KEY);
	uint8_t fingerprint[HSM_FINGERPRINT_LEN];
	struct secret key = {0};
	enum rc rc;

	if (!v)
		return RC_OK;
	rc = secret_set(&key, v->bytes);
	/* a short one has none, and a finding already */
	if (rc == RC_OK && hsm_fingerprint(&key, fingerprint) == RC_OK)
		hex_text(one->fingerprint,
		    span_of(fingerprint, sizeof(fingerprint)));
	secret_fini(&key);
	return rc == RC_TOO_LARGE ? RC_OK : rc;
}

static enum rc
check_account(struct verify_one *one)
{
	struct verify *v = one->v;
	const struct lwm2m_value *mode =
	    image_reader_account(&v->reader, SECURITY_MODE);
	enum rc rc = RC_OK;

	account_rules_check(&v->reader.r.image,
	    image_reader_credentials_only(&v->reader), one->file->label,
	    one->d);
	if (!mode)
		verify_find(one, DIAG_ERROR, "image-no-account",
		    "it has no whole Bootstrap-Server Account");
	else if (mode->integer == MODE_CERTIFICATE)
		rc = check_certificates(one);
	else if (mode->integer == MODE_PSK)
		rc = name_key(one);
	verify_whose(one, v->reader.r.image.endpoint);
	/* a document that does not fit hides nothing of the record */
	if (rc == RC_OK && mode && v->set)
		rc = verify_identity(one);
	if (rc == RC_OK && v->ledger)
		rc = verify_ledger(one);
	return rc;
}

enum rc
verify_image(struct verify_one *one)
{
	enum rc rc;

	if (one->file->fault) {
		file_fault(one);
		return RC_OK;
	}
	if (one->file->exposed)
		verify_find(one, DIAG_WARNING, "image-exposed",
		    "others than its owner may read it, keys and all");
	if (!read_bytes(one, &rc))
		return rc;
	check_geometry(one);
	return check_account(one);
}
