#include "token.h"

#include "tool.h"

int
token_exit(enum rc rc, bool opening)
{
	switch ((int)rc) {
	case RC_CONFIG:
		return EX_CONFIG;
	case RC_CONFLICT:
		/* two tokens, or two keys, or a label that is taken */
		return opening ? EX_CONFIG : EX_CANTCREAT;
	case RC_NOT_FOUND:
	case RC_TOKEN:
	case RC_PIN:
	case RC_UNSUPPORTED:
		return EX_UNAVAILABLE;
	case RC_DENIED:
		return EX_NOPERM;
	default:
		return rc_exit(rc);
	}
}

static int
say(enum rc rc, const struct hsm_error *err, bool opening)
{
	if (!err->text[0])
		return tool_fault(rc, "token");
	return tool_error(
	    token_exit(rc, opening), err->remedy, "%s", err->text);
}

int
token_open(const struct settings *s, struct token *out)
{
	return token_open_config(&s->hsm, out);
}

int
token_open_config(const struct hsm_config *config, struct token *out)
{
	struct hsm_error err = {0};
	enum rc rc;

	*out = (struct token){0};
	rc = hsm_open(config, &out->hsm, &err);
	if (rc != RC_OK)
		return say(rc, &err, true);
	rc = hsm_session_take(out->hsm, &out->session, &err);
	if (rc != RC_OK) {
		token_close(out);
		return say(rc, &err, true);
	}
	return EX_OK;
}

void
token_close(struct token *t)
{
	if (t->session)
		hsm_session_give(t->session);
	if (t->hsm)
		hsm_close(t->hsm);
	*t = (struct token){0};
}

int
token_fault(const struct token *t, enum rc rc)
{
	return say(rc, hsm_session_error(t->session), false);
}
