/**
 * pki_file.h - certificates, requests and lists out of files. Every failure
 * has been said on stderr when a call returns; they return exit codes.
 */
#ifndef TOOL_PKI_FILE_H
#define TOOL_PKI_FILE_H

#include "hsm/cert.h"
#include "hsm/csr.h"

enum {
	PKI_FILE_MAX = 64 << 20, /**< bytes: lists can be long */
	PKI_CERT_MAX = 16384, /**< bytes of one certificate that is read */
};

/** A file's bytes, owned. A zero struct is the empty one. */
struct pki_file {
	uint8_t *bytes;
	size_t len;
};

/** A regular file. EX_OK, EX_IOERR, EX_DATAERR (too large), EX_SOFTWARE. */
MUST_CHECK int pki_file_read(const char *path, struct pki_file *out);
/** Harmless on an empty one, and twice. */
void pki_file_fini(struct pki_file *f);

/** A certificate and its bytes; not to be moved while `cert` is used. */
struct pki_certificate {
	uint8_t der[PKI_CERT_MAX];
	struct cert cert;
};

/** Take `der` as the certificate `name`. EX_OK, EX_DATAERR, EX_SOFTWARE. */
MUST_CHECK int pki_certificate_take(
    const char *name, struct span der, struct pki_certificate *out);
/** The first of a PEM file, or the one of a DER file. Also EX_IOERR. */
MUST_CHECK int pki_certificate_read(
    const char *path, struct pki_certificate *out);

/**
 * All certificates of a file's bytes, PEM or DER, in order; `name` is for what
 * is said of them. `each` returns EX_OK to go on; what else it returns is
 * returned. EX_DATAERR (malformed, or none at all), EX_SOFTWARE.
 */
typedef int (*pki_certificate_fn)(void *ctx, const struct cert *c);
MUST_CHECK int pki_certificates(
    const char *name, struct span bytes, pki_certificate_fn each, void *ctx);

/**
 * A public key on P-256: PEM "PUBLIC KEY", its DER, or a certificate with it.
 * EX_OK, EX_IOERR, EX_DATAERR, EX_SOFTWARE.
 */
MUST_CHECK int pki_public_key_read(
    const char *path, uint8_t spki[static P256_SPKI_LEN]);

/** A request and its bytes; as pki_certificate. */
struct pki_request {
	uint8_t der[CSR_DER_MAX];
	struct csr csr;
};

/** The first of a PEM file, or the one of a DER file. EX_OK, EX_IOERR,
 *  EX_DATAERR, EX_SOFTWARE. */
MUST_CHECK int pki_request_read(const char *path, struct pki_request *out);

#endif
