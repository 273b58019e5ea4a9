/**
 * push_reason.h - every way in which a push does not reach its device: one
 * code, one sentence, one remedy, as bootstrap/reason.h has them for what comes
 * after. The ledger's rows `push_failed` and bootstrapctl show them.
 */
#ifndef BOOTSTRAPD_PUSH_REASON_H
#define BOOTSTRAPD_PUSH_REASON_H

enum push_reason {
	PUSH_UNKNOWN_ENDPOINT,
	PUSH_NO_SESSION, /**< wanted, and there is none */
	PUSH_NO_ADDRESS, /**< wanted, and none is known */
	PUSH_NOT_ADMITTED, /**< no `nosec` identity admits that address */
	PUSH_UNREACHABLE, /**< the probe was not answered */
	PUSH_NO_TRIGGER, /**< wanted, and its policy has none */
	PUSH_NO_WAY, /**< none of them */
	PUSH_TRIGGER_UNSAFE, /**< the endpoint cannot stand in the request */
	PUSH_TRIGGER_FAILED, /**< no server took it */
	PUSH_REFUSED, /**< the keeper's own decision, see bootstrap_refused */
	PUSH_UNDECIDED, /**< no worker came back with a beginning */
	PUSH_SUPERSEDED, /**< a newer push of the same device */
	PUSH_NO_REQUEST, /**< the device did not come within the window */
	PUSH_REASONS
};

/** "no-session": stable, for machines. */
const char *push_reason_code(enum push_reason r);
/** One sentence in plain words. */
const char *push_reason_sentence(enum push_reason r);
/** What to do about it. */
const char *push_reason_remedy(enum push_reason r);

#endif
