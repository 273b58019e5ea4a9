/**
 * ctl_device.h - the parts of `bootstrapctl device`: what the ledger has of one
 * device (ctl_device_read.c), told to people and machines (ctl_device.c,
 * ctl_device_json.c), and why it was given what it was given
 * (ctl_device_past.c).
 */
#ifndef BOOTSTRAPD_CTL_DEVICE_H
#define BOOTSTRAPD_CTL_DEVICE_H

#include "base/json_out.h"
#include "ctl.h"
#include "issue/replay.h"
#include "ledger/ledger.h"

enum {
	DEVICE_ROWS_MAX = 4096, /**< of one device; the newest of more */
	/** Of those who were turned away before anybody knew who they are, the
	 *  newest, that are looked through for whom they claimed to be. */
	DEVICE_STRANGERS_MAX = 20000,
	DEVICE_FIELD_MAX = 1024, /**< bytes of one value that is told */
};

/** A row, kept: its spans point into `bytes`. */
struct device_row {
	struct ledger_row row;
	uint8_t *bytes; /**< owned */
};

/** All that is known of one device, oldest first. */
struct device_rows {
	struct ledger *ledger; /**< borrowed */
	struct span endpoint;
	struct device_row *rows; /**< owned */
	size_t count;
	bool cut; /**< there are older ones */
};

/** Read them; and of those whom nobody knows what only claims to be of this
 *  device: certificates that were not let in, keys that were not its own.
 *  Errors: RC_DB, RC_MEMORY. */
MUST_CHECK enum rc device_rows_read(
    struct ledger *l, struct span endpoint, struct device_rows *out);
void device_rows_fini(struct device_rows *d);

/** A value of a row: a text as it is, not printable any more, or a number. */
struct device_field {
	uint8_t room[DEVICE_FIELD_MAX];
	size_t len; /**< of the text; 0: it has none */
	int64_t number; /**< -1: none */
};
struct device_field device_field(const struct device_row *r, const char *name);
/** Borrowed from it. */
struct span device_text(const struct device_field *f);

bool device_row_is(const struct device_row *r, const char *kind);
/** The ending of the attempt that `begin` tells of; NULL: none yet. */
const struct device_row *device_ending(
    const struct device_rows *d, const struct device_row *begin);
/** The last attempt, refusals too; NULL: it was never here. */
const struct device_row *device_last(const struct device_rows *d);
/** "ok", "failed", "unknown", "open", "refused". */
const char *device_outcome(
    const struct device_rows *d, const struct device_row *attempt);

enum credential_state {
	CREDENTIAL_IN_FORCE,
	CREDENTIAL_UNSURE, /**< its attempt did not end ok */
	CREDENTIAL_AGAIN, /**< the same key was given once more since then */
	CREDENTIAL_REPLACED, /**< by a later one for the same purpose */
	CREDENTIAL_REVOKED,
};

/** "in force", "not confirmed", "replaced", "revoked". */
const char *credential_state_name(enum credential_state s);

/** What has become of a credential that `issued`, a row, tells of. `revoked`
 *  receives when it was, as in the ledger; "": it was not. Errors: RC_DB. */
MUST_CHECK enum rc device_credential(const struct device_rows *d,
    const struct device_row *issued, enum credential_state *out,
    char revoked[static 25]);
/** Is this a row that hands out a credential? */
bool device_issues(const struct device_row *r);

/* --- ctl_device_past.c ---------------------------------------------------- */

/** The last attempt, decided once more by the set that it was decided by. Not
 *  to be copied: it points into itself. */
struct device_past {
	const struct device_row *attempt;
	bool has_set; /**< its row names one */
	uint8_t set_digest[DIGEST_LEN];
	struct policy_set *set; /**< NULL: not kept, or not to be read */
	struct issue_rules *rules;
	struct issue_replay replay;
	struct policy_decided decided;
	struct issue_decision decision;
	bool decided_again; /**< `decision` stands */
	bool same_plan; /**< as its row has it */
	/* the set that was loaded last */
	bool has_now;
	uint8_t now_digest[DIGEST_LEN];
	struct policy_set *now_set; /**< NULL: not kept; or the same one */
	struct issue_rules *now_rules;
	struct issue_replay now_replay;
	struct policy_decided now_decided;
	struct issue_decision now_decision;
	bool now_same; /**< it would give the same plan */
};

/** Owned. Errors: RC_DB, RC_MEMORY, RC_NOT_FOUND (no attempt). */
MUST_CHECK enum rc device_past_new(
    const struct device_rows *d, struct device_past **out);
void device_past_free(struct device_past *p);

/** On stdout. Errors: RC_MEMORY. */
MUST_CHECK enum rc device_past_tell(const struct device_past *p);
/** A member `explained`. Errors: RC_MEMORY. */
MUST_CHECK enum rc device_past_json(
    struct json_out *j, const struct device_past *p);

/** One object on stdout. Errors: as device_past_new. */
MUST_CHECK enum rc device_json(const struct device_rows *d);

#endif
