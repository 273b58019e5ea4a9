/*
 * policy plan: what other policies would do to the devices that the ledger
 * knows, before they do it.
 */
#include "../bootstrapd/config.h"
#include "base/share.h"
#include "explain.h"
#include "fleet.h"
#include "output.h"
#include "record.h"
#include "settings.h"
#include "tool.h"
#include "verbs.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	EX_CHANGES = 2, /**< there are changes, within the gate */
};

/** A number of devices, or a share of all. */
struct gate {
	bool given, share;
	uint64_t most; /**< devices; a share: of SHARE_WHOLE */
};

/** "1%", "0.25%", "500". */
static bool
parse_gate(const char *text, struct gate *out)
{
	struct span s = span_str(text);
	uint32_t share;

	*out = (struct gate){.given = true};
	if (s.len == 0 || s.p[s.len - 1] != '%')
		return span_decimal(s, INT64_MAX, &out->most);
	out->share = true;
	if (!share_parse(s, &share))
		return false;
	out->most = share;
	return true;
}

/** How many devices that is of all, rounded down. */
static uint64_t
most_of(const struct gate *g, uint64_t all)
{
	if (!g->given)
		return UINT64_MAX;
	if (!g->share)
		return g->most;
	/* no ledger has 2^40 devices */
	return all / SHARE_WHOLE * g->most +
	    all % SHARE_WHOLE * g->most / SHARE_WHOLE;
}

/* --- what it is decided with ---------------------------------------------- */

struct planning {
	const struct options *o;
	struct settings settings;
	struct gate gate;
	struct explain_files trust, crls;
	struct policy_set *set; /**< the new one */
	struct policy_set *before; /**< --before; NULL: not given */
	struct fleet_job job;
	struct output devices;
	bool writes_devices;
};

static int
cannot_be_used(struct diag *d, const char *path)
{
	struct quoted q;

	diag_sort(d);
	diag_print(d, stderr);
	return tool_error(EX_DATAERR, "mend what is named above",
	    "%s cannot be used", quote_str(&q, path));
}

static int
load_new(struct planning *p)
{
	const struct issue_rules_config config = {
	    .trust = p->trust.named,
	    .trust_count = p->trust.count,
	    .crls = p->crls.named,
	    .crl_count = p->crls.count,
	    .now_s = p->job.now_s,
	    .server_uri = p->job.server_uri,
	};
	const char *path = p->o->operands[0];
	struct diag *d = diag_new();
	enum rc rc = d ? policy_load(path, d, &p->set) : RC_MEMORY;
	int code = EX_OK;

	if (rc == RC_OK)
		rc = issue_rules_new(p->set,
		    p->job.config.daemon_known ? &config : NULL, d,
		    &p->job.rules);
	if (rc == RC_MEMORY)
		code = tool_fault(rc, "policies");
	else if (rc != RC_OK)
		code = cannot_be_used(d, path);
	diag_free(d);
	return code;
}

/** A folder that somebody still has of what is in force. */
static int
load_before(struct planning *p)
{
	struct diag *d = diag_new();
	enum rc rc = d ? policy_load(p->o->before, d, &p->before) : RC_MEMORY;
	int code = EX_OK;

	if (rc == RC_OK)
		rc = fleet_sets_add(p->job.sets, p->before);
	if (rc == RC_MEMORY)
		code = tool_fault(rc, "policies");
	else if (rc != RC_OK)
		code = cannot_be_used(d, p->o->before);
	diag_free(d);
	return code;
}

static int
read_daemon(struct planning *p)
{
	const struct config *c = p->settings.config;
	int code;

	if (!c)
		return EX_OK;
	p->job.config.daemon_known = true;
	p->job.server_uri = c->server_uri;
	code = explain_read(c->trust, c->trust_count, &p->trust);
	if (code == EX_OK)
		code = explain_read(c->crls, c->crl_count, &p->crls);
	return code;
}

static int
open_ledger(struct planning *p)
{
	struct ledger *l = NULL;
	struct quoted q;
	enum rc rc;
	int code = record_open(p->job.ledger, LEDGER_READ, &l);

	ledger_close(l);
	if (code != EX_OK)
		return code;
	rc = fleet_sets_open(p->job.ledger, &p->job.sets);
	if (rc == RC_MEMORY)
		return tool_fault(rc, "plan");
	if (rc != RC_OK)
		return tool_error(EX_IOERR, NULL, "%s cannot be read",
		    quote_str(&q, p->job.ledger));
	return EX_OK;
}

/* --- the file of devices -------------------------------------------------- */

