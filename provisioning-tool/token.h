/**
 * token.h - the HSM, opened for one verb with one session. Every failure has
 * been said on stderr when the call returns.
 */
#ifndef TOOL_TOKEN_H
#define TOOL_TOKEN_H

#include "settings.h"

struct token {
	struct hsm *hsm;
	struct hsm_session *session;
};

/**
 * Load, find, log in once. Returns an exit code: EX_OK, EX_UNAVAILABLE (away,
 * or the PIN was refused), EX_CONFIG (module, URI or source of the PIN).
 */
MUST_CHECK int token_open(const struct settings *s, struct token *out);
/** The same of a token that other than the settings name. `config` is borrowed
 *  until token_close. */
MUST_CHECK int token_open_config(
    const struct hsm_config *config, struct token *out);
/** Harmless on a zero token, and twice. */
void token_close(struct token *t);

/** Say why the last call on the session failed. Returns the exit code. */
int token_fault(const struct token *t, enum rc rc);

/** The exit code for an error of the token; `opening`: of hsm_open. */
int token_exit(enum rc rc, bool opening);

#endif
