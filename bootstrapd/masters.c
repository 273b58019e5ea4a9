/* Are these the secret keys that the policies and the ledger mean? */
#include "key_checks.h"

#include <stdio.h>
#include <stdlib.h>

/** What would be lost with another master than the one that is known. */
static const char *const lost =
    "every key minted under the old master would be lost otherwise";

static enum rc
check_one(void *ctx, const char *label)
{
	const struct key_checks *c = ctx;
	uint8_t value[HSM_KCV_LEN];
	enum rc rc = hsm_key_check(c->hsm, label, value);

	if (rc == RC_OK)
		return key_check(c, label, span_of(value, sizeof(value)), lost);
	*c->err = *hsm_session_error(c->hsm);
	return rc;
}

/** Labels of the store's keys, each once. */
struct labels {
	size_t count;
	char list[64][HSM_LABEL_MAX + 1];
};

static enum rc
note(void *ctx, const struct ledger_collection *c)
{
	struct labels *l = ctx;

	for (size_t i = 0; i < l->count; i++)
		if (span_is(c->master, l->list[i]))
			return RC_OK;
	if (l->count == sizeof(l->list) / sizeof(l->list[0]) ||
	    c->master.len > HSM_LABEL_MAX)
		return RC_TOO_LARGE;
	snprintf(l->list[l->count++], sizeof(l->list[0]), "%.*s",
	    SPAN_FMT(c->master));
	return RC_OK;
}

/** What is sealed already opens with its own key alone. */
static enum rc
check_store(const struct key_checks *c)
{
	struct labels *l = calloc(1, sizeof(*l));
	enum rc rc = l ? RC_OK : RC_MEMORY;

	if (rc == RC_OK)
		rc = ledger_collections(c->ledger, note, l);
	for (size_t i = 0; rc == RC_OK && i < l->count; i++) {
		struct key_checks copy = *c;

		rc = check_one(&copy, l->list[i]);
	}
	free(l);
	return rc;
}

enum rc
masters_check(const struct key_checks *c, const struct policy_set *set)
{
	struct key_checks copy = *c;
	enum rc rc;

	*c->err = (struct hsm_error){0};
	rc = policy_masters(set, check_one, &copy);
	if (rc == RC_OK && c->ledger)
		rc = check_store(c);
	if (rc != RC_OK && c->err->text[0] == '\0') {
		snprintf(c->err->text, sizeof(c->err->text),
		    "key check values: the ledger cannot be used: %s",
		    rc_name(rc));
		snprintf(c->err->remedy, sizeof(c->err->remedy),
		    "see that its file and folder can be written");
	}
	return rc;
}