static int
write_devices(void *ctx, struct span text)
{
	struct planning *p = ctx;

	return output_more(&p->devices, text);
}

static int
begin_devices(struct planning *p)
{
	const char *path = p->o->devices;
	int code;

	if (!path)
		return EX_OK;
	p->job.devices = true;
	/* the names of devices are nobody else's business */
	code = output_begin(&p->devices, path, p->o->force);
	p->writes_devices = true;
	if (code == EX_OK)
		code = output_more(&p->devices, span_str(fleet_csv_names));
	return code;
}

static int
end_devices(struct planning *p)
{
	int code;

	if (!p->o->devices)
		return EX_OK;
	code = output_write(&p->devices, span_of(NULL, 0));
	if (code == EX_OK)
		code = output_commit(&p->devices, span_of(NULL, 0));
	return code;
}

/* --- all of it ------------------------------------------------------------ */

/** Does the ledger say of itself what its rows say? */
static int
check_seen(const struct planning *p, const struct fleet_result *r)
{
	struct quoted q;

	if (r->seen == r->fleet.came && r->tally.unreadable == 0)
		return EX_OK;
	return tool_error(EX_DATAERR,
	    "run `provisioning-tool audit verify` on it",
	    "%s: of %llu devices %llu have no row that says how they came",
	    quote_str(&q, p->job.ledger), (unsigned long long)r->fleet.came,
	    (unsigned long long)(r->fleet.came - r->seen +
		r->tally.unreadable));
}

static int
judge(const struct planning *p, const struct fleet_result *r)
{
	uint64_t changes =
	    r->tally.counts[FLEET_CHANGED] + r->tally.counts[FLEET_REFUSED];
	uint64_t most = most_of(&p->gate, r->fleet.came);

	if (changes > most)
		return tool_error(EX_DATAERR,
		    "look at the changes; where they are meant, raise it",
		    "%llu of %llu devices change, above --max-change %s",
		    (unsigned long long)changes,
		    (unsigned long long)r->fleet.came, p->o->max_change);
	return changes > 0 ? EX_CHANGES : EX_OK;
}

static int
run(struct planning *p)
{
	struct fleet_result r;
	int code =
	    fleet_run(&p->job, p->job.devices ? write_devices : NULL, p, &r);

	if (code == EX_OK)
		code = check_seen(p, &r);
	if (code == EX_OK)
		code = end_devices(p);
	if (code == EX_OK)
		code = fleet_print(&(struct fleet_report){
		    .format = p->o->format,
		    .policies = p->o->operands[0],
		    .ledger = p->job.ledger,
		    .digest = p->set->digest,
		    .result = &r,
		});
	if (code == EX_OK)
		code = judge(p, &r);
	fleet_result_fini(&r);
	return code;
}

static int
check_options(const struct options *o, struct gate *gate)
{
	struct quoted q;

	if (o->max_change && !parse_gate(o->max_change, gate))
		return tool_error(EX_USAGE,
		    "a number of devices, or a share as in 1% or 0.5%",
		    "--max-change %s", quote_str(&q, o->max_change));
	if (o->devices && strcmp(o->devices, "-") == 0)
		return tool_error(EX_USAGE, "name a file",
		    "--devices -: standard output is for the report");
	return EX_OK;
}

int
policy_plan(const struct options *o)
{
	struct planning *p = calloc(1, sizeof(*p));
	int code;

	if (!p)
		return tool_fault(RC_MEMORY, "plan");
	p->o = o;
	p->devices.fd = -1;
	p->job.now_s = (int64_t)time(NULL);
	p->job.examples = (size_t)o->examples;
	code = check_options(o, &p->gate);
	if (code == EX_OK)
		code = settings_load(o, SETTINGS_AGAINST, &p->settings);
	if (code == EX_OK) {
		p->job.ledger = p->settings.ledger;
		code = read_daemon(p);
	}
	if (code == EX_OK)
		code = load_new(p);
	if (code == EX_OK)
		code = open_ledger(p);
	if (code == EX_OK && o->before)
		code = load_before(p);
	if (code == EX_OK)
		code = begin_devices(p);
	if (code == EX_OK)
		code = run(p);
	if (p->writes_devices)
		output_end(&p->devices);
	fleet_sets_close(p->job.sets);
	issue_rules_unref(p->job.rules);
	policy_set_unref(p->before);
	policy_set_unref(p->set);
	explain_files_fini(&p->trust);
	explain_files_fini(&p->crls);
	settings_fini(&p->settings);
	free(p);
	return code;
}
