/* A rollout's two sets, on their way in and out of force. */
#include "rollout_run.h"

#include "base/text.h"
#include "issue/kept.h"

#include <stdio.h>

static bool
same(const uint8_t a[static DIGEST_LEN], const uint8_t b[static DIGEST_LEN])
{
	return memcmp(a, b, DIGEST_LEN) == 0;
}

static void
say_first(struct loading *l, const char *text)
{
	snprintf(l->first, l->cap, "%s", text);
}

/* --- start ---------------------------------------------------------------- */

/** Whoever has to take it up again after a restart has the ledger alone. */
static enum rc
keep_both(struct keeper *k, struct loading *l)
{
	bool kept = false;
	enum rc rc = ledger_blob_has(k->ledger, k->policies.set->digest);

	if (rc == RC_NOT_FOUND) {
		say_first(l,
		    "the set in force is not kept in the ledger (it is too "
		    "large, or was loaded by an older version): there would be "
		    "no way back to it; `bootstrapctl reload` it first");
		return RC_CONFIG;
	}
	if (rc == RC_OK)
		rc = ledger_begin(k->ledger);
	if (rc == RC_OK) {
		rc = issue_set_keep(k->ledger, l->set, &kept);
		if (rc == RC_OK && kept)
			rc = ledger_commit(k->ledger);
		else
			ledger_rollback(k->ledger);
	}
	if (rc == RC_OK && !kept) {
		say_first(l,
		    "the new set is too large to be kept in the ledger, "
		    "without which no rollout survives a restart");
		return RC_CONFIG;
	}
	if (rc != RC_OK)
		record_fails(k, rc);
	return rc;
}

static bool
has_policy(const struct policy_set *set, const char *name)
{
	for (size_t i = 0; i < set->policy_count; i++)
		if (strcmp(set->policies[i].name, name) == 0)
			return true;
	return false;
}

static enum rc
check_change(struct keeper *k, struct loading *l, const struct rollout_run *r)
{
	const char *name = r->group.policy;

	if (same(l->set->digest, k->policies.set->digest)) {
		say_first(l,
		    "the policies on the disk are those in force: there is "
		    "nothing to roll out");
		return RC_CONFIG;
	}
	if (name[0] && !has_policy(l->set, name) &&
	    !has_policy(k->policies.set, name)) {
		say_first(l, "--policy: neither set has a policy of that name");
		return RC_CONFIG;
	}
	return rollout_keys_apart(k->policies.set, l->set, l->first, l->cap)
	    ? RC_OK
	    : RC_CONFIG;
}

/** From the disk: checked as a reload is. */
static enum rc
load_candidate(struct keeper *k, struct loading *l, struct rollout_run *r)
{
	enum rc rc = loading_disk(k, l);

	if (rc == RC_OK)
		rc = check_change(k, l, r);
	if (rc == RC_OK)
		rc = loading_rules(k, l, l->set, &l->candidate);
	if (rc == RC_OK)
		rc = loading_keys(k, l, l->set, l->candidate);
	if (rc == RC_OK)
		rc = keep_both(k, l);
	if (rc != RC_OK)
		return rc;
	memcpy(r->base, k->policies.set->digest, DIGEST_LEN);
	memcpy(r->next, l->set->digest, DIGEST_LEN);
	r->candidate = issue_rules_ref(l->candidate);
	r->set = policy_set_ref(l->set);
	rollout_no_return(
	    k->policies.set, r->set, r->warning, sizeof(r->warning));
	return rollout_renew_way(r);
}

/** What is in force stays so. */
static void
take_force(struct keeper *k, struct loading *l)
{
	policy_set_unref(l->set);
	l->set = policy_set_ref(k->policies.set);
	l->rules = issue_rules_ref(k->policies.rules);
}

enum rc
rollout_start(struct keeper *k, struct rollout_run *r, const char *by,
    char *first, size_t cap)
{
	struct rollout_row row;
	struct loading l;
	enum rc rc = loading_init(&l, first, cap);

	tally_init(&r->given);
	tally_init(&r->others);
	if (rc == RC_OK)
		rc = load_candidate(k, &l, r);
	if (rc == RC_OK) {
		take_force(k, &l);
		rollout_row(&row, k, r, MOVE_START, by, "asked");
		row.event.field_count += signed_fields(
		    &l.signed_by, row.fields + row.event.field_count);
		rc = loading_install(k, &l, by, false, &row.event);
	}
	if (rc != RC_OK)
		keeper_refuse(k, &l, by, rc);
	loading_fini(&l);
	if (rc != RC_OK) {
		rollout_free(r);
		return rc;
	}
	snprintf(r->by, sizeof(r->by), "%s", by);
	r->started_ms = r->stage_ms = clock_wall_ms();
	r->began_ms = clock_now_ms();
	k->rollout = r;
	k->reverted = false;
	log_event(
	    LOG_NOTICE, row.event.kind, row.fields, row.event.field_count);
	if (r->warning[0])
		LOG(LOG_WARNING, "rollout_no_return",
		    F_TEXT("warning", (const char *)r->warning));
	return RC_OK;
}

/* --- end ------------------------------------------------------------------ */

enum rc
rollout_settle(struct keeper *k, enum rollout_move move, const char *by,
    const struct ledger_event *row)
{
	struct rollout_run *r = k->rollout;
	char first[512];
	struct loading l;
	enum rc rc = loading_init(&l, first, sizeof(first));

	if (rc == RC_OK) {
		l.rules = issue_rules_ref(
		    move == MOVE_FINISH ? r->candidate : k->policies.rules);
		l.set = policy_set_ref(
		    move == MOVE_FINISH ? r->set : k->policies.set);
		rc = loading_install(k, &l, by, move == MOVE_FINISH, row);
	}
	loading_fini(&l);
	if (rc != RC_OK)
		return rc;
	k->reverted = move == MOVE_REVERT;
	memcpy(k->reverted_set, r->next, DIGEST_LEN);
	k->rollout = NULL;
	return RC_OK;
}

void
rollout_forget_reverted(struct keeper *k)
{
	k->reverted = false;
}

/* --- while it is under way ------------------------------------------------ */

enum rc
rollout_load_same(struct keeper *k, struct loading *l)
{
	return loading_rules(k, l, k->rollout->set, &l->candidate);
}

enum rc
rollout_installed(struct keeper *k, struct loading *l)
{
	struct rollout_run *r = k->rollout;
	struct issue_rules *old = r->candidate;
	enum rc rc;

	r->candidate = l->candidate;
	rc = rollout_renew_way(r);
	if (rc == RC_OK)
		l->candidate = old;
	else
		r->candidate = old;
	return rc;
}

enum rc
rollout_reload(struct keeper *k, struct loading *l, const char *by)
{
	enum rc rc = loading_disk(k, l);

	if (rc == RC_OK && !same(l->set->digest, k->rollout->next)) {
		say_first(l,
		    "a rollout is under way, and the policies on the disk are "
		    "not its candidate: `bootstrapctl rollout finish` or "
		    "`rollout revert` it first");
		return RC_CONFIG;
	}
	/* then there are the files of `server:` to be loaded again */
	if (rc == RC_OK)
		rc = loading_files(k, l);
	if (rc == RC_OK)
		rc = keeper_reload_files(k, l, by);
	return rc;
}
