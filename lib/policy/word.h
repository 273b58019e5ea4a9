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
};

typedef const char *(*word_check)(struct span text);

/** A name of ours: letters, digits, '.', '_', '-'. */
const char *word_name(struct span text);

/** The label of a key in the token, CKA_LABEL. */
const char *word_label(struct span text);

/** A glob over endpoint names. */
const char *word_glob(struct span text);

/** A PSK identity with {endpoint} in it, once, and no other placeholder. */
const char *word_template(struct span text);

/** /1/x/7: one letter a transport, Q where queue mode is asked for. */
const char *word_binding(struct span text);

/** Text for people: one line. */
const char *word_description(struct span text);

/** Is that a key rather than a name of one? 32 hex digits and more. */
bool word_is_hex_key(struct span text);

/** What a URI is to be reached by, besides UDP not in this version. */
enum word_scheme { SCHEME_COAP, SCHEME_COAPS, SCHEME_TCP, SCHEME_OTHER };

enum word_scheme word_scheme(struct span uri);

/**
 * The URI of a server, RFC 7252 section 6.1: no user information, no fragment,
 * a host that is not empty, a port from 1. The scheme is the caller's matter.
 */
const char *word_uri(struct span text);

#endif
