/**
 * reason.h - every way a bootstrap can end: one code, one sentence, one
 * remedy. The ledger, the log and bootstrapctl show them; the device sees a
 * CoAP code at most.
 */
#ifndef BOOTSTRAP_REASON_H
#define BOOTSTRAP_REASON_H

#include <stdint.h>

enum reason {
	REASON_NONE, /**< the answer Finish got was 2.04: outcome ok */
	/* refused before a plan exists */
	REASON_NO_IDENTITY, /**< no identity document admits the peer */
	REASON_NO_POLICY, /**< proved who it is; no policy matches */
	REASON_ENDPOINT_MISMATCH, /**< `ep` is not what the credential proves */
	REASON_ENDPOINT_MISSING, /**< no `ep`, and the credential names none */
	REASON_REQUEST_MALFORMED, /**< query of the Bootstrap-Request */
	REASON_PCT_UNSUPPORTED, /**< `pct` names a format we do not write */
	REASON_BUSY, /**< session pool full, or draining */
	REASON_TOKEN_AWAY, /**< the HSM did not answer */
	REASON_KEEPER_AWAY, /**< no answer from the keeper in time */
	REASON_LEDGER_AWAY, /**< could not be recorded, so did not happen */
	REASON_PLAN_TOO_LARGE, /**< a step does not fit any message */
	REASON_RATE, /**< too many questions from this worker */
	REASON_REVOKED, /**< the credential was revoked */
	REASON_EXPIRED, /**< the certificate is not valid now */
	REASON_UNTRUSTED, /**< no trust anchor leads to the certificate */
	REASON_CERTIFICATE, /**< malformed, or not for this use */
	REASON_RAW_KEY, /**< a raw public key in no table */
	REASON_NO_CERTIFICATE, /**< the peer has shown none */
	REASON_CERTIFICATE_REFUSED, /**< ours for the device breaks a rule */
	REASON_KEY_MISSING, /**< not in the sealed store, or does not open */
	REASON_KEY_REVOKED, /**< of an account that the policy gives it */
	REASON_PACK_REFUSED, /**< the policy gives no Bootstrap-Pack */
	REASON_PACK_FORMAT, /**< a pack in no format that we write */
	REASON_ECHO_WANTED, /**< its address is to be shown first */
	REASON_TOO_OFTEN, /**< more bootstraps than one device may have */
	REASON_NOT_POSSIBLE, /**< the policy asks for what cannot be done */
	REASON_DENIED, /**< its policy says `deny:` */
	REASON_QUARANTINED, /**< its policy says `quarantine:` */
	REASON_PROVISIONED, /**< its policy says `reprovision: never` */
	REASON_NO_SERVER, /**< no server of a pool is for it */
	REASON_SERVERS_FULL, /**< those that it may have take no more */
	/* after a plan was issued */
	REASON_SUPERSEDED, /**< the device asked again */
	REASON_CANCELLED, /**< an operator, or the daemon stopping */
	REASON_WRITE_REFUSED,
	REASON_DELETE_REFUSED,
	REASON_FORMAT_REFUSED, /**< 4.15 in every format we have */
	REASON_FINISH_REFUSED, /**< 4.06 or another error to Finish */
	REASON_VERIFY_MISMATCH, /**< Discover shows other than was written */
	REASON_VERIFY_UNAVAILABLE, /**< the device does not answer Discover */
	REASON_NO_INSTANCE, /**< no /0 instance can be chosen safely */
	REASON_RESET, /**< RST to a command */
	REASON_BLOCK_FAILED, /**< block-wise transfer broke down */
	REASON_NO_ANSWER, /**< a command was never answered */
	REASON_DEADLINE, /**< the whole session took too long */
	REASON_PEER_GONE, /**< transport closed by the device */
	REASON_FINISH_UNANSWERED, /**< outcome unknown */
	REASON_PACK_SENT, /**< all of it was fetched: outcome unknown */
	REASON_PACK_UNFETCHED, /**< the device has not fetched all of it */
	REASON_WORKER_LOST, /**< the worker process died */
	REASON_DAEMON_LOST, /**< the daemon was killed */
	REASON_COUNT
};

/** "write-refused": stable, for machines. */
const char *reason_code(enum reason r);
/** One sentence in plain words. */
const char *reason_sentence(enum reason r);
/** What to do about it. */
const char *reason_remedy(enum reason r);

/** The CoAP code that a refused Bootstrap-Request is answered with
 *  (bootstrap.md 4.1, 11; RFC 9175; RFC 8516): 4.00, 4.01, 4.05, 4.06, 4.15,
 *  4.29 or 5.03. */
uint8_t reason_coap(enum reason r);

enum outcome {
	OUTCOME_OK,
	OUTCOME_FAILED,
	OUTCOME_UNKNOWN, /**< Finish went out, its answer was never seen */
};

/** "ok", "failed", "unknown". */
const char *outcome_name(enum outcome o);

#endif
