/**
 * client.h - the device's side of DTLS 1.2 and 1.3, with a pre-shared key, a
 * certificate or a raw public key, over the same bytes in and bytes out: the
 * virtual device, the conversations and the bench stand on it. bootstrapd never
 * opens a DTLS session itself (LwM2M: the client is always the DTLS client).
 */
#ifndef DTLS_CLIENT_H
#define DTLS_CLIENT_H

#include "base/cursor.h"
#include "base/heap.h"
#include "base/secret.h"

enum dtls_client_version {
	DTLS_CLIENT_12,
	DTLS_CLIENT_13,
	DTLS_CLIENT_ANY, /**< both: what the server prefers */
};

/** What a device holds. Everything is copied; what is all zero is not there. */
struct dtls_client_config {
	enum dtls_client_version version;
	/** wolfSSL's names with colons; NULL: all that we serve. A key under
	 *  DTLS 1.3 goes with one suite: the first, or AES-128-GCM. */
	const char *suites;
	struct span identity;
	const struct secret *key;
	/** Its certificate and what leads to an anchor, PEM or DER; or its
	 *  SubjectPublicKeyInfo, which it shows raw. */
	struct span chain;
	struct span public_key;
	const struct secret *private_key; /**< DER, SEC 1 or PKCS #8 */
	/** What the server has to show: a certificate that these (PEM or DER)
	 *  lead to, for that name, which is also sent; or this very key, raw. */
	struct span trust;
	const char *server_name;
	struct span server_key;
	/**
	 * Likewise by a digest: SHA-256, SHA-384 or SHA-512, told by its
	 * length. Of the server's own certificate, or raw key: alone it stands
	 * for all (Certificate Usage 3: chain, dates and name are not looked
	 * at), beside anchors both have to hold (usage 1). Of an anchor that
	 * the server sends within its chain (usage 2).
	 */
	struct span server_digest;
	struct span anchor_digest;
	bool server_raw; /**< the server has to show a raw key */
	/** Offer Connection IDs (RFC 9146): `cid` is what the server is to put
	 *  into its records, up to DTLS_CLIENT_CID_MAX bytes; empty: none, but
	 *  take the server's. */
	bool offer_cid;
	struct span cid;
	/** TLS of the same versions over a stream: bytes in place of datagrams,
	 *  cut anywhere. Offers ALPN "coap" (RFC 8323 section 8.2) where
	 *  wolfSSL has it. */
	bool stream;
};

enum { DTLS_CLIENT_CID_MAX = 10 /**< bytes, wolfSSL's limit */ };

struct dtls_client;

/**
 * Errors: RC_MEMORY; RC_UNSUPPORTED (a suite, a version or an extension that
 * this wolfSSL has not; an identity, a key, a digest or a Connection ID that
 * cannot be); RC_MALFORMED (a
 * certificate or a private key).
 */
MUST_CHECK enum rc dtls_client_open(
    const struct dtls_client_config *config, struct dtls_client **out);

/** A DTLS 1.2 PSK client over the same kind of bytes. `suite` as
 *  "PSK-AES128-CCM-8" (wolfSSL's names); NULL: all that we serve. */
MUST_CHECK enum rc dtls_client_new(struct span identity,
    const struct secret *key, const char *suite, struct dtls_client **out);
void dtls_client_free(struct dtls_client *c);
/** A datagram from the server; plaintext of a data record goes to `data`
 *  (empty when none). */
MUST_CHECK enum rc dtls_client_receive(struct dtls_client *c,
    struct span datagram, struct writer *data, uint64_t now_ms);
/** Start (first call) or retransmit when due. */
MUST_CHECK enum rc dtls_client_tick(struct dtls_client *c, uint64_t now_ms);
uint64_t dtls_client_deadline(const struct dtls_client *c);
bool dtls_client_established(const struct dtls_client *c);
/** The cipher suite of the association as IANA names it, static; NULL before
 *  it is established. */
const char *dtls_client_suite(const struct dtls_client *c);
MUST_CHECK enum rc dtls_client_send(struct dtls_client *c, struct span data);
MUST_CHECK enum rc dtls_client_output(struct dtls_client *c, struct writer *w);
/** The Connection ID that the server wants in our records; empty: none. Borrowed
 *  until the client is freed. */
struct span dtls_client_cid(const struct dtls_client *c);
/** SHA-256 of the certificate or key that the server has shown, good or not;
 *  false: none. */
bool dtls_client_server(const struct dtls_client *c, uint8_t digest[static 32]);
/** What the server has shown is not what it has to show. */
bool dtls_client_refused(const struct dtls_client *c);
/** What of it is not, as far as that is known. */
enum dtls_client_fault {
	DTLS_CLIENT_GOOD, /**< nothing, or the server has shown nothing */
	DTLS_CLIENT_PIN, /**< another certificate or key than the one known */
	DTLS_CLIENT_ANCHOR, /**< nothing that is trusted leads to it */
	DTLS_CLIENT_NAME, /**< it is for another host */
	DTLS_CLIENT_EARLY, /**< it is not valid yet, by the clock here */
	DTLS_CLIENT_LATE, /**< it is not valid any more */
	DTLS_CLIENT_OTHER, /**< it is no certificate that can be used */
};
enum dtls_client_fault dtls_client_fault(const struct dtls_client *c);
/** "DTLS 1.3", static. */
const char *dtls_client_version(const struct dtls_client *c);
/** The fatal alert that the server sent, -1: none. */
int dtls_client_alert(const struct dtls_client *c);
/** Say close_notify. */
void dtls_client_close(struct dtls_client *c);

#endif
