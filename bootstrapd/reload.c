/* Policies, and the files of `server:`: loaded whole, checked against token and
 * ledger, and put into force, or not at all. */
#include "keeper_state.h"

#include "base/text.h"
#include "key_checks.h"
#include "link.h"

#include <stdio.h>
#include <stdlib.h>

/** What is about to be put into force. */
struct loading {
	struct policy_set *set; /**< one reference */
	struct issue_rules *rules;
	struct server_files *files;
	struct showing showing;
	struct diag *diag;
	char *first; /**< one line for people */
	size_t cap;
};

static void
log_findings(const struct diag *d)
{
	for (size_t i = 0; i < diag_total(d); i++) {
		const struct diag_finding *f = diag_get(d, i);

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
		snprintf(l->first, l->cap, "%s:%u:%u: %s", f->file, f->line,
		    f->column, f->text);
		return;
	}
}

static void
hex_digest(const uint8_t digest[static DIGEST_LEN], char out[static 65])
{
	struct writer w;

	writer_init(&w, out, 64);
	text_hex(&w, span_of(digest, DIGEST_LEN));
	out[64] = '\0';
}

static void
fault(struct loading *l, const struct hsm_error *err)
{
	snprintf(l->first, l->cap, "%s; %s", err->text, err->remedy);
}

static enum rc
load_rules(const struct keeper *k, struct loading *l)
{
	const struct issue_rules_config config = {
	    .trust = l->files->trust,
	    .trust_count = l->files->trust_count,
	    .crls = l->files->crls,
	    .crl_count = l->files->crl_count,
	    .previous = k->policies.rules,
	    .now_s = clock_wall_ms() / 1000,
	    .server_uri = k->config->server_uri,
	    .of_daemon = true,
	};
	struct hsm_error err = {0};
	enum rc rc = issue_rules_new(l->set, &config, l->diag, &l->rules);

	log_findings(l->diag);
	first_line(l);
	if (rc == RC_OK)
		rc = server_files_apart(l->files, l->rules, &err);
	if (rc != RC_OK && err.text[0])
		fault(l, &err);
	return rc;
}

static enum rc
load(struct keeper *k, struct loading *l)
{
	struct hsm_error err = {0};
	enum rc rc = policy_load(k->config->policies, l->diag, &l->set);

	if (rc != RC_OK) {
		log_findings(l->diag);
		first_line(l);
		return rc;
	}
	rc = server_files_load(k->config, NULL, &l->files, &err);
	if (rc != RC_OK)
		fault(l, &err);
	return rc == RC_OK ? load_rules(k, l) : rc;
}

/** Are the keys those that are meant? */
static enum rc
check_keys(struct keeper *k, struct loading *l)
{
	struct hsm_error err = {0};
	const struct key_checks c = {
	    .hsm = k->hsm_session,
	    .ledger = k->ledger,
	    .token = hsm_token_name(k->hsm),
	    .record = true,
	    .set = l->set,
	    .err = &err,
	};
	enum rc rc = masters_check(&c, l->set);

	if (rc == RC_OK)
		rc = authorities_check(&c, l->rules);
	if (rc == RC_OK)
		rc = server_files_check(k->hsm_session, l->files, &err);
	if (rc != RC_OK)
		fault(l, &err);
	return rc;
}

void
keeper_show(struct keeper *k)
{
	struct question q = {.kind = Q_CREDENTIALS};

	q.credentials.len = k->showing.len;
	q.credentials.generation = k->showing.generation;
	for (unsigned i = 0; i < k->args->link_count; i++) {
		struct link *l = &k->links[i];

		/* a full link is tried again by the next tick */
		if (l->credentials_due &&
		    link_send_with(l->fd, &q, k->showing.fd) == RC_OK)
			l->credentials_due = false;
	}
}

