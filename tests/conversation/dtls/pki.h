/**
 * pki.h - the certificates and keys of tests/vectors/x509 for the worlds of
 * this folder, and who signs with the servers' keys in place of a token.
 */
#ifndef PKI_H
#define PKI_H

#include "world.h"

/** The numbers of the servers' keys: "server", "server-two", "server-cn". */
enum pki_server {
	PKI_SERVER,
	PKI_SERVER_TWO,
	PKI_SERVER_CN,
	PKI_SERVERS,
};

/** A file of tests/vectors/x509; borrowed until pki_forget(). */
struct span pki_file(const char *name, const char *suffix);
void pki_forget(void);
/** Its certificates as DER. */
enum rc pki_der(struct span pem, struct writer *out);

/** What the server of a world shows and accepts. */
struct pki_house {
	size_t servers; /**< of those above, from the first; 0: all */
	bool no_chains; /**< raw keys alone */
	bool anchor_too; /**< the first shows its anchor behind its own */
	const char *trust; /**< NULL: "device-ca" */
	const char *crl; /**< NULL: none */
	/** Names of devices whose raw keys are known, up to a NULL. */
	const char *raw_keys[4];
};

enum rc pki_try(struct world *w, const struct pki_house *h);
/** And it must go well. */
void pki_serve(struct world *w, const struct pki_house *h);

/** Sign as the token would: r, then s. */
void pki_sign(
    uint32_t key, struct span digest, uint8_t out[static DTLS_SIGNATURE_LEN]);

/** Device `i` with the certificate of that name, or its key shown raw; the
 *  server is expected to do likewise. */
void pki_device(struct world *w, unsigned i, const char *name,
    enum dtls_client_version version, const char *suites);
void pki_raw_device(struct world *w, unsigned i, const char *name,
    enum dtls_client_version version, const char *suites);
/** With a pre-shared key. */
void pki_psk_device(struct world *w, unsigned i, const char *identity,
    bool right_key, enum dtls_client_version version, const char *suites);
/** Without anything of its own: it only judges the server. */
void pki_bare_device(
    struct world *w, unsigned i, enum dtls_client_version version);
/** With a certificate, asking for that name. */
void pki_device_for(struct world *w, unsigned i, const char *name,
    const char *server_name, enum dtls_client_version version);

#endif
