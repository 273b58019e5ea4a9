#include "issue/history.h"

#include <stdio.h>

struct reading {
	struct issue_history *out;
	bool known;
	bool has_servers;
};

static bool
text(const struct ledger_row *row, const char *name, char *out, size_t cap)
{
	struct writer w;

	writer_init(&w, out, cap - 1);
	out[0] = '\0';
	if (!ledger_field(row, name, &w) || w.full)
		return false;
	out[w.len] = '\0';
	return true;
}

/** Newest first. */
static enum rc
take(void *ctx, const struct ledger_row *row)
{
	struct reading *r = ctx;
	struct issue_history *h = r->out;
	char outcome[16];

	if (span_is(row->kind, "bootstrap_begin")) {
		r->known = true;
		if (!r->has_servers)
			r->has_servers = text(
			    row, "servers", h->servers, sizeof(h->servers));
	} else if (span_is(row->kind, "bootstrap_end") &&
	    text(row, "outcome", outcome, sizeof(outcome)) &&
	    strcmp(outcome, "ok") == 0) {
		h->value.oks++;
	}
	return RC_OK;
}

enum rc
issue_history_read(struct ledger *store, struct span endpoint,
    struct issue_history *out, bool *known)
{
	const struct ledger_query q = {
	    .endpoint = endpoint, .newest_first = true};
	struct reading r = {.out = out};
	enum rc rc;

	out->value = (struct policy_history){0};
	out->servers[0] = '\0';
	rc = store ? ledger_read(store, &q, take, &r) : RC_OK;
	out->value.servers = span_str(out->servers);
	*known = r.known;
	return rc;
}

enum rc
issue_history_load(void *ctx, const char *server, uint64_t *devices)
{
	(void)ctx;
	(void)server;
	*devices = 0;
	return RC_OK;
}