void
keeper_say_certificates(struct keeper *k)
{
	const struct server_files *f = k->files;
	int64_t now_s = clock_wall_ms() / 1000;

	for (size_t i = 0; i < f->cert_count; i++) {
		const char *state = server_cert_state(&f->certs[i], now_s);
		char fingerprint[65], not_after[25];

		if (k->said[i] == state)
			continue;
		k->said[i] = state;
		hex_digest(f->certs[i].sha256, fingerprint);
		ledger_time(f->certs[i].cert.not_after_s * 1000, not_after);
		LOG(strcmp(state, "ok") == 0 ? LOG_INFO : LOG_WARNING,
		    "server_certificate", F_TEXT("file", f->certs[i].path),
		    F_TEXT("fingerprint", (const char *)fingerprint),
		    F_TEXT("not_after", (const char *)not_after),
		    F_TEXT("state", state));
	}
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

/** Everything of `l` is the keeper's now; the workers will be told. */
static void
put_into_force(struct keeper *k, struct loading *l, const char *by)
{
	issue_rules_unref(k->policies.rules);
	policy_set_unref(k->policies.set);
	k->policies.rules = l->rules;
	k->policies.set = l->set;
	sign_keys_replace(k, l->files);
	server_files_free(k->files);
	k->files = l->files;
	showing_fini(&k->showing);
	l->showing.generation = k->showing.generation + 1;
	k->showing = l->showing;
	l->rules = NULL;
	l->set = NULL;
	l->files = NULL;
	l->showing.fd = -1;
	snprintf(k->policies.by, sizeof(k->policies.by), "%s", by);
	for (unsigned i = 0; i < k->args->link_count; i++)
		k->links[i].credentials_due = true;
	keeper_show(k);
	memset(k->said, 0, sizeof(k->said));
	keeper_say_certificates(k);
	lists_look(k, true);
	if (k->files->cert_count == 0 && by_certificates(k->policies.set))
		LOG(LOG_WARNING, "no_server_certificate",
		    F_TEXT("remedy",
			"identities with certificates or raw public keys are "
			"of no use without `server:` in bootstrapd.yaml"));
}

/** `policies`: they were loaded, too. */
static enum rc
make_and_install(
    struct keeper *k, struct loading *l, const char *by, bool policies)
{
	enum rc rc = showing_make(l->rules, l->files, &l->showing);

	if (rc == RC_OK)
		rc = record_loaded(
		    k, policies ? l->set : NULL, l->files, &l->showing, by);
	if (rc == RC_OK)
		put_into_force(k, l, by);
	return rc;
}

static void
say_policies(const struct keeper *k, const char *by)
{
	const struct policy_set *set = k->policies.set;
	char hex[65];

	hex_digest(set->digest, hex);
	LOG(LOG_NOTICE, "policies_loaded",
	    F_TEXT("policy_set", (const char *)hex),
	    F_INT("identities", set->identity_count),
	    F_INT("policies", set->policy_count), F_TEXT("by", by));
}

static void
record_refused(
    struct keeper *k, const struct loading *l, const char *kind, const char *by)
{
	size_t findings = diag_count(l->diag, DIAG_ERROR);
	const char *first = l->first;
	struct field f[8];
	size_t n = 0;

	f[n++] = F_TEXT("source", k->config->policies);
	f[n++] = F_TEXT("by", by);
	f[n++] = F_INT("findings", findings);
	f[n++] = F_TEXT("first", first);
	f[n++] = F_TEXT("instance", k->args->instance);
	/* one with errors has none */
	if (l->set)
		f[n++] =
		    F_BYTES("refused", span_of(l->set->digest, DIGEST_LEN));

	LOG(LOG_ERROR, kind, F_TEXT("by", by), F_INT("findings", findings),
	    F_TEXT("first", first));
	/* a refusal that cannot be recorded is one all the same */
	(void)!record_event(k, kind, f, n);
}

/** Kept for whoever asks: until a set goes into force. */
static void
note_refused(struct keeper *k, const struct loading *l, const char *by)
{
	struct refused_load *r = &k->refused_load;

	r->at_ms = clock_wall_ms();
	r->findings = diag_count(l->diag, DIAG_ERROR);
	snprintf(r->by, sizeof(r->by), "%s", by);
	snprintf(r->first, sizeof(r->first), "%s", l->first);
}

static void
loading_fini(struct loading *l)
{
	issue_rules_unref(l->rules);
	policy_set_unref(l->set);
	server_files_free(l->files);
	showing_fini(&l->showing);
	diag_free(l->diag);
}

enum rc
keeper_reload(struct keeper *k, const char *by, char *first, size_t cap)
{
	struct loading l = {
	    .showing.fd = -1,
	    .diag = diag_new(),
	    .first = first,
	    .cap = cap,
	};
	enum rc rc = l.diag ? RC_OK : RC_MEMORY;

	first[0] = '\0';
	keeper_note(k, KEEPER_RELOADING);
	if (rc == RC_OK)
		rc = load(k, &l);
	if (rc == RC_OK)
		rc = check_keys(k, &l);
	if (rc == RC_OK)
		rc = make_and_install(k, &l, by, true);
	if (rc == RC_OK) {
		k->policies.at_ms = clock_wall_ms();
		k->refused_load = (struct refused_load){0};
		say_policies(k, by);
	} else {
		if (first[0] == '\0')
			snprintf(first, cap, "%s: %s", k->config->policies,
			    rc_name(rc));
		note_refused(k, &l, by);
		record_refused(k, &l, "policies_refused", by);
	}
	loading_fini(&l);
	keeper_note(k, KEEPER_RELOADED);
	return rc;
}

void
keeper_reload_crls(struct keeper *k)
{
	static const char by[] = "a revocation list changed";
	char first[512] = "";
	struct hsm_error err = {0};
	struct loading l = {
	    .showing.fd = -1,
	    .diag = diag_new(),
	    .first = first,
	    .cap = sizeof(first),
	};
	enum rc rc = l.diag ? RC_OK : RC_MEMORY;

	if (rc == RC_OK)
		rc = server_files_load(k->config, k->files, &l.files, &err);
	if (rc != RC_OK)
		fault(&l, &err);
	if (rc == RC_OK) {
		/* the policies stay as they are, whatever is on the disk */
		l.set = policy_set_ref(k->policies.set);
		rc = load_rules(k, &l);
	}
	if (rc == RC_OK)
		rc = make_and_install(k, &l, by, false);
	if (rc != RC_OK) {
		if (first[0] == '\0')
			snprintf(first, sizeof(first), "%s", rc_name(rc));
		record_refused(k, &l, "credentials_refused", by);
		/* once, until somebody mends it */
		server_files_note(k->files);
	}
	loading_fini(&l);
}
