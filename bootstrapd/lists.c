/* Revocation lists grow old while nobody looks: said once each, when the time
 * of the next one has passed. */
#include "keeper_state.h"

#include "hsm/crl.h"

/** One walk over them. */
struct look {
	int64_t now_s, said_s; /**< older ones have been said */
	struct lists found;
};

static void
say(const struct crl *list)
{
	char next_update[25];
	uint8_t issuer[256];
	struct writer w;

	writer_init(&w, issuer, sizeof(issuer));
	cert_print_dn(list->issuer, &w);
	ledger_time(list->next_update_s * 1000, next_update);
	LOG(LOG_WARNING, "revocation_list_stale",
	    F_TEXT("issuer", writer_span(&w)),
	    F_TEXT("next_update", (const char *)next_update),
	    F_TEXT("remedy",
		"fetch or sign the next one: what this one lists stays "
		"refused, what was revoked since is not known"));
}

static enum rc
look_at(void *ctx, struct span der)
{
	struct look *l = ctx;
	struct der_fault fault;
	struct crl list;

	if (crl_parse(der, &list, &fault) != RC_OK)
		return RC_OK; /* it was read when it was loaded */
	if (list.next_update_s >= l->now_s) {
		if (list.next_update_s < l->found.until_s)
			l->found.until_s = list.next_update_s;
		return RC_OK;
	}
	l->found.stale++;
	if (list.next_update_s >= l->said_s)
		say(&list);
	return RC_OK;
}

void
lists_look(struct keeper *k, bool loaded)
{
	struct look l = {
	    .now_s = clock_wall_ms() / 1000,
	    .said_s = loaded ? 0 : k->lists.until_s,
	    .found.until_s = INT64_MAX,
	};

	/* they may be long: read again only when one has come of age */
	if (!loaded && l.now_s <= k->lists.until_s)
		return;
	(void)!issue_rules_crls(k->policies.rules, look_at, &l);
	k->lists = l.found;
}
