/**
 * word.h - the words of the grammar: names, labels, globs, templates, URIs.
 *
 * Each check takes the text as written and says what is wrong with it, and
 * what is expected, as a static sentence; NULL: nothing is wrong.
 */
#ifndef POLICY_WORD_H
#define POLICY_WORD_H

#include "base/span.h"

enum {
	WORD_NAME_MAX = 64, /**< bytes of a document's or server's name */
	WORD_LABEL_MAX = 64, /**< bytes of a CKA_LABEL: HSM_LABEL_MAX */
	WORD_IDENTITY_MAX = 128, /**< bytes of a PSK identity: every DTLS
	                              implementation takes them, RFC 4279 5.3 */
	WORD_URI_MAX = 255, /**< bytes, /0/x/0 */
	WORD_WHY_MAX = 180, /**< bytes */
	WORD_DEVICE_MAX = 128, /**< bytes of a model or batch */
};

typedef const char *(*word_check)(struct span text);

/** A name of ours: letters, digits, '.', '_', '-'. */
const char *word_name(struct span text);

/** The label of a key in the token, CKA_LABEL. */
const char *word_label(struct span text);

/** A glob over endpoint names. */
const char *word_glob(struct span text);

/** What endpoint names begin with. */
const char *word_prefix(struct span text);

/** The common name of a CA; a glob over names of a certificate's SAN; the model
 *  or batch of a device, and a glob over these. */
const char *word_issuer(struct span text);
const char *word_san_glob(struct span text);
const char *word_device(struct span text);
const char *word_device_glob(struct span text);

/** An endpoint name, as a table lists it. */
const char *word_endpoint(struct span text);

/** A PSK identity with {endpoint} in it, once, and no other placeholder. */
const char *word_template(struct span text);

/** That of a server account: {endpoint} once, and others of PLACE_SERVER_IDENTITY
 *  (placeholder.h). */
const char *word_server_identity(struct span text);

/** /1/x/7: one letter a transport, Q where queue mode is asked for. */
const char *word_binding(struct span text);

/** Why a device is turned away, for the ledger: one line. */
const char *word_why(struct span text);

/** Text for people: one line. */
const char *word_description(struct span text);

/** Is that a key rather than a name of one? 32 hex digits and more. */
bool word_is_hex_key(struct span text);

/** What a URI is to be reached by. */
enum word_scheme {
	SCHEME_COAP,
	SCHEME_COAPS,
	SCHEME_TCP, /**< coap+tcp */
	SCHEME_TLS, /**< coaps+tcp */
	SCHEME_OTHER,
};

enum word_scheme word_scheme(struct span uri);

/**
 * The URI of a server, RFC 7252 section 6.1: no user information, no fragment,
 * a host that is not empty, a port from 1. The scheme is the caller's matter.
 */
const char *word_uri(struct span text);
/** Likewise, with placeholders behind host and port. */
const char *word_server_uri(struct span text);

/** The host of such a URI, an IPv6 address with its []; empty: none. */
struct span word_host(struct span uri);

/** Is that an IP address and no name? */
bool word_is_address(struct span host);

/** The name of a file. */
const char *word_path(struct span text);

/** /0/x/14: the name of a server, no IP address (RFC 6066 section 3). */
const char *word_sni(struct span text);

/** The value of an attribute of a subject; {endpoint}, {model} and {batch} may
 *  stand in it, each once. */
const char *word_subject(struct span text);

/** That of C. */
const char *word_country(struct span text);

/** Names of a certificate's SAN, likewise. */
const char *word_san_uri(struct span text);
const char *word_san_dns(struct span text);

/**
 * A trigger's URL, of http or https, without user or password. Behind the host
 * placeholders may stand in it, any number of times; no other braces.
 */
const char *word_http_url(struct span text);

/** Of such a URL: is it http? */
bool word_http_is_clear(const char *url);

/** The name of a header that holds no secret and is no part of how a message is
 *  framed. */
const char *word_http_name(struct span text);

/** The value of a header; and a body, with placeholders and any braces. */
const char *word_http_value(struct span text);
const char *word_http_body(struct span text);

/** The URI of a private key in the token, RFC 7512. */
const char *word_key_uri(struct span text);

#endif
