/* A rollout that the ledger tells of, taken up again; and what one has taken
 * back, held back. */
#include "rollout_run.h"

#include "base/text.h"

#include <stdio.h>

static bool
same(const uint8_t a[static DIGEST_LEN], const uint8_t b[static DIGEST_LEN])
{
	return memcmp(a, b, DIGEST_LEN) == 0;
}

/** The digest of the policies on the disk; zeros: they have errors, which are
 *  logged. */
static void
look_at_disk(struct keeper *k, uint8_t digest[static DIGEST_LEN])
{
	char first[512];
	struct loading l;

	memset(digest, 0, DIGEST_LEN);
	if (loading_init(&l, first, sizeof(first)) == RC_OK &&
	    loading_disk(k, &l) == RC_OK)
		memcpy(digest, l.set->digest, DIGEST_LEN);
	loading_fini(&l);
}

/** What is in force comes out of the ledger, and nothing from the disk. */
static enum rc
load_kept(struct keeper *k, struct loading *l,
    const uint8_t digest[static DIGEST_LEN])
{
	enum rc rc = loading_kept(k, l, digest);

	if (rc == RC_NOT_FOUND || rc == RC_MALFORMED) {
		snprintf(l->first, l->cap,
		    "the set in force is not in the ledger as it was: restore "
		    "the ledger's file from its backup");
		return RC_CONFIG;
	}
	if (rc == RC_OK)
		rc = loading_files(k, l);
	if (rc == RC_OK)
		rc = loading_rules(k, l, l->set, &l->rules);
	if (rc == RC_OK)
		rc = loading_keys(k, l, l->set, l->rules);
	return rc;
}

static enum rc
load_kept_candidate(struct keeper *k, struct loading *l, struct rollout_run *r)
{
	struct policy_set *base = l->set;
	enum rc rc;

	l->set = NULL;
	rc = loading_kept(k, l, r->next);
	if (rc == RC_OK)
		rc = loading_rules(k, l, l->set, &l->candidate);
	if (rc == RC_OK)
		rc = loading_keys(k, l, l->set, l->candidate);
	r->set = l->set;
	l->set = base;
	return rc;
}

static enum rc
take_up(
    struct keeper *k, struct loading *l, struct rollout_run *r, const char *by)
{
	uint8_t disk[DIGEST_LEN];
	enum rc rc = load_kept(k, l, r->base);

	if (rc == RC_OK)
		rc = load_kept_candidate(k, l, r);
	if (rc == RC_OK)
		rc = rollout_recount(k->ledger, r);
	if (rc != RC_OK)
		return rc;
	r->candidate = issue_rules_ref(l->candidate);
	rc = rollout_renew_way(r);
	if (rc == RC_OK)
		rc = loading_install(k, l, by, true, NULL);
	if (rc != RC_OK)
		return rc;
	k->rollout = r;
	rollout_no_return(
	    k->policies.set, r->set, r->warning, sizeof(r->warning));
	look_at_disk(k, disk);
	LOG(LOG_NOTICE, "rollout_goes_on",
	    F_BYTES("rollout", span_of(r->id, sizeof(r->id))),
	    F_INT("stage", r->stage + 1), F_BOOL("halted", r->halted),
	    F_INT("window_passed_ms", rollout_elapsed_ms(r, clock_now_ms())));
	if (!same(disk, r->next))
		LOG(LOG_WARNING, "rollout_other_policies",
		    F_TEXT("source", k->config->policies),
		    F_TEXT("remedy",
			"they are not the candidate of the rollout that is "
			"under way, and are not looked at until it is over"));
	if (r->halted)
		keeper_note(k, KEEPER_HALTED);
	return RC_OK;
}

static enum rc
take_loaded(void *ctx, const struct ledger_row *row)
{
	char hex[2 * DIGEST_LEN + 1] = "";
	struct writer text, bytes;

	writer_init(&text, hex, sizeof(hex) - 1);
	writer_init(&bytes, ctx, DIGEST_LEN);
	if (!ledger_field(row, "policy_set", &text) ||
	    text_unhex(&bytes, writer_span(&text)) != RC_OK)
		memset(ctx, 0, DIGEST_LEN);
	return RC_OK;
}

/** The disk still has what was taken back, and nobody has reloaded it: what was
 *  in force last stays so. */
static enum rc
hold_back(struct keeper *k, struct loading *l, const struct rollout_run *r,
    const char *by, bool *done)
{
	const struct ledger_query q = {
	    .kind = SPAN_LIT("policies_loaded"),
	    .newest_first = true,
	    .limit = 1,
	};
	uint8_t disk[DIGEST_LEN], last[DIGEST_LEN] = {0};
	enum rc rc = ledger_read(k->ledger, &q, take_loaded, last);

	if (rc != RC_OK)
		return rc;
	look_at_disk(k, disk);
	if (!same(disk, r->next) || same(last, r->next))
		return RC_OK;
	*done = true;
	rc = load_kept(k, l, last);
	if (rc == RC_OK)
		rc = loading_install(k, l, by, true, NULL);
	if (rc != RC_OK)
		return rc;
	k->reverted = true;
	memcpy(k->reverted_set, r->next, DIGEST_LEN);
	LOG(LOG_WARNING, "policies_held_back",
	    F_TEXT("source", k->config->policies),
	    F_BYTES("policy_set", span_of(disk, sizeof(disk))),
	    F_TEXT("remedy",
		"a rollout of them was reverted, and what was in force before "
		"stays so; mend them, or `bootstrapctl reload` to have them "
		"all the same"));
	return RC_OK;
}

enum rc
rollout_restore(
    struct keeper *k, const char *by, char *first, size_t cap, bool *done)
{
	struct rollout_told told = {0};
	struct loading l;
	enum rc rc = loading_init(&l, first, cap);

	*done = false;
	if (rc == RC_OK)
		rc = rollout_read(k->ledger, clock_now_ms(), &told);
	if (rc == RC_OK && told.run && told.last == MOVE_REVERT) {
		rc = hold_back(k, &l, told.run, by, done);
	} else if (rc == RC_OK && told.run && told.last != MOVE_FINISH) {
		*done = true;
		rc = take_up(k, &l, told.run, by);
	}
	if (rc != RC_OK && first[0] == '\0')
		snprintf(first, cap, "what the ledger tells of a rollout: %s",
		    rc_name(rc));
	if (told.run != k->rollout)
		rollout_free(told.run);
	loading_fini(&l);
	return rc;
}
