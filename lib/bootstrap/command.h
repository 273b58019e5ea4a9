/**
 * command.h - one step of a plan as one CoAP request: path, format, payload.
 * Internal to the session.
 */
#ifndef BOOTSTRAP_COMMAND_H
#define BOOTSTRAP_COMMAND_H

#include "bootstrap/resolve.h"
#include "bootstrap/session.h"

/** A command and the memory that its spans point into. */
struct command {
	struct session_command out;
	struct secret payload;
	char segments[4][8];
};

/**
 * Make the request of `step` in Content-Format `format` (of a Write; what a
 * Read asks for). A Write chooses its instances in `a`.
 * Errors: RC_CONFLICT (as resolve_write); RC_UNSUPPORTED, RC_MALFORMED (the
 * format cannot carry it); RC_TOO_LARGE (also: it needs blocks, and the device
 * takes none), RC_MEMORY.
 */
MUST_CHECK enum rc command_make(struct command *c, const struct plan *plan,
    struct accounts *a, const struct plan_step *step, int format);

/** A Delete of `path` that no plan holds: cleaning up after a failure. */
void command_delete(struct command *c, struct lwm2m_path path);

/** Wipes the payload. */
void command_fini(struct command *c);

#endif
