/**
 * rules_internal.h - what the files of rules.c share, and what decisions read
 * of the rules. Within this module.
 */
#ifndef ISSUE_RULES_INTERNAL_H
#define ISSUE_RULES_INTERNAL_H

#include "base/arena.h"
#include "base/table.h"
#include "issue/rules.h"

#include <stdatomic.h>

/** A CA that is believed, in any document or by the daemon. */
struct rules_anchor {
	struct table_item item; /**< by its DER */
	struct cert cert;
	struct rules_anchor *next;
};

/** A revocation list that is honoured. */
struct rules_list {
	struct span der;
	bool holds; /**< a CA that is known here has signed it */
	/** SHA-256 of that CA's key; else of the name, and the key's, that the
	 *  list gives itself. */
	uint8_t whose[DIGEST_LEN];
	struct span number; /**< unsigned; empty: none */
	int64_t this_update_s;
	struct policy_place place;
	const char *name; /**< of its file, for findings */
	struct rules_list *next;
};

/** What one identity document is verified by. */
struct rules_trust {
	struct span bytes; /**< of the file; empty: the daemon's */
	struct trust *trust;
	struct rules_trust *next;
};

struct issue_rules {
	atomic_int references;
	struct policy_set *set; /* one reference */
	struct arena *arena;
	struct issue_authority *authorities; /* as set->authorities */
	struct rules_trust *trusts;
	struct table anchor_table;
	struct rules_anchor *anchors, **anchor_tail;
	struct rules_list *lists, **list_tail;
	size_t list_count;
	/* By place in set->identities; NULL: of another kind, or no anchor. */
	struct rules_trust **identity_trust;
	/* What goes into /0/x/4: by place in set->identities, and by number of
	 * a server. */
	struct span *identity_keys, *server_keys;
};

/** The chain verifier of a certificate document; NULL: nobody is believed. */
const struct trust *rules_trust(
    const struct issue_rules *r, const struct identity *id);
/** `/0/x/4` of an identity document; empty: not said. */
struct span rules_identity_key(
    const struct issue_rules *r, const struct identity *id);
/** `/0/x/4` of a server of any policy of the set, or of what is given of it;
 *  empty: not said. */
struct span rules_server_key(
    const struct issue_rules *r, const struct policy_server *s);
/** The authority of an `issue:`; NULL: there is none. */
const struct issue_authority *rules_issuer(
    const struct issue_rules *r, const struct policy_issue *issue);

/* --- while they are built ------------------------------------------------- */

struct rules_build {
	struct issue_rules *rules;
	struct diag *diag;
	int64_t now_s;
	size_t errors;
	enum rc rc; /**< RC_MEMORY, which no finding says */
};

/** Text of a finding, quoted and cut. */
struct rules_shown {
	char text[200];
};

PRINTF_LIKE(5, 6)
void rules_say(struct rules_build *b, enum diag_level level,
    struct policy_place place, const char *code, const char *fmt, ...);
struct rules_shown rules_show(struct span s);
/** "2026-05-01T12:00:00Z" */
struct rules_shown rules_time(int64_t time_s);

/** The parts of a file: DER, end to end or out of PEM. */
struct rules_parts {
	struct span *der;
	size_t count;
};

/**
 * Take a file apart: blocks labelled `label`, or DER where the file is none of
 * PEM. Parts that were PEM lie in the arena; others are borrowed of `bytes`.
 * Errors: RC_NOT_FOUND (none), RC_MALFORMED, RC_MEMORY.
 */
MUST_CHECK enum rc rules_parts(struct arena *a, struct span bytes,
    const char *label, struct rules_parts *out);

/** A file, and where it is named. */
struct rules_named {
	struct span bytes;
	struct policy_place place;
	struct rules_shown name; /**< for findings */
};

/** A file of the set: its bytes stay where they are. */
struct rules_named rules_named(const struct policy_file *f);
/** A file of the daemon, copied. Check `b->rc`. */
struct rules_named rules_keep(
    struct rules_build *b, const struct issue_file *file);
/** As rules_parts. False: a finding says why. */
bool rules_take_apart(struct rules_build *b, const struct rules_named *f,
    const char *label, struct rules_parts *parts);

/** A certificate of a file, or a finding why it is none (false). `what` names
 *  it in findings. */
bool rules_cert(struct rules_build *b, struct span der,
    struct policy_place place, const char *what, struct cert *out);

/** Says when a certificate is over, or nearly, or not begun. False: it cannot
 *  be used now. */
bool rules_dates(struct rules_build *b, const struct cert *c,
    struct policy_place place, const char *what);

void rules_authorities(struct rules_build *b);
/** Anchors of the daemon and of all documents. */
void rules_trusts(
    struct rules_build *b, const struct issue_rules_config *config);
/** Revocation lists, once the anchors stand. */
void rules_lists(
    struct rules_build *b, const struct issue_rules_config *config);
/** What devices are to expect of servers. */
void rules_keys(struct rules_build *b);
/** A sample of each certificate and of each Write of /0: may it be signed, and
 *  how large is it? */
void rules_check(struct rules_build *b);

#endif
