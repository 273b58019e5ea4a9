/* One job: what was asked, and the work on it in a thread of the token. */
#include "jobs.h"

#include "base/loop.h"

#include <stdlib.h>

static struct job *
job_new(enum job_kind kind, unsigned worker, struct issue_rules *rules)
{
	struct job *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->kind = kind;
	j->worker = worker;
	j->rules = rules ? issue_rules_ref(rules) : NULL;
	return j;
}

static struct span
keep(uint8_t *room, size_t cap, struct span s)
{
	size_t n = s.len < cap ? s.len : cap;

	if (n)
		memcpy(room, s.p, n);
	return span_of(room, n);
}

static void
set_asker(struct job *j, uint64_t ref)
{
	j->asker = (struct asker){j->kind, ref, j->worker};
	j->item.key = span_of(&j->asker, sizeof(j->asker));
}

struct job *
job_psk(unsigned worker, struct issue_rules *rules, const struct q_psk *q)
{
	struct job *j = job_new(JOB_PSK, worker, rules);

	if (!j)
		return NULL;
	set_asker(j, q->ref);
	j->request.address = q->address;
	j->request.credential =
	    keep(j->credential, sizeof(j->credential), q->identity);
	j->evidence =
	    keep(j->evidence_bytes, sizeof(j->evidence_bytes), q->evidence);
	return j;
}

struct job *
job_doctor(
    unsigned worker, struct issue_rules *rules, const struct q_evidence *q)
{
	struct job *j = job_new(JOB_DOCTOR, worker, rules);

	if (!j)
		return NULL;
	j->request.address = q->address;
	j->request.credential =
	    keep(j->credential, sizeof(j->credential), q->identity);
	j->evidence =
	    keep(j->evidence_bytes, sizeof(j->evidence_bytes), q->evidence);
	return j;
}

struct job *
job_sign(unsigned worker, const struct hsm_ec_ref *key, const struct q_sign *q)
{
	struct job *j = job_new(JOB_SIGN, worker, NULL);

	if (!j)
		return NULL;
	set_asker(j, q->ref);
	j->key = *key;
	memcpy(j->digest, q->digest, sizeof(j->digest));
	return j;
}

static enum issue_proof
proof_of(enum q_proof p)
{
	switch (p) {
	case Q_BY_PSK:
		return PROOF_PSK;
	case Q_BY_CERTIFICATE:
		return PROOF_CERTIFICATE;
	case Q_BY_RAW_KEY:
		return PROOF_RAW_KEY;
	case Q_BY_NOTHING:
		break;
	}
	return PROOF_NONE;
}

/** Certificate and chain, or raw key; there may be none. */
static bool
keep_shown(struct job *j, const struct q_begin *q)
{
	size_t len = q->peer.len + q->chain.len;

	_Static_assert((int)QUESTION_PEER_MAX <= (int)ISSUE_PEER_MAX &&
		(int)QUESTION_CHAIN_MAX <= (int)ISSUE_CHAIN_MAX,
	    "what the worker may send is what is verified");
	if (len == 0)
		return true;
	j->shown = malloc(len);
	if (!j->shown)
		return false;
	j->request.peer = keep(j->shown, q->peer.len, q->peer);
	j->request.chain = keep(j->shown + q->peer.len, q->chain.len, q->chain);
	return true;
}

struct job *
job_begin(unsigned worker, struct issue_rules *rules, const struct q_begin *q)
{
	struct job *j = job_new(JOB_BEGIN, worker, rules);

	if (!j || !keep_shown(j, q)) {
		job_free(j);
		return NULL;
	}
	memcpy(j->request.session, q->session, SESSION_ID_LEN);
	j->request.proof = proof_of(q->proof);
	j->request.epoch = q->epoch;
	j->request.has_endpoint = q->has_endpoint;
	j->request.address = q->address;
	j->request.stream = q->stream;
	j->request.pct = q->pct;
	j->request.pack = q->pack;
	j->request.accept = q->accept;
	j->request.fresh = q->fresh;
	j->request.fault = q->fault;
	j->request.worker = worker;
	memcpy(j->push, q->push, sizeof(j->push));
	j->request.credential =
	    keep(j->credential, sizeof(j->credential), q->credential);
	j->request.endpoint =
	    keep(j->endpoint, sizeof(j->endpoint), q->endpoint);
	return j;
}

