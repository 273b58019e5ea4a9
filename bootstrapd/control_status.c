/* `bootstrapctl status`: what the daemon is doing, and how it is. */
#include "control_client.h"

#include "build_config.h"
#include "jail.h"
#include "keeper_state.h"

#include <stdio.h>

static void
put_worker(struct reply *r, const struct link *l, uint64_t now_ms)
{
	char key[48];
	const struct {
		const char *name;
		uint64_t value;
	} all[] = {
	    {"sessions", l->stats.sessions},
	    {"peers", l->stats.peers},
	    {"handshakes_pending", l->stats.handshakes_pending},
	    {"hellos", l->stats.hellos},
	    {"established", l->stats.established},
	    {"handshakes_failed", l->stats.failed},
	    {"datagrams_in", l->stats.datagrams_in},
	    {"datagrams_out", l->stats.datagrams_out},
	    {"dropped", l->stats.dropped},
	    {"moved", l->stats.moved},
	};

	snprintf(key, sizeof(key), "worker.%u.seen_ms_ago", l->worker);
	if (l->stats_ms)
		reply_number(r, key, now_ms - l->stats_ms);
	else
		reply_str(r, key, "never");
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		snprintf(
		    key, sizeof(key), "worker.%u.%s", l->worker, all[i].name);
		reply_number(r, key, all[i].value);
	}
}

static void
put_health(struct reply *r, struct keeper *k)
{
	struct token_health token;

	jobs_health(k->jobs, &token);
	reply_str(
	    r, "health", token.ok && k->ledger_health.ok ? "ok" : "degraded");
	reply_str(r, "token", hsm_token_name(k->hsm));
	reply_str(r, "token.state", token.ok ? "ok" : "away");
	if (!token.ok) {
		reply_str(r, "token.error", token.error.text);
		reply_str(r, "token.remedy", token.error.remedy);
	}
	reply_str(r, "ledger", k->config->ledger);
	reply_str(r, "ledger.state", k->ledger_health.ok ? "ok" : "away");
	if (!k->ledger_health.ok) {
		reply_str(r, "ledger.error", k->ledger_health.text);
		reply_time(r, "ledger.since", k->ledger_health.since_ms);
	}
}

/** What is shown to devices, and until when it holds. */
static void
put_certificates(struct reply *r, const struct keeper *k)
{
	int64_t now_s = clock_wall_ms() / 1000;

	for (size_t i = 0; i < k->files->cert_count; i++) {
		const struct server_cert *c = &k->files->certs[i];
		char key[48];

		snprintf(key, sizeof(key), "server.%zu.certificate", i);
		reply_hex(r, key, span_of(c->sha256, DIGEST_LEN));
		snprintf(key, sizeof(key), "server.%zu.file", i);
		reply_str(r, key, c->path);
		snprintf(key, sizeof(key), "server.%zu.not_after", i);
		reply_time(r, key, c->cert.not_after_s * 1000);
		snprintf(key, sizeof(key), "server.%zu.state", i);
		reply_str(r, key, server_cert_state(c, now_s));
	}
	reply_number(r, "server.anchors", k->showing.anchors);
	reply_number(r, "server.crls", k->showing.crls);
	reply_number(r, "server.crls_stale", k->lists.stale);
	reply_number(r, "server.raw_keys", k->showing.raw_keys);
}

/** Which set is in force, since when and by whom; and what was not let in. */
static void
put_policies(struct reply *r, struct keeper *k)
{
	const struct policy_set *set = k->policies.set;
	const struct refused_load *refused = &k->refused_load;

	reply_hex(r, "policies.set", span_of(set->digest, DIGEST_LEN));
	reply_str(r, "policies.source", k->config->policies);
	reply_time(r, "policies.loaded", k->policies.at_ms);
	reply_str(r, "policies.loaded_by", k->policies.by);
	if (k->policies.signed_by.serial > 0) {
		reply_number(
		    r, "policies.serial", k->policies.signed_by.serial);
		reply_str(r, "policies.signers", k->policies.signed_by.text);
	}
	reply_number(r, "policies.identities", set->identity_count);
	reply_number(r, "policies.policies", set->policy_count);
	reply_number(
	    r, "policies.sessions_on_older_sets", sessions_on_older_sets(k));
	if (refused->at_ms == 0)
		return;
	reply_time(r, "policies.refused", refused->at_ms);
	reply_str(r, "policies.refused_by", refused->by);
	reply_number(r, "policies.refused_findings", refused->findings);
	reply_str(r, "policies.refused_first", refused->first);
}

void
control_status(struct keeper *k, struct reply *r)
{
	uint64_t now = clock_now_ms(), seq = 0;
	uint8_t head[DIGEST_LEN];

	reply_str(r, "version", PROJECT_VERSION);
	reply_str(r, "instance", k->args->instance);
	reply_number(r, "keeper.up_s", (now - k->started_ms) / 1000);
	reply_str(r, "jail", jail_name());
	put_health(r, k);
	put_policies(r, k);
	control_rollout_put(k, r);
	put_certificates(r, k);
	reply_number(r, "sessions", k->sessions.count);
	reply_number(r, "questions.waiting", jobs_waiting(k->jobs));
	if (ledger_head(k->ledger, &seq, head) == RC_OK) {
		reply_number(r, "ledger.rows", seq);
		reply_hex(r, "ledger.head", span_of(head, DIGEST_LEN));
	}
	for (unsigned i = 0; i < k->args->link_count; i++)
		put_worker(r, &k->links[i], now);
}
