/* `bootstrapctl rollout`: what an operator may do with one, and what is shown
 * of it. */
#include "control_client.h"

#include "base/text.h"
#include "check.h"
#include "rollout_run.h"

#include <stdio.h>
#include <stdlib.h>

enum { CODE_USAGE = 64, CODE_NONE = 66, CODE_LEDGER = 74 };

/* --- words ---------------------------------------------------------------- */

/** NAME=VALUE of a line, the value in JSON quotes. False: it is none. */
static bool
take_pair(struct span *rest, struct span *name, struct writer *value)
{
	const uint8_t *sign =
	    rest->len ? memchr(rest->p, '=', rest->len) : NULL;
	size_t at, end;

	if (!sign)
		return false;
	at = (size_t)(sign - rest->p);
	*name = span_of(rest->p, at);
	end = at + 2;
	if (end > rest->len || rest->p[at + 1] != '"')
		return false;
	while (end < rest->len && rest->p[end] != '"')
		end += rest->p[end] == '\\' ? 2 : 1;
	if (end >= rest->len ||
	    text_unquote(value, span_of(rest->p + at + 1, end - at)) != RC_OK)
		return false;
	*rest = span_from(*rest, end + 1);
	if (rest->len > 0 && rest->p[0] == ' ')
		*rest = span_from(*rest, 1);
	return true;
}

static bool
take_name(struct span value, char out[static ROLLOUT_NAME_MAX + 1])
{
	if (value.len == 0 || value.len > ROLLOUT_NAME_MAX ||
	    !text_utf8_valid(value))
		return false;
	memcpy(out, value.p, value.len);
	out[value.len] = '\0';
	return true;
}

static bool
take_id(struct span value, uint8_t id[static ROLLOUT_ID_LEN])
{
	struct writer w;

	writer_init(&w, id, ROLLOUT_ID_LEN);
	return text_unhex(&w, value) == RC_OK && w.len == ROLLOUT_ID_LEN;
}

/** One word of what is asked for. NULL: taken; else what is wrong. */
static const char *
take_term(struct rollout_run *run, struct span name, struct span value)
{
	uint64_t n;

	if (span_is(name, "stages"))
		return rollout_stages_read(value, &run->terms);
	if (span_is(name, "success"))
		return rollout_share_read(value, &run->terms.success)
		    ? NULL
		    : "--success is a share like 98%";
	if (span_is(name, "window"))
		return rollout_window_read(value, &run->terms.window_ms)
		    ? NULL
		    : "--window is a time like 90s, 5m, 1h or 2d";
	if (span_is(name, "group"))
		return take_name(value, run->group.glob)
		    ? NULL
		    : "--group is a glob of endpoints";
	if (span_is(name, "policy"))
		return take_name(value, run->group.policy)
		    ? NULL
		    : "--policy is the name of a policy";
	if (span_is(name, "id"))
		return take_id(value, run->id) ? NULL : "--id is 32 hex digits";
	if (!span_is(name, "minimum"))
		return "malformed";
	if (!span_decimal(value, ROLLOUT_MINIMUM_MAX, &n) || n == 0)
		return "--minimum is a number of devices, from 1";
	run->terms.minimum = (uint32_t)n;
	return NULL;
}

static const char *
take_terms(struct rollout_run *run, struct span arg)
{
	const char *fault = NULL;

	while (!fault && arg.len > 0) {
		uint8_t room[CONTROL_LINE_MAX];
		struct writer w;
		struct span name;

		writer_init(&w, room, sizeof(room));
		fault = take_pair(&arg, &name, &w)
		    ? take_term(run, name, writer_span(&w))
		    : "malformed";
	}
	return fault;
}

/* --- what may be done ----------------------------------------------------- */

