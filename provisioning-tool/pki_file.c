#include "pki_file.h"

#include "hsm/pem.h"
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int
unread(int code, const char *path, const char *why)
{
	struct quoted q;

	return tool_error(code, NULL, "%s: %s", quote_str(&q, path), why);
}

static int
read_all(int fd, const char *path, size_t size, struct pki_file *out)
{
	out->bytes = malloc(size + 1);
	if (!out->bytes)
		return tool_fault(RC_MEMORY, "file");
	while (out->len < size) {
		ssize_t n = read(fd, out->bytes + out->len, size - out->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return unread(EX_IOERR, path, strerror(errno));
		if (n == 0)
			break;
		out->len += (size_t)n;
	}
	return EX_OK;
}

int
pki_file_read(const char *path, struct pki_file *out)
{
	/* O_NONBLOCK: a FIFO must not hold us */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int code;

	*out = (struct pki_file){0};
	if (fd < 0 || fstat(fd, &st) != 0)
		code = unread(EX_IOERR, path, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		code = unread(EX_IOERR, path, "not a regular file");
	else if (st.st_size > PKI_FILE_MAX)
		code = unread(EX_DATAERR, path, "larger than 64 MiB");
	else
		code = read_all(fd, path, (size_t)st.st_size, out);
	if (fd >= 0)
		close(fd);
	return code;
}

void
pki_file_fini(struct pki_file *f)
{
	free(f->bytes);
	*f = (struct pki_file){0};
}

static int
malformed(const char *path, enum rc rc, const struct der_fault *fault)
{
	char why[256];
	struct writer w;

	if (rc == RC_MEMORY || !fault->what)
		return tool_fault(rc, "certificate");
	writer_init(&w, why, sizeof(why) - 1);
	der_fault_print(fault, &w);
	why[w.len] = '\0';
	return unread(EX_DATAERR, path, why);
}

/** "line 7: ...": where in `all` the first such block of `rest` begins. */
static int
broken_block(
    const char *name, const char *label, struct span all, struct span rest)
{
	char begin[64], why[80];
	int len = snprintf(begin, sizeof(begin), "-----BEGIN %s", label);
	const uint8_t *at = memmem(rest.p, rest.len, begin, (size_t)len);
	unsigned line = 1;

	for (const uint8_t *p = all.p; at && p < at; p++)
		line += *p == '\n';
	snprintf(why, sizeof(why),
	    "the PEM block of line %u is broken (RFC 7468)", line);
	return unread(EX_DATAERR, name, why);
}

/**
 * The next block of that label, or all of it where it is DER. At the end `der`
 * stays as it is and *found is false.
 */
static int
next_block(const char *name, const char *label, struct span all,
    struct span *rest, struct writer *der, bool *found)
{
	const struct span before = *rest;
	enum rc rc;

	*found = rest->len > 0;
	if (*found && rest->p[0] == 0x30) { /* SEQUENCE: no text begins so */
		writer_put(der, *rest);
		*rest = span_from(*rest, rest->len);
		rc = der->full ? RC_TOO_LARGE : RC_OK;
	} else {
		rc = pem_next(rest, label, der);
		*found = rc != RC_NOT_FOUND;
	}
	if (rc == RC_OK || rc == RC_NOT_FOUND)
		return EX_OK;
	if (rc == RC_TOO_LARGE)
		return unread(EX_DATAERR, name, "larger than is read here");
	return broken_block(name, label, all, before);
}

static int
none_there(const char *name, const char *label)
{
	struct quoted q;

	return tool_error(EX_DATAERR, NULL, "%s: no PEM block \"BEGIN %s\"",
	    quote_str(&q, name), label);
}

/** The first block of that label in a file, into `der`. */
static int
first_block(const char *path, const char *label, struct writer *der)
{
	struct pki_file f;
	struct span rest;
	bool found = false;
	int code = pki_file_read(path, &f);

	rest = span_of(f.bytes, f.len);
	if (code == EX_OK)
		code = next_block(path, label, rest, &rest, der, &found);
	pki_file_fini(&f);
	if (code == EX_OK && !found)
		code = none_there(path, label);
	return code;
}

int
pki_certificate_take(
    const char *name, struct span der, struct pki_certificate *out)
{
	struct der_fault fault = {0};
	enum rc rc;

	if (der.len > sizeof(out->der))
		return unread(EX_DATAERR, name, "larger than is read here");
	if (der.p != out->der)
		memcpy(out->der, der.p, der.len);
	rc = cert_parse(span_of(out->der, der.len), &out->cert, &fault);
	return rc == RC_OK ? EX_OK : malformed(name, rc, &fault);
}

int
pki_certificate_read(const char *path, struct pki_certificate *out)
{
	struct writer w;
	int code;

	writer_init(&w, out->der, sizeof(out->der));
	code = first_block(path, "CERTIFICATE", &w);
	if (code != EX_OK)
		return code;
	return pki_certificate_take(path, writer_span(&w), out);
}

int
pki_certificates(
    const char *name, struct span bytes, pki_certificate_fn each, void *ctx)
{
	struct pki_certificate *c = malloc(sizeof(*c));
	struct span rest = bytes;
	bool found = true, any = false;
	int code = c ? EX_OK : tool_fault(RC_MEMORY, "certificate");
	struct writer w;

	while (code == EX_OK) {
		writer_init(&w, c->der, sizeof(c->der));
		code =
		    next_block(name, "CERTIFICATE", bytes, &rest, &w, &found);
		if (code != EX_OK || !found)
			break;
		any = true;
		code = pki_certificate_take(name, writer_span(&w), c);
		if (code == EX_OK)
			code = each(ctx, &c->cert);
	}
	free(c);
	return code == EX_OK && !any ? none_there(name, "CERTIFICATE") : code;
}

/** As SubjectPublicKeyInfo: that, or what a certificate holds. */
static int
public_key_of(const char *path, struct span bytes, struct writer *der)
{
	struct pki_certificate *c;
	struct span rest = bytes;
	bool found = false;
	int code = next_block(path, "PUBLIC KEY", bytes, &rest, der, &found);

	if (code == EX_OK && found &&
	    p256_spki_check(writer_span(der)) == RC_OK)
		return EX_OK;
	der->len = 0;
	c = malloc(sizeof(*c));
	if (!c)
		return tool_fault(RC_MEMORY, "key");
	if (code == EX_OK)
		code = pki_certificate_read(path, c);
	if (code == EX_OK)
		writer_put(der, c->cert.spki);
	free(c);
	return code;
}

int
pki_public_key_read(const char *path, uint8_t spki[static P256_SPKI_LEN])
{
	uint8_t der[PKI_CERT_MAX];
	struct pki_file f;
	struct writer w;
	int code = pki_file_read(path, &f);

	writer_init(&w, der, sizeof(der));
	if (code == EX_OK)
		code = public_key_of(path, span_of(f.bytes, f.len), &w);
	pki_file_fini(&f);
	if (code != EX_OK)
		return code;
	if (w.full || w.len != P256_SPKI_LEN ||
	    p256_spki_check(writer_span(&w)) != RC_OK)
		return unread(
		    EX_DATAERR, path, "no public key on P-256 (RFC 5480 2.2)");
	memcpy(spki, der, P256_SPKI_LEN);
	return EX_OK;
}

int
pki_request_read(const char *path, struct pki_request *out)
{
	struct der_fault fault = {0};
	struct writer w;
	enum rc rc;
	int code;

	writer_init(&w, out->der, sizeof(out->der));
	code = first_block(path, "CERTIFICATE REQUEST", &w);
	if (code != EX_OK)
		return code;
	rc = csr_parse(writer_span(&w), &out->csr, &fault);
	return rc == RC_OK ? EX_OK : malformed(path, rc, &fault);
}