void
job_free(struct job *j)
{
	if (!j)
		return;
	secret_fini(&j->psk.key);
	doctor_free(j->doctor);
	issue_decision_fini(&j->decision);
	issue_rules_unref(j->rules);
	rollout_way_unref(j->way);
	free(j->shown);
	free(j);
}

/* The Finished has come with the identity: the key that opens it, if it is one
 * of those that are accepted; else the one whose turn it is. */
static enum rc
work_psk(const struct issuer *i, struct job *j)
{
	enum rc rc = RC_DENIED;

	if (j->way)
		return rollout_way_psk(j->way, i, j->request.credential,
		    j->first_epoch, j->attempt, j->evidence, &j->psk);
	if (j->evidence.len > 0)
		rc = issue_psk_by_evidence(i, j->request.credential,
		    j->first_epoch, j->evidence, &j->psk);
	if (rc == RC_DENIED)
		rc = issue_psk(i, j->request.credential, j->first_epoch,
		    j->attempt, &j->psk);
	return rc;
}

/* The key was one that is accepted, and was not given out: was it taken back?
 * Then another epoch's stands in for it. */
static enum rc
look_for_revocation(const struct issuer *i, struct job *j)
{
	uint32_t epoch = doctor_result(j->doctor)->epoch;
	struct issue_peer *peer = &j->psk.peer;
	enum rc rc = issue_psk(i, j->request.credential, epoch, 0, &j->psk);

	secret_fini(&j->psk.key);
	if (rc != RC_OK && rc != RC_NOT_FOUND)
		return rc;
	if (rc == RC_OK && j->psk.epoch != epoch)
		peer->why = REASON_REVOKED;
	j->psk.epoch = epoch;
	return RC_OK;
}

static enum rc
work_doctor(const struct issuer *i, struct job *j)
{
	const struct doctor_keys keys = doctor_keys_of(i->hsm);
	enum rc rc = RC_OK;

	if (!j->doctor)
		rc = doctor_new(issue_rules_set(j->rules),
		    j->request.credential, j->evidence, i->now_s, &j->doctor);
	if (rc == RC_OK)
		rc = doctor_step(j->doctor, &keys);
	if (rc == RC_OK && doctor_result(j->doctor)->verdict == DOCTOR_RIGHT)
		rc = look_for_revocation(i, j);
	return rc;
}

/* Which set decides? Where that cannot be found out, none does. */
static enum rc
choose_set(struct issuer *i, struct job *j)
{
	enum rc rc = RC_OK;

	if (j->way && !j->staged)
		rc = rollout_way_choose(j->way, i, &j->request, &j->staged);
	if (rc != RC_OK || !j->staged)
		return rc;
	issue_rules_unref(j->rules);
	j->rules = issue_rules_ref(rollout_way_candidate(j->way));
	j->request.rollout = rollout_way_id(j->way);
	j->request.rollout_stage = rollout_way_stage(j->way);
	i->rules = j->rules;
	return RC_OK;
}

static enum rc
work_begin(struct issuer *i, struct job *j)
{
	enum rc rc = choose_set(i, j);

	if (rc == RC_OK) {
		issue_begin(i, &j->request, &j->decision);
	} else {
		j->decision.peer.endpoint = j->request.endpoint;
		j->decision.reason = rc == RC_DB ? REASON_LEDGER_AWAY
		    : rc == RC_MEMORY            ? REASON_BUSY
						 : REASON_TOKEN_AWAY;
	}
	return j->decision.reason == REASON_TOKEN_AWAY ? RC_TOKEN : RC_OK;
}

enum rc
job_work(struct hsm_session *s, struct ledger *store, struct job *j)
{
	struct issuer issuer = {
	    .hsm = s,
	    .store = store,
	    .rules = j->rules,
	    .now_s = clock_wall_ms() / 1000,
	    .server_uri = j->server_uri,
	};

	/* who asked has given it up, or asked again: the token is not for it */
	if (j->kind != JOB_DOCTOR && clock_now_ms() >= j->expires_ms) {
		j->rc = RC_TIMEOUT;
		j->decision.reason = REASON_KEEPER_AWAY;
		return RC_OK;
	}
	switch (j->kind) {
	case JOB_PSK:
		j->rc = work_psk(&issuer, j);
		return j->rc;
	case JOB_SIGN:
		j->rc = hsm_ec_sign(s, &j->key, j->digest, j->signature);
		return j->rc;
	case JOB_DOCTOR:
		j->rc = work_doctor(&issuer, j);
		return j->rc;
	case JOB_BEGIN:
		break;
	}
	return work_begin(&issuer, j);
}
