/**
 * placeholder.h - names in braces that stand for what differs from device to
 * device: `{endpoint}`, and others of a closed set. Which of them stand where
 * is in one table here, for documents and for whoever makes them out.
 *
 * A word of letters and _ in single braces is a placeholder, and one that is
 * not known is a finding. A word in doubled braces, `{{word}}`, is written
 * `{word}`. All other braces stand for themselves, so that JSON does.
 */
#ifndef POLICY_PLACEHOLDER_H
#define POLICY_PLACEHOLDER_H

#include "base/rc.h"
#include "base/span.h"
#include "policy/set.h"

enum placeholder {
	PLACEHOLDER_ENDPOINT,
	PLACEHOLDER_MODEL, /**< of the device, by a list behind `devices:` */
	PLACEHOLDER_BATCH, /**< likewise */
	PLACEHOLDER_POLICY, /**< the name of its policy */
	PLACEHOLDER_NAME, /**< of the server */
	PLACEHOLDER_SSID, /**< of the server, in decimal */
};
enum { PLACEHOLDERS = PLACEHOLDER_SSID + 1 };

/** Where a text stands. */
enum placeholder_place {
	/** `psk.identity` of an identity document: matched backwards. */
	PLACE_IDENTITY,
	PLACE_SERVER_IDENTITY, /**< `security.identity` of a server */
	PLACE_URI, /**< of a server, behind its host */
	PLACE_OBJECT, /**< a String of `objects:` */
	PLACE_CERTIFICATE, /**< subject and SAN of a certificate profile */
	PLACE_TRIGGER, /**< URL, headers and body of a `trigger:` */
};

/** Its word, without braces. */
const char *placeholder_word(enum placeholder p);
/** All that stand there, NULL-ended, as words; and as "{a}, {b} and {c}". */
const char *const *placeholder_words(enum placeholder_place place);
const char *placeholder_list(enum placeholder_place place);
/** Does it stand there? */
bool placeholder_stands(enum placeholder p, enum placeholder_place place);

/** Of what a text consists. */
enum piece_kind {
	PIECE_TEXT, /**< as it is */
	PIECE_NAME, /**< a placeholder */
	PIECE_UNKNOWN, /**< a word in braces that is none */
};

struct piece {
	enum piece_kind kind;
	struct span text; /**< PIECE_TEXT; PIECE_UNKNOWN: the word */
	enum placeholder name; /**< PIECE_NAME */
};

/** Take the next piece off `rest`; false: there is none. */
bool piece_next(struct span *rest, struct piece *out);

/** The bytes of the placeholder that `text` begins with, braces included; 0:
 *  it begins with none. */
size_t placeholder_at(struct span text);

/** Which of them are in it, 1 << enum placeholder. */
unsigned placeholder_uses(struct span text);

/** How long it gets when each has that many bytes. */
size_t placeholder_length(
    struct span text, const size_t lengths[static PLACEHOLDERS]);

/** What they stand for. Empty, or 0: not known. Borrowed. */
struct placeholder_values {
	struct span endpoint, model, batch, policy, name;
	uint16_t ssid;
};

/** Endpoint, and what the set's `devices:` say of it. */
struct placeholder_values placeholder_device(
    const struct policy_set *set, struct span endpoint);

/** For a device that does not exist: a model and a batch where there are
 *  none. */
void placeholder_sample(struct placeholder_values *v);

/** How a value stands in its place. */
enum placeholder_form {
	FORM_PLAIN, /**< as it is */
	FORM_PERCENT, /**< RFC 3986 section 2.1, all but unreserved */
	FORM_JSON, /**< as within a JSON string */
	FORM_HEADER, /**< as it is; visible ASCII alone */
};

/**
 * Append `text` with its placeholders filled in. `w` is as it was after an
 * error. Errors: RC_NOT_FOUND (*missing says which is not known), RC_DENIED (a
 * value cannot stand there: a line break in a header, a path of dots),
 * RC_TOO_LARGE. `missing` may be NULL.
 */
MUST_CHECK enum rc placeholder_expand(struct writer *w, struct span text,
    enum placeholder_form form, const struct placeholder_values *v,
    const char **missing);

#endif
