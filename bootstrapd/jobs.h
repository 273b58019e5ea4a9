/**
 * jobs.h - the keeper's questions to the HSM, each answered on one of a few
 * threads, so that a token of 50 ms a signature never stops the keeper's loop.
 *
 * A job is filled by the keeper, worked on by lib/issue in a thread, and comes
 * back through a descriptor. Only the keeper's thread writes to the ledger.
 */
#ifndef BOOTSTRAPD_JOBS_H
#define BOOTSTRAPD_JOBS_H

#include "base/table.h"
#include "config.h"
#include "issue/doctor.h"
#include "issue/issue.h"
#include "question.h"
#include "rollout_way.h"

enum job_kind {
	JOB_PSK,
	JOB_SIGN, /**< a handshake's signature, by a key of this server */
	JOB_BEGIN,
	JOB_DOCTOR, /**< when there is nothing else to do, one at a time */
};

/** Whose question it is; no padding, it is hashed as bytes. */
struct asker {
	uint64_t kind, ref, worker;
};

struct job {
	struct job *next;
	/* JOB_PSK, JOB_SIGN */
	struct table_item item; /**< of the keeper, by asker */
	struct asker asker;
	size_t crowd_slot; /**< of the source it came from */
	/* all */
	uint64_t expires_ms; /**< nobody waits then; not of JOB_DOCTOR */
	bool given_up; /**< asked anew since: its answer is not told */
	enum job_kind kind;
	unsigned worker;
	/** One reference, given back with the job; JOB_SIGN: none. JOB_BEGIN,
	 *  when it is done: of the set that has decided. */
	struct issue_rules *rules;
	/** JOB_PSK, JOB_BEGIN: what else may decide; one reference. NULL: no
	 *  rollout is under way. */
	struct rollout_way *way;
	bool staged; /**< JOB_BEGIN: the candidate of `way` has decided */
	bool recorded; /**< JOB_BEGIN: its row is in the group */
	/* what was asked; spans point into the arrays below */
	unsigned attempt; /**< JOB_PSK */
	uint32_t first_epoch; /**< JOB_PSK */
	struct issue_request request;
	bool again; /**< JOB_BEGIN: recorded before */
	/** JOB_BEGIN: the push that it is of; request.push points here. */
	uint8_t push[QUESTION_PUSH_LEN];
	/** enum push_way, of a session that the push itself began; 0: the device
	 *  asked. */
	unsigned push_way;
	bool push_recorded; /**< its row is in the group */
	/** JOB_BEGIN: another decision has made the same random key */
	bool conflicted, decided_twice;
	bool unwritable; /**< JOB_BEGIN: its rows are too large */
	/** JOB_BEGIN, when it asks too often: how long it is put off. */
	uint32_t wait_s;
	const char *server_uri; /**< as of struct issuer */
	uint8_t *shown; /**< JOB_BEGIN: certificate and chain, or raw key */
	struct hsm_ec_ref key; /**< JOB_SIGN */
	uint8_t digest[P256_DIGEST_LEN]; /**< JOB_SIGN */
	uint8_t credential[POLICY_ENDPOINT_MAX + 1];
	uint8_t endpoint[POLICY_ENDPOINT_MAX + 4];
	struct span evidence; /**< JOB_PSK: may be empty; JOB_DOCTOR */
	uint8_t evidence_bytes[EVIDENCE_BYTES_MAX];
	/* what came out */
	enum rc rc; /**< but of JOB_BEGIN */
	uint8_t signature[P256_SIGNATURE_LEN]; /**< JOB_SIGN */
	struct issue_psk_answer psk; /**< JOB_PSK; JOB_DOCTOR: why not */
	struct issue_decision decision; /**< JOB_BEGIN */
	struct doctor *doctor; /**< JOB_DOCTOR; its result when rc is RC_OK */
};

/** Owned. `rules` are borrowed: a reference is taken. NULL: out of memory. */
struct job *job_psk(
    unsigned worker, struct issue_rules *rules, const struct q_psk *q);
struct job *job_begin(
    unsigned worker, struct issue_rules *rules, const struct q_begin *q);
struct job *job_doctor(
    unsigned worker, struct issue_rules *rules, const struct q_evidence *q);
/** `key` is copied. NULL: out of memory. */
struct job *job_sign(
    unsigned worker, const struct hsm_ec_ref *key, const struct q_sign *q);
/** Work on it, with a connection to the ledger of this thread. RC_AGAIN: there
 *  is more to do. RC_TOKEN: the token is away. */
MUST_CHECK enum rc job_work(
    struct hsm_session *s, struct ledger *store, struct job *j);
/** Wipes what it holds. */
void job_free(struct job *j);

/** How the token is. */
struct token_health {
	bool ok;
	bool pin_refused; /**< for good: the daemon must end */
	uint64_t reopen_ms; /**< since when it is being reopened; 0: not */
	struct hsm_error error; /**< when not ok */
};

struct jobs;

/** Start `threads` of them over an open token, each with a connection of its
 *  own to read the ledger, for jobs of 1..WORKERS_MAX workers. `hsm` and
 *  `ledger` are borrowed until jobs_stop. Errors: RC_MEMORY, RC_IO, RC_TOKEN. */
MUST_CHECK enum rc jobs_start(struct hsm *hsm, const char *ledger,
    unsigned threads, unsigned workers, struct jobs **out);
/** Ends the threads; unfinished jobs are freed. False: a thread does not come
 *  back from the module, so nothing was freed, and only the process can end. */
bool jobs_stop(struct jobs *q, unsigned patience_s);

/** Readable when jobs are done: once, until jobs_heard. */
int jobs_fd(const struct jobs *q);
void jobs_heard(struct jobs *q);
/** Call as many threads as there are jobs that wait; returns how many wait.
 *  While the token is quick, jobs_put leaves that to whoever is awake: to be
 *  called from time to time as long as jobs wait. */
size_t jobs_hurry(struct jobs *q);
/** Takes the job. False (the job is freed): its worker has as many of
 *  its kind waiting as is its share. */
bool jobs_put(struct jobs *q, struct job *j);
/** All that are done, oldest first, a list by `next`; NULL: none. */
struct job *jobs_take(struct jobs *q);
/** How many wait or are worked on, of those that somebody waits for. */
size_t jobs_waiting(struct jobs *q);
void jobs_health(struct jobs *q, struct token_health *out);

#endif
