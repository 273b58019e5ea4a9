/* The devices of a rollout's stage, as the ledger tells of it. */
#include "base/loop.h"
#include "ctl_push.h"
#include "rollout_run.h"

#include <stdio.h>

enum { EXIT_INPUT = 66 };

static int
complain(const char *what, int code)
{
	fprintf(stderr, "bootstrapctl: %s\n", what);
	return code;
}

int
push_stage_open(struct push *p)
{
	struct rollout_told told;
	enum rc rc = rollout_read(p->ledger, clock_now_ms(), &told);

	if (rc != RC_OK)
		return complain("what the ledger tells of a rollout cannot be "
				"read",
		    rc_exit(rc));
	p->rollout = told.run;
	if (!told.run || told.last == MOVE_REVERT || told.last == MOVE_FINISH)
		return complain("no rollout is under way", EXIT_INPUT);
	if (told.run->halted)
		return complain("the rollout is halted: nobody else gets the "
				"candidate",
		    EXIT_INPUT);
	return 0;
}

bool
push_stage_has(const struct push *p, struct span endpoint, struct span policy)
{
	const struct rollout_run *r = p->rollout;

	return rollout_takes_part(
		   rollout_place(r->id, endpoint), r->terms.stages[r->stage]) &&
	    (!r->group.glob[0] || glob_match(r->group.glob, endpoint)) &&
	    (!r->group.policy[0] || span_is(policy, r->group.policy));
}

void
push_stage_close(struct push *p)
{
	rollout_free(p->rollout);
	p->rollout = NULL;
}
