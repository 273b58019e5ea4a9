#include "issue/replay.h"

#include "issue/identify_cert.h"
#include "issue/revoked.h"
#include "issue/rules_internal.h"
#include "issue/san_text.h"

/* --- pre-shared keys ------------------------------------------------------ */

/** A row has 128 bytes of a PSK identity at most: the rest of a longer one is
 *  what the document that it was let in by makes of its endpoint. */
static void
whole_identity(const struct issuer *i, struct issue_replay *r)
{
	enum { CUT_MAX = 128, CUT_MIN = CUT_MAX - 3 /* a character */ };
	const struct policy_set *set = issue_rules_set(i->rules);
	struct span cut = r->rq.credential;

	if (cut.len < CUT_MIN)
		return;
	for (size_t n = 0; n < set->identity_count; n++) {
		const struct identity *id = &set->identities[n];
		struct writer w;

		if (id->kind != IDENTITY_PSK)
			continue;
		writer_init(
		    &w, r->room + r->room_len, REPLAY_ROOM - r->room_len);
		template_expand(&w, id->psk_identity, r->rq.endpoint);
		if (w.full || !span_starts(writer_span(&w), cut))
			continue;
		r->rq.credential = writer_span(&w);
		r->room_len += w.len;
		return;
	}
}

/* --- certificates --------------------------------------------------------- */

/** Does the document believe who has signed it? */
static bool
believes(const struct issuer *i, const struct issue_replay_config *config,
    const struct identity *id, struct issue_replay *r)
{
	const struct trust *t = rules_trust(i->rules, id);

	if (!r->has_issuer_key)
		return false;
	if (!id->trust.name && !config->daemon_known) {
		r->assumed = true;
		return true;
	}
	if (!t)
		return false;
	if (trust_has_key(t, r->issuer_key) ||
	    (r->has_anchor_key && trust_has_key(t, r->anchor_key)))
		return true;
	/* a row of an older version does not name the anchor */
	if (r->has_anchor_key || !span_is(r->identity, id->name))
		return false;
	r->assumed = true;
	return true;
}

static struct span
endpoint_of(const struct identity *id, const struct issue_replay *r)
{
	struct span name = {0};

	switch (id->endpoint_from) {
	case ENDPOINT_CN:
		name = r->cn;
		break;
	case ENDPOINT_SAN_URI:
		name = san_text_urn(r->san);
		break;
	case ENDPOINT_TABLE:
		name = identity_table_find(id, r->sha256);
		break;
	}
	if (name.len > 0 && !identity_fits(id, name))
		name = span_of(NULL, 0);
	return name;
}

static void
by_certificate(const struct issuer *i, const struct issue_replay_config *config,
    struct issue_replay *r, struct issue_peer *out)
{
	const struct policy_set *set = issue_rules_set(i->rules);

	out->why = REASON_UNTRUSTED;
	for (size_t n = 0; n < set->identity_count && !out->identity; n++) {
		const struct identity *id = &set->identities[n];
		struct span endpoint;

		if (id->kind != IDENTITY_CERTIFICATE ||
		    !believes(i, config, id, r))
			continue;
		endpoint = endpoint_of(id, r);
		if (endpoint.len == 0) {
			out->why = REASON_NO_IDENTITY;
			continue;
		}
		out->identity = id;
		out->endpoint = endpoint;
		out->why = REASON_NONE;
	}
	out->cn = r->cn;
	out->serial = span_of(r->serial, r->serial_len);
	out->issuer_cn = r->issuer_cn;
	out->has_issuer_key = r->has_issuer_key;
	memcpy(out->issuer_key, r->issuer_key, DIGEST_LEN);
	memcpy(out->anchor_key, r->anchor_key, DIGEST_LEN);
}

/* --- what the ledger has taken back --------------------------------------- */

static enum rc
check_revoked(const struct issuer *i, const struct issue_replay *r,
    struct issue_peer *out)
{
	bool revoked = false;
	enum rc rc = revoked_fingerprint(
	    i->store, span_of(r->sha256, DIGEST_LEN), &revoked);

	if (rc == RC_OK && !revoked && r->rq.proof == PROOF_CERTIFICATE)
		rc = revoked_serial(
		    i->store, out->serial, out->issuer_key, &revoked);
	if (rc == RC_OK && revoked)
		out->why = REASON_REVOKED;
	return rc;
}

/* --- all of it ------------------------------------------------------------ */

static enum rc
identify(const struct issuer *i, const struct issue_replay_config *config,
    struct issue_replay *r, struct issue_peer *out)
{
	memcpy(out->sha256, r->sha256, DIGEST_LEN);
	switch (r->rq.proof) {
	case PROOF_PSK:
		whole_identity(i, r);
		return issue_identify(i, &r->rq, out);
	case PROOF_NONE:
		return issue_identify(i, &r->rq, out);
	case PROOF_CERTIFICATE:
		by_certificate(i, config, r, out);
		break;
	case PROOF_RAW_KEY:
		identify_raw_key(issue_rules_set(i->rules), out);
		break;
	}
	if (!out->identity || !i->store)
		return RC_OK;
	return check_revoked(i, r, out);
}

struct policy_facts
issue_replay_facts(const struct issue_replay *r, const struct issue_peer *peer)
{
	struct policy_facts f = issue_facts(&r->rq, peer);

	if (f.has_issuer) {
		f.san_next = san_text_next;
		f.sans = r->san;
	}
	return f;
}

void
issue_replay(const struct issuer *i, const struct issue_replay_config *config,
    struct issue_replay *r, struct policy_decided *decided,
    struct issue_decision *out)
{
	/* what it has now is what it was given last */
	const struct policy_history history = {.servers = r->servers};
	struct policy_facts facts;
	enum reason why;
	enum rc rc;

	memset(out, 0, sizeof(*out));
	decided->answer = POLICY_NONE;
	decided->policy = NULL;
	rc = identify(i, config, r, &out->peer);
	why = rc == RC_OK ? out->peer.why : REASON_LEDGER_AWAY;
	/* as issue_begin: what it says of itself has to be what it proves */
	if (why == REASON_NONE &&
	    !span_equal(r->rq.endpoint, out->peer.endpoint)) {
		out->peer.endpoint = r->rq.endpoint;
		why = REASON_ENDPOINT_MISMATCH;
	}
	facts = issue_replay_facts(r, &out->peer);
	/* keys of a later turn: whether it took them stands in other rows */
	facts.history = r->turn > 0 ? NULL : &history;
	issue_begin_by(i, &r->rq, why, &facts, decided, out);
}
