/* What is shown of a rollout. */
#include "control_client.h"

#include "rollout_run.h"

#include <stdarg.h>
#include <stdio.h>

PRINTF_LIKE(3, 4)
static void
put(struct reply *r, const char *key, const char *fmt, ...)
{
	char text[512], name[64];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	snprintf(name, sizeof(name), "rollout.%s", key);
	reply_str(r, name, text);
}

static void
put_number(struct reply *r, const char *key, uint64_t n)
{
	char name[64];

	snprintf(name, sizeof(name), "rollout.%s", key);
	reply_number(r, name, n);
}

static void
put_counts(
    struct reply *r, const char *of, const struct rollout_counts *c, bool rate)
{
	uint64_t ended = rollout_ended(c);
	char key[48];

	snprintf(key, sizeof(key), "%sok", of);
	put_number(r, key, c->ok);
	snprintf(key, sizeof(key), "%sfailed", of);
	put_number(r, key, c->failed);
	snprintf(key, sizeof(key), "%sunknown", of);
	put_number(r, key, c->unknown);
	if (!rate)
		return;
	snprintf(key, sizeof(key), "%ssuccess_rate", of);
	if (ended)
		put(r, key, "%.2f%%", 100.0 * (double)c->ok / (double)ended);
	else
		put(r, key, "-");
}

static void
put_share(struct reply *r, const char *key, uint32_t share)
{
	char text[ROLLOUT_SHARE_TEXT] = "";
	struct writer w;

	writer_init(&w, text, sizeof(text) - 1);
	share_print(&w, share);
	put(r, key, "%s", text);
}

static void
put_terms(struct reply *r, const struct rollout_run *run)
{
	char text[ROLLOUT_STAGES_TEXT] = "";
	struct writer w;

	writer_init(&w, text, sizeof(text) - 1);
	rollout_stages_print(&w, &run->terms);
	put(r, "stages", "%s", text);
	put_share(r, "success", run->terms.success);
	memset(text, 0, sizeof(text));
	writer_init(&w, text, sizeof(text) - 1);
	rollout_window_print(&w, run->terms.window_ms);
	put(r, "window", "%s", text);
	put_number(r, "minimum", run->terms.minimum);
	if (run->group.glob[0])
		put(r, "group", "%s", run->group.glob);
	if (run->group.policy[0])
		put(r, "policy", "%s", run->group.policy);
}

/** Where the stage stands, and what becomes of it. */
static void
put_stage(struct reply *r, const struct rollout_run *run, uint64_t now_ms)
{
	uint64_t passed = rollout_elapsed_ms(run, now_ms);
	const char *why;

	put(r, "stage", "%zu of %zu", run->stage + 1, run->terms.stage_count);
	put_share(r, "share", run->terms.stages[run->stage]);
	reply_time(r, "rollout.stage_began", run->stage_ms);
	put_counts(r, "", &run->given.now, true);
	if (run->halted) {
		put(r, "why", "%s", run->why);
		put(r, "remedy",
		    "look whether devices failed and why (`rollout` and "
		    "`reason` of the ledger's views `bootstraps` and "
		    "`refusals`), then `rollout resume` or `rollout revert`");
		return;
	}
	put_number(r, "window_left_s",
	    passed < run->terms.window_ms
		? (run->terms.window_ms - passed + 999) / 1000
		: 0);
	(void)rollout_judge(&run->terms, &run->given.now, passed, &why);
	put(r, "waits_for", "%s", why);
	put_number(r, "halts_at_failures_more",
	    rollout_spare(&run->terms, &run->given.now));
}

void
control_rollout_put(struct keeper *k, struct reply *r)
{
	const struct rollout_run *run = k->rollout;

	if (k->reverted) {
		put(r, "state", "reverted");
		reply_hex(r, "rollout.held_back",
		    span_of(k->reverted_set, DIGEST_LEN));
		put(r, "remedy",
		    "that set may still be on the disk: mend it, or "
		    "`bootstrapctl reload` to put it into force all the same");
		return;
	}
	if (!run)
		return;
	put(r, "state", run->halted ? "halted" : "running");
	reply_hex(r, "rollout.id", span_of(run->id, sizeof(run->id)));
	reply_hex(r, "rollout.candidate", span_of(run->next, DIGEST_LEN));
	if (run->warning[0])
		put(r, "warning", "%s", run->warning);
	put_stage(r, run, clock_now_ms());
	put_number(r, "waiting", rollout_waiting(k));
	put_counts(r, "others.", &run->others.now, true);
}

int
control_rollout_status(struct keeper *k, struct reply *r)
{
	const struct rollout_run *run = k->rollout;

	if (!run && !k->reverted) {
		put(r, "state", "none");
		return 0;
	}
	control_rollout_put(k, r);
	if (!run)
		return 0;
	reply_hex(r, "rollout.base", span_of(run->base, DIGEST_LEN));
	put_counts(r, "total.", &run->given.all, false);
	put_terms(r, run);
	reply_time(r, "rollout.started", run->started_ms);
	put(r, "started_by", "%s", run->by);
	return 0;
}
