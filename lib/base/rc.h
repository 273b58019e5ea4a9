/**
 * rc.h - what can go wrong, in the words an operator can act on.
 *
 * Every function that can fail returns one of these and is MUST_CHECK. The
 * place that detects a fault logs it once, with the clause it enforces; all
 * callers above pass the code up in silence.
 */
#ifndef BASE_RC_H
#define BASE_RC_H

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

enum rc {
	RC_OK = 0,
	RC_AGAIN, /**< not now: wait for more input or for the deadline */
	RC_MALFORMED, /**< bytes that break the format's own rules */
	RC_TOO_LARGE, /**< well formed, beyond a limit of ours or the peer's */
	RC_UNSUPPORTED, /**< well formed, a feature that is not there */
	RC_NOT_FOUND, /**< the named thing does not exist */
	RC_CONFLICT, /**< exists already, or two that exclude each other */
	RC_DENIED, /**< policy or credential says no */
	RC_MEMORY, /**< out of memory, or of lockable memory */
	RC_FULL, /**< a pool, quota or disk has no space left */
	RC_IO, /**< a file or socket failed */
	RC_TOKEN, /**< the PKCS#11 token is away, or refuses */
	RC_PIN, /**< the token refused the PIN; never tried twice */
	RC_DB, /**< the ledger could not be read or written */
	RC_CONFIG, /**< configuration, policy or device list is wrong */
	RC_USAGE, /**< a command line is wrong */
	RC_TIMEOUT, /**< the peer, or a deadline of ours */
	RC_BUG, /**< cannot happen */
	RC_COUNT
};

/** Lower-case name with dashes, "too-large". Never NULL. */
const char *rc_name(enum rc rc);

/** The exit code of sysexits(3) that a program ends with for `rc`. */
int rc_exit(enum rc rc);

#endif
