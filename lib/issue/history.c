#include "issue/history.h"

enum rc
issue_history_read(struct ledger *store, struct span endpoint,
    struct issue_history *out, bool *known)
{
	struct ledger_history h;
	enum rc rc;

	out->value = (struct policy_history){0};
	*known = false;
	if (!store)
		return RC_OK;
	rc = ledger_history(
	    store, endpoint, &h, out->servers, sizeof(out->servers));
	if (rc == RC_NOT_FOUND)
		return RC_OK;
	if (rc)
		return rc;
	*known = true;
	out->value = (struct policy_history){
	    .oks = h.oks,
	    .turn = h.turn,
	    .released = h.released,
	    .servers = h.servers,
	};
	return RC_OK;
}

enum rc
issue_history_load(void *ctx, const char *server, uint64_t *devices)
{
	return ledger_placement(ctx, server, devices);
}
