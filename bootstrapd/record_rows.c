/* Rows that no session has, and how the ledger is. */
#include "keeper_state.h"

#include "issue/kept.h"

#include <stdio.h>

enum { FIELDS_MAX = 32 };

static const char set_field[] = "policy_set";
static const char another[] = "its path names another file, or none";

void
record_works(struct keeper *k)
{
	if (k->ledger_health.ok)
		return;
	LOG(LOG_NOTICE, "ledger_back", F_TEXT("ledger", k->config->ledger));
	k->ledger_health = (struct health){.ok = true};
	k->ledger_health.since_ms = clock_wall_ms();
}

void
record_fails(struct keeper *k, enum rc rc)
{
	bool replaced = ledger_replaced(k->ledger);

	if (k->ledger_gap_ms == 0)
		k->ledger_gap_ms = clock_wall_ms();
	if (k->ledger_health.ok) {
		k->ledger_health.ok = false;
		k->ledger_health.since_ms = clock_wall_ms();
		LOG(LOG_ERROR, "ledger_away",
		    F_TEXT("ledger", k->config->ledger),
		    F_TEXT("error", replaced ? another : rc_name(rc)),
		    F_TEXT("remedy",
			replaced
			    ? "put the file back that was there, or start the "
			      "daemon anew with the one that is; no "
			      "credential is handed out meanwhile"
			    : "make room on its disk or mend its permissions; "
			      "no credential is handed out meanwhile"));
	}
	snprintf(k->ledger_health.text, sizeof(k->ledger_health.text),
	    "cannot be written: %s", replaced ? another : rc_name(rc));
}

static bool
says_set(const struct ledger_event *e)
{
	for (size_t i = 0; i < e->field_count; i++)
		if (strcmp(e->fields[i].name, set_field) == 0)
			return true;
	return false;
}

enum rc
record_append(struct keeper *k, const struct ledger_event *e,
    const struct policy_set *set)
{
	struct ledger_event with = *e;
	struct field f[FIELDS_MAX];

	set = set ? set : k->policies.set;
	if (!set || says_set(e))
		return ledger_append(k->ledger, e, NULL);
	if (e->field_count >= FIELDS_MAX)
		return RC_BUG;
	if (e->field_count)
		memcpy(f, e->fields, e->field_count * sizeof(f[0]));
	f[e->field_count] =
	    F_BYTES(set_field, span_of(set->digest, DIGEST_LEN));
	with.fields = f;
	with.field_count++;
	return ledger_append(k->ledger, &with, NULL);
}

enum rc
record_but_too_large(enum rc rc, const char *kind)
{
	if (rc != RC_TOO_LARGE)
		return rc;
	LOG(LOG_ERROR, "row_too_large", F_TEXT("kind", kind),
	    F_TEXT("remedy",
		"names in the policies that are shorter; the row is left out"));
	return RC_OK;
}

enum rc
record_keeping(struct keeper *k, const struct policy_set *set,
    const struct ledger_event *events, size_t count)
{
	enum rc rc = ledger_begin(k->ledger);

	if (rc == RC_OK) {
		if (set)
			rc = issue_set_keep(k->ledger, set, NULL);
		for (size_t i = 0; rc == RC_OK && i < count; i++)
			rc = record_append(k, &events[i], NULL);
		if (rc == RC_OK)
			rc = ledger_commit(k->ledger);
		else
			ledger_rollback(k->ledger);
	}
	if (rc == RC_OK)
		record_works(k);
	else
		record_fails(k, rc);
	return rc;
}

enum rc
record_events(struct keeper *k, const struct ledger_event *events, size_t count)
{
	return record_keeping(k, NULL, events, count);
}

enum rc
record_event(struct keeper *k, const char *kind, const struct field *fields,
    size_t field_count)
{
	const struct ledger_event e = {
	    .kind = kind,
	    .fields = fields,
	    .field_count = field_count,
	};

	return record_events(k, &e, 1);
}

void
record_watch(struct keeper *k)
{
	if (k->ledger_health.ok && ledger_replaced(k->ledger))
		record_fails(k, RC_DB);
}

/**
 * Nobody may come for hours: whether there is room again is tried, by the row
 * that says since when there was none.
 */
void
record_gap(struct keeper *k)
{
	char since[25];
	struct field f[2];

	if (k->ledger_gap_ms == 0)
		return;
	ledger_time(k->ledger_gap_ms, since);
	f[0] = F_TEXT("since", (const char *)since);
	f[1] = F_TEXT("instance", k->args->instance);
	if (record_event(k, "ledger_back", f, sizeof(f) / sizeof(f[0])) !=
	    RC_OK)
		return;
	k->ledger_gap_ms = 0;
	record_soon(k);
}

static enum rc
append_handshakes(struct keeper *k, const struct link *l)
{
	const struct field f[] = {
	    F_INT("worker", l->worker),
	    F_TEXT("instance", k->args->instance),
	    F_INT("asked", l->asked),
	    F_INT("answered", l->answered),
	    F_INT("unknown", l->unknown),
	    F_INT("failed", l->failed),
	    F_INT("signatures", l->signatures),
	    F_INT("refusals_not_recorded", l->suppressed),
	};

	return record_append(k,
	    &(struct ledger_event){
		.kind = "handshakes",
		.fields = f,
		.field_count = sizeof(f) / sizeof(f[0]),
	    },
	    NULL);
}

static bool
had_handshakes(const struct link *l)
{
	return l->asked || l->failed || l->suppressed || l->signatures;
}

/** All workers' rows in one group: the wait for another process's lock is
 *  waited once. */
void
record_handshakes(struct keeper *k)
{
	bool any = false;
	enum rc rc;

	for (unsigned i = 0; i < k->args->link_count; i++)
		any |= had_handshakes(&k->links[i]);
	if (!any)
		return;
	rc = ledger_begin(k->ledger);
	for (unsigned i = 0; rc == RC_OK && i < k->args->link_count; i++)
		if (had_handshakes(&k->links[i]))
			rc = append_handshakes(k, &k->links[i]);
	if (rc == RC_OK)
		rc = ledger_commit(k->ledger);
	else
		ledger_rollback(k->ledger);
	if (rc != RC_OK) {
		record_fails(k, rc);
		return;
	}
	for (unsigned i = 0; i < k->args->link_count; i++) {
		struct link *l = &k->links[i];

		l->asked = l->answered = l->unknown = l->failed =
		    l->signatures = l->suppressed = 0;
	}
}
