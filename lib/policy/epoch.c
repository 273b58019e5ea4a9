/*
 * epoch: which epochs of a master are accepted, and until when. The newest is
 * what devices are made with; an older one stays for those that are out there
 * already, and should end some day.
 */
#include "policy/instant.h"
#include "policy/load.h"

enum {
	DAY_S = 86400,
	SOON_S = 30 * DAY_S,
};

static void
read_until(const struct yaml_ctx *c, struct yaml_node *n, int64_t *out)
{
	int64_t begin_s, end_s;
	const char *text;

	if (!n || yaml_text(c, n, &text) != RC_OK)
		return;
	if (instant_parse(text, &begin_s, &end_s))
		*out = end_s;
	else
		yaml_error(c, n, "policy-until",
		    "%s is no date; one in UTC is expected, like 2027-03-31 "
		    "(that day "
		    "still counts) or 2027-03-31T12:00:00Z",
		    YAML_SHOW(n->text));
}

/* N, or {epoch: N, until: DATE}. True: both are set. */
static bool
read_one(const struct yaml_ctx *c, struct yaml_node *n, uint32_t *epoch,
    int64_t *until_s)
{
	bool good;

	*until_s = POLICY_FOREVER;
	if (n->kind != YAML_MAP)
		return load_epoch(c, n, epoch);
	good = load_epoch(c, yaml_need(c, n, "epoch"), epoch);
	read_until(c, yaml_get(n, "until"), until_s);
	yaml_rest(c, n, &grammar_epoch);
	return good;
}

static bool
is_there(const struct identity *id, uint32_t epoch)
{
	for (size_t i = 0; i < id->epoch_count; i++)
		if (id->epochs[i] == epoch)
			return true;
	return false;
}

/* What the dates mean today. `at` are the nodes of the epochs. */
static void
check_dates(const struct load *l, const struct yaml_ctx *c,
    struct yaml_node *const *at, struct yaml_node *n, const struct identity *id)
{
	uint32_t newest = 0;
	size_t past = 0;

	for (size_t i = 0; i < id->epoch_count; i++) {
		newest = id->epochs[i] > newest ? id->epochs[i] : newest;
		past += id->epoch_until_s[i] <= l->now_s;
	}
	if (past == id->epoch_count && past > 0) {
		yaml_report(c, DIAG_WARNING, n, "policy-epoch-past",
		    "out of date, every one: no device gets in by this "
		    "identity");
		return;
	}
	for (size_t i = 0; i < id->epoch_count; i++) {
		if (id->epoch_until_s[i] <= l->now_s)
			yaml_report(c, DIAG_WARNING, at[i], "policy-epoch-past",
			    "epoch %u is not accepted any more; take it out",
			    (unsigned)id->epochs[i]);
		else if (id->epoch_until_s[i] - l->now_s < SOON_S)
			yaml_report(c, DIAG_WARNING, at[i], "policy-epoch-soon",
			    "epoch %u is accepted for %lld more days; devices "
			    "that have not come with a newer one by then do "
			    "not get in",
			    (unsigned)id->epochs[i],
			    (long long)((id->epoch_until_s[i] - l->now_s) /
				DAY_S));
		else if (id->epoch_until_s[i] == POLICY_FOREVER &&
		    id->epochs[i] < newest)
			yaml_report(c, DIAG_WARNING, at[i], "policy-epoch-open",
			    "epoch %u is accepted for ever beside a newer one; "
			    "say until when: {epoch: %u, until: DATE}",
			    (unsigned)id->epochs[i], (unsigned)id->epochs[i]);
	}
}

void
load_epochs(const struct load *l, const struct yaml_ctx *c, struct yaml_node *n,
    struct identity *id)
{
	struct yaml_node *item, *at[POLICY_EPOCHS_MAX];
	size_t count;

	item = yaml_items(n, &count);
	if (count == 0 || count > POLICY_EPOCHS_MAX) {
		yaml_error(c, n, "policy-epochs",
		    "%zu epochs; 1 to %d are expected", count,
		    POLICY_EPOCHS_MAX);
		return;
	}
	for (; count > 0; count--, item = item->next) {
		uint32_t epoch;
		int64_t until_s;

		if (!read_one(c, item, &epoch, &until_s))
			continue;
		if (is_there(id, epoch)) {
			yaml_error(c, item, "policy-epochs",
			    "epoch %u is there already", (unsigned)epoch);
			continue;
		}
		at[id->epoch_count] = item;
		id->epochs[id->epoch_count] = epoch;
		id->epoch_until_s[id->epoch_count++] = until_s;
	}
	check_dates(l, c, at, n, id);
}
