/* Policies and the files of `server:` on their way into force: loaded whole,
 * checked against token and ledger, recorded, installed, or not at all. */
#include "loading.h"

#include "issue/kept.h"
#include "key_checks.h"

#include <stdio.h>

/** Those that comments silence are not for the log. */
static void
log_findings(struct diag *d)
{
	diag_settle(d, false);
	for (size_t i = 0; i < diag_total(d); i++) {
		const struct diag_finding *f = diag_get(d, i);

		if (f->silenced)
			continue;
		LOG(f->level == DIAG_ERROR ? LOG_ERROR : LOG_WARNING, "finding",
		    F_TEXT("file", f->file), F_INT("line", f->line),
		    F_INT("column", f->column), F_TEXT("code", f->code),
		    F_TEXT("text", f->text));
	}
}

static void
first_line(struct loading *l)
{
	for (size_t i = 0; i < diag_total(l->diag); i++) {
		const struct diag_finding *f = diag_get(l->diag, i);

		if (f->level != DIAG_ERROR)
			continue;
		/* 0: the file as a whole */
		if (f->line == 0)
			snprintf(l->first, l->cap, "%s: %s", f->file, f->text);
		else
			snprintf(l->first, l->cap, "%s:%u:%u: %s", f->file,
			    f->line, f->column, f->text);
		return;
	}
}

void
loading_fault(struct loading *l, const struct hsm_error *err)
{
	snprintf(l->first, l->cap, "%s; %s", err->text, err->remedy);
}

enum rc
loading_init(struct loading *l, char *first, size_t cap)
{
	*l = (struct loading){.showing.fd = -1, .first = first, .cap = cap};
	first[0] = '\0';
	l->diag = diag_new();
	return l->diag ? RC_OK : RC_MEMORY;
}

static const struct server_files *
files_of(const struct keeper *k, const struct loading *l)
{
	return l->files ? l->files : k->files;
}

static enum rc
loaded(struct loading *l, enum rc rc)
{
	if (rc != RC_OK) {
		log_findings(l->diag);
		first_line(l);
	}
	return rc;
}

/** Have enough people signed it, and is it no older one? */
static enum rc
check_signed(struct keeper *k, struct loading *l)
{
	const struct config *c = k->config;
	enum rc rc;

	if (!c->policy_trust.signers)
		return RC_OK;
	rc = signed_check(&c->policy_trust, c->policies, l->set,
	    clock_wall_ms() / 1000, l->diag, &l->signed_by);
	if (rc == RC_OK)
		rc = signed_serial_check(
		    k->ledger, c->policies, l->set, &l->signed_by, l->diag);
	return rc;
}

enum rc
loading_disk(struct keeper *k, struct loading *l)
{
	enum rc rc = policy_load(k->config->policies, l->diag, &l->set);

	if (rc == RC_OK)
		rc = check_signed(k, l);
	return loaded(l, rc);
}

/** One that is not on the disk: was it signed when it came? */
static enum rc
check_recorded(struct keeper *k, struct loading *l)
{
	struct signed_by by;
	enum rc rc;

	if (!k->config->policy_trust.signers)
		return RC_OK;
	rc = signed_recorded(k->ledger, l->set->digest, &by);
	if (rc != RC_OK || by.serial > 0)
		return rc;
	diag_add(l->diag, DIAG_ERROR, k->config->policies, 0, 0,
	    "policy-signed",
	    "a rollout left a set that the ledger knows no signatures of; "
	    "take `trust:` out until it is finished or reverted");
	return RC_CONFIG;
}

enum rc
loading_kept(struct keeper *k, struct loading *l,
    const uint8_t digest[static DIGEST_LEN])
{
	enum rc rc = issue_set_kept(k->ledger, digest, l->diag, &l->set);

	if (rc == RC_OK)
		rc = check_recorded(k, l);
	return loaded(l, rc);
}

enum rc
loading_files(struct keeper *k, struct loading *l)
{
	struct hsm_error err = {0};
	enum rc rc = server_files_load(k->config, NULL, &l->files, &err);

	if (rc != RC_OK)
		loading_fault(l, &err);
	return rc;
}