static int
do_start(struct keeper *k, const char *by, struct span arg, struct reply *r)
{
	struct rollout_run *run;
	const char *fault;
	char first[512];
	bool known = false;
	enum rc rc;

	if (k->rollout)
		return reply_refuse(r, "a rollout is under way already",
		    "finish or revert it first", CODE_NONE);
	run = calloc(1, sizeof(*run));
	if (!run)
		return reply_refuse(
		    r, "out of memory", NULL, rc_exit(RC_MEMORY));
	run->terms = k->config->rollout;
	random_bytes(run->id, sizeof(run->id));
	fault = take_terms(run, arg);
	rc = fault ? RC_OK : rollout_known(k->ledger, run->id, &known);
	if (rc != RC_OK)
		fault = "the ledger cannot be read";
	else if (known)
		fault = "--id: the ledger has rows of that number already";
	if (fault) {
		rollout_free(run);
		return reply_refuse(
		    r, fault, NULL, rc == RC_OK ? CODE_USAGE : CODE_LEDGER);
	}
	rc = rollout_start(k, run, by, first, sizeof(first));
	if (rc == RC_OK)
		return control_rollout_status(k, r);
	reply_str(r, "refused", first);
	reply_str(r, "in_force", "the set that was loaded before");
	return check_exit(CHECK_POLICIES, rc);
}

static const struct {
	const char *name;
	enum rollout_move move;
	bool of_running, of_halted;
} moves[] = {
    {"next", MOVE_STAGE, true, true},
    {"halt", MOVE_HALT, true, false},
    {"resume", MOVE_RESUME, false, true},
    {"revert", MOVE_REVERT, true, true},
    {"finish", MOVE_FINISH, true, true},
};
enum { MOVES = sizeof(moves) / sizeof(moves[0]) };

static int
do_move(struct keeper *k, size_t n, const char *by, struct span arg,
    struct reply *r)
{
	const struct rollout_run *run = k->rollout;
	enum rollout_move move = moves[n].move;
	char why[ROLLOUT_WHY_MAX] = "asked";
	struct span name;
	struct writer w;
	enum rc rc;

	writer_init(&w, why, sizeof(why) - 1);
	if (arg.len > 0 &&
	    (!take_pair(&arg, &name, &w) || !span_is(name, "why") ||
		arg.len > 0))
		return reply_refuse(
		    r, "malformed, or --why is too long", NULL, CODE_USAGE);
	if (w.len > 0)
		why[w.len] = '\0';
	if (!run)
		return reply_refuse(
		    r, "no rollout is under way", NULL, CODE_NONE);
	if (run->halted ? !moves[n].of_halted : !moves[n].of_running)
		return reply_refuse(r,
		    run->halted ? "the rollout is halted already"
				: "the rollout is not halted",
		    NULL, CODE_NONE);
	if (move == MOVE_STAGE && run->stage + 1 == run->terms.stage_count)
		move = MOVE_FINISH;
	rc = rollout_go(k, move, by, why);
	if (rc != RC_OK)
		return reply_refuse(r,
		    "it could not be recorded: nothing has moved",
		    "see `bootstrapctl status`", CODE_LEDGER);
	if (k->rollout || k->reverted)
		return control_rollout_status(k, r);
	reply_str(r, "rollout.state", "finished");
	reply_hex(
	    r, "policies.set", span_of(k->policies.set->digest, DIGEST_LEN));
	return 0;
}

int
control_rollout(
    struct keeper *k, struct client *c, struct span arg, struct reply *r)
{
	const uint8_t *space = arg.len ? memchr(arg.p, ' ', arg.len) : NULL;
	struct span verb =
	    span_of(arg.p, space ? (size_t)(space - arg.p) : arg.len);
	char by[64];

	arg = span_from(arg, verb.len + (space != NULL));
	snprintf(by, sizeof(by), "bootstrapctl uid %u", (unsigned)c->uid);
	if (span_is(verb, "status"))
		return control_rollout_status(k, r);
	if (span_is(verb, "start"))
		return do_start(k, by, arg, r);
	for (size_t n = 0; n < MOVES; n++)
		if (span_is(verb, moves[n].name))
			return do_move(k, n, by, arg, r);
	return reply_refuse(r, "malformed", NULL, CODE_USAGE);
}
