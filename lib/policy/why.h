/**
 * why.h - why policies are not for a device, in words: each condition that does
 * not hold, what was seen and what was wanted, and where that stands. Held to
 * the very conditions that policy_for matches by (policy_holds).
 */
#ifndef POLICY_WHY_H
#define POLICY_WHY_H

#include "policy/match.h"

enum {
	WHY_TEXT_MAX = 400, /**< bytes of one text, with its NUL */
	WHY_WANTS_MAX = 6, /**< of a list, as many are named */
};

/** A condition of a policy that does not hold. Texts are printable: names of
 *  peers and of documents stand in quotes, cut where they are long. */
struct policy_unmet {
	enum policy_miss key;
	struct policy_place at; /**< of the condition */
	char sees[WHY_TEXT_MAX]; /**< what the device has; "": nothing */
	/** Where that is said of it: a line of `devices:`; line 0: nowhere. */
	struct policy_place seen_at;
	char wants[WHY_TEXT_MAX]; /**< what would fit */
};

/** All conditions that do not hold; returns how many. */
size_t policy_unmet(const struct policy_set *s, const struct policy *p,
    const struct policy_facts *f,
    struct policy_unmet out[static POLICY_CONDITIONS]);

/** One in a sentence: `match.model at meters.yaml:9: "WM300" by devices.csv:17
 *  fits none of "WM2*"`. Sets w->full where it does not fit. */
void policy_unmet_print(struct writer *w, const struct policy_unmet *u);

/** A policy that a device did not get. */
struct policy_near {
	const struct policy *policy;
	unsigned stated; /**< conditions that it has */
	unsigned unmet; /**< of them; 0: it matches, but comes later */
};

/**
 * The policies that were nearest to the device's own, nearest first: those that
 * match too, then by the number of conditions that do not hold, then in the
 * order that they are tried. `own` is the one that it got, or NULL. One that
 * shares nothing with the device, no condition of it holding, is not near where
 * it got another, nor where a document of another identity is meant for all
 * endpoints. At most `cap`; returns how many, and in `others` how many more
 * policies there are.
 */
size_t policy_near_misses(const struct policy_set *s,
    const struct policy_facts *f, const struct policy *own,
    struct policy_near *out, size_t cap, size_t *others);

/* --- identity documents --------------------------------------------------- */

/** What a device shows of itself; what is not known is empty. Borrowed. */
struct identity_facts {
	enum policy_credential kind; /**< that it comes by */
	struct span endpoint; /**< that it claims; empty: the credential says */
	struct span psk_identity; /**< POLICY_PSK; empty: not shown */
	const struct address *from; /**< NULL, or family 0: not known */
};

enum { IDENTITY_UNMET_MAX = 4 };

struct identity_unmet {
	const char *key; /**< "psk.identity" */
	char text[WHY_TEXT_MAX]; /**< printable */
};

/** What of the document does not fit; returns how much. What only files, the
 *  store or a chain of certificates can tell is not looked at. */
size_t identity_unmet(const struct identity *id, const struct identity_facts *f,
    struct identity_unmet out[static IDENTITY_UNMET_MAX]);

#endif