enum rc
loading_rules(const struct keeper *k, struct loading *l, struct policy_set *set,
    struct issue_rules **out)
{
	const struct server_files *f = files_of(k, l);
	const struct issue_rules_config config = {
	    .trust = f->trust,
	    .trust_count = f->trust_count,
	    .crls = f->crls,
	    .crl_count = f->crl_count,
	    .previous = k->policies.rules,
	    .now_s = clock_wall_ms() / 1000,
	    .server_uri = k->config->server_uri,
	    .of_daemon = true,
	};
	struct hsm_error err = {0};
	enum rc rc = issue_rules_new(set, &config, l->diag, out);

	log_findings(l->diag);
	first_line(l);
	if (rc == RC_OK)
		rc = server_files_apart(f, *out, &err);
	if (rc != RC_OK && err.text[0])
		loading_fault(l, &err);
	return rc;
}

enum rc
loading_keys(struct keeper *k, struct loading *l, const struct policy_set *set,
    const struct issue_rules *rules)
{
	struct hsm_error err = {0};
	const struct key_checks c = {
	    .hsm = k->hsm_session,
	    .ledger = k->ledger,
	    .token = hsm_token_name(k->hsm),
	    .record = true,
	    .set = set,
	    .err = &err,
	};
	enum rc rc = masters_check(&c, set);

	if (rc == RC_OK)
		rc = authorities_check(&c, rules);
	if (rc == RC_OK)
		rc = server_files_check(k->hsm_session, files_of(k, l), &err);
	if (rc != RC_OK)
		loading_fault(l, &err);
	return rc;
}

static bool
by_certificates(const struct policy_set *set)
{
	for (size_t i = 0; i < set->identity_count; i++)
		if (set->identities[i].kind == IDENTITY_CERTIFICATE ||
		    set->identities[i].kind == IDENTITY_RPK)
			return true;
	return false;
}

/** The certificates of this server, and their keys. */
static void
put_files(struct keeper *k, struct loading *l)
{
	if (!l->files)
		return;
	sign_keys_replace(k, l->files);
	server_files_free(k->files);
	k->files = l->files;
	l->files = NULL;
	memset(k->said, 0, sizeof(k->said));
}

/** Everything of `l` is the keeper's now; the workers will be told. */
static void
put_into_force(struct keeper *k, struct loading *l)
{
	issue_rules_unref(k->policies.rules);
	policy_set_unref(k->policies.set);
	k->policies.rules = l->rules;
	k->policies.set = l->set;
	put_files(k, l);
	showing_fini(&k->showing);
	l->showing.generation = k->showing.generation + 1;
	k->showing = l->showing;
	l->rules = NULL;
	l->set = NULL;
	l->showing.fd = -1;
	for (unsigned i = 0; i < k->args->link_count; i++)
		k->links[i].credentials_due = true;
	keeper_show(k);
	keeper_say_certificates(k);
	lists_look(k, true);
	if (k->files->cert_count == 0 && by_certificates(k->policies.set))
		LOG(LOG_WARNING, "no_server_certificate",
		    F_TEXT("remedy",
			"identities with certificates or raw public keys are "
			"of no use without `server:` in bootstrapd.yaml"));
}

enum rc
loading_install(struct keeper *k, struct loading *l, const char *by,
    bool policies, const struct ledger_event *also)
{
	const struct server_files *f = files_of(k, l);
	enum rc rc = showing_make(l->rules, l->candidate, f, &l->showing);

	/* one that was kept: as it was when it was signed */
	if (rc == RC_OK && policies && l->signed_by.serial == 0)
		rc = signed_recorded(k->ledger, l->set->digest, &l->signed_by);
	if (rc == RC_OK)
		rc = record_loaded(k, policies ? l->set : NULL, &l->signed_by,
		    f, &l->showing, by, also);
	if (rc != RC_OK)
		return rc;
	put_into_force(k, l);
	if (policies) {
		snprintf(k->policies.by, sizeof(k->policies.by), "%s", by);
		k->policies.signed_by = l->signed_by;
		k->policies.at_ms = clock_wall_ms();
		k->refused_load = (struct refused_load){0};
	}
	return RC_OK;
}

void
loading_fini(struct loading *l)
{
	issue_rules_unref(l->rules);
	issue_rules_unref(l->candidate);
	policy_set_unref(l->set);
	server_files_free(l->files);
	showing_fini(&l->showing);
	diag_free(l->diag);
}
