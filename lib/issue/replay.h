/**
 * replay.h - a device decided once more, by other policies, from what the
 * ledger has of the last time it came: its row `bootstrap_begin`, or, where it was
 * turned away, `bootstrap_refused`.
 *
 * The decision is the daemon's own (issue_begin_by). What is done otherwise is
 * to find out whose credential it was, where the credential itself is not in
 * the ledger: a certificate was verified when it came, and its row says by
 * which CA and which anchor; it is believed again where one of these keys is an
 * anchor of a document. Dates and revocation lists are not looked at.
 */
#ifndef ISSUE_REPLAY_H
#define ISSUE_REPLAY_H

#include "issue/issue.h"

enum { REPLAY_ROOM = 8192 /**< bytes of texts that stood escaped */ };

/** What a row says. Spans are borrowed from it, or of `room`: not to be
 *  copied. */
struct issue_replay {
	/** As it came; without the bytes of a certificate or raw key. It is
	 *  taken to have said its endpoint, and to have shown its address. */
	struct issue_request rq;
	/** What it was given; of a row of an older version, empty. */
	struct span identity, policy; /**< names of the documents */
	struct span servers; /**< names, one space between */
	bool has_plan, has_set;
	uint8_t plan[DIGEST_LEN]; /**< digest */
	uint8_t set[DIGEST_LEN]; /**< likewise, of the policies */
	uint32_t turn;
	/* of a certificate or raw key */
	uint8_t sha256[DIGEST_LEN];
	struct span cn;
	bool has_issuer_key, has_anchor_key;
	uint8_t issuer_key[DIGEST_LEN], anchor_key[DIGEST_LEN];
	struct span issuer_cn;
	struct span san; /**< as san_text.h says */
	uint8_t serial[CERT_SERIAL_MAX];
	size_t serial_len;
	/** Of a row that does not tell all of it: what stands here is assumed.
	 *  Set by issue_replay. */
	bool assumed;
	uint8_t room[REPLAY_ROOM];
	size_t room_len;
};

/** Take a row apart, which is borrowed as long as `out` is used: of an attempt
 *  that began, or that was refused, which has no plan. Errors: RC_MALFORMED (it is no row that issue_record has written). */
MUST_CHECK enum rc issue_replay_read(
    const struct ledger_row *row, struct issue_replay *out);

/** How devices come is not in the policies alone. */
struct issue_replay_config {
	/** `server.trust` is in the rules. If not, documents that name no
	 *  anchors of their own are taken to believe whom they did. */
	bool daemon_known;
};

/**
 * Decide. As issue_begin, without HSM: `out` (issue_decision_fini) has the
 * digest of the plan. `decided` receives what was chosen.
 */
void issue_replay(const struct issuer *i,
    const struct issue_replay_config *config, struct issue_replay *r,
    struct policy_decided *decided, struct issue_decision *out);

/** What policies are matched with, of a peer that issue_replay has found; but
 *  for its history. Borrows from both. */
struct policy_facts issue_replay_facts(
    const struct issue_replay *r, const struct issue_peer *peer);

#endif
