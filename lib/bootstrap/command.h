/**
 * command.h - one step of a plan as one CoAP request: path, format, payload.
 * Internal to the session.
 */
#ifndef BOOTSTRAP_COMMAND_H
#define BOOTSTRAP_COMMAND_H

#include "bootstrap/session.h"

/** A command and the memory that its spans point into. */
struct command {
	struct session_command out;
	struct secret payload;
	char segments[4][8];
};

/**
 * Make the request of `step` in Content-Format `format`; `path` is the step's
 * with the chosen instance. Errors: RC_UNSUPPORTED, RC_MALFORMED (the format
 * cannot carry it), RC_TOO_LARGE, RC_MEMORY.
 */
MUST_CHECK enum rc command_make(struct command *c, const struct plan *plan,
    const struct plan_step *step, struct lwm2m_path path, int format);

/** A Delete of `path` that no plan holds: cleaning up after a failure. */
void command_delete(struct command *c, struct lwm2m_path path);

/** Wipes the payload. */
void command_fini(struct command *c);

#endif
