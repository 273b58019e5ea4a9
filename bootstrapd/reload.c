/* Policies, and the files of `server:`: loaded whole, checked against token and
 * ledger, and put into force, or not at all. */
#include "loading.h"

#include "base/text.h"
#include "link.h"
#include "rollout_run.h"

#include <stdio.h>
#include <stdlib.h>

static void
hex_digest(const uint8_t digest[static DIGEST_LEN], char out[static 65])
{
	struct writer w;

	writer_init(&w, out, 64);
	text_hex(&w, span_of(digest, DIGEST_LEN));
	out[64] = '\0';
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

void
keeper_refuse(struct keeper *k, struct loading *l, const char *by, enum rc rc)
{
	if (l->first[0] == '\0')
		snprintf(l->first, l->cap, "%s: %s", k->config->policies,
		    rc_name(rc));
	note_refused(k, l, by);
	record_refused(k, l, "policies_refused", by);
}

/** The policies that are on the disk. */
static enum rc
load(struct keeper *k, struct loading *l)
{
	enum rc rc = loading_disk(k, l);

	if (rc == RC_OK)
		rc = loading_files(k, l);
	if (rc == RC_OK)
		rc = loading_rules(k, l, l->set, &l->rules);
	if (rc == RC_OK)
		rc = loading_keys(k, l, l->set, l->rules);
	return rc;
}

static enum rc
load_and_install(struct keeper *k, struct loading *l, const char *by)
{
	enum rc rc = load(k, l);

	if (rc == RC_OK)
		rc = loading_install(k, l, by, true, NULL);
	if (rc == RC_OK)
		rollout_forget_reverted(k);
	return rc;
}

enum rc
keeper_reload(struct keeper *k, const char *by, char *first, size_t cap)
{
	struct loading l;
	enum rc rc = loading_init(&l, first, cap);

	keeper_note(k, KEEPER_RELOADING);
	if (rc == RC_OK && k->rollout)
		rc = rollout_reload(k, &l, by);
	else if (rc == RC_OK)
		rc = load_and_install(k, &l, by);
	if (rc == RC_OK) {
		say_policies(k, by);
	} else {
		keeper_refuse(k, &l, by, rc);
	}
	loading_fini(&l);
	keeper_note(k, KEEPER_RELOADED);
	return rc;
}

/** The policies stay as they are, whatever is on the disk. */
static enum rc
load_same(struct keeper *k, struct loading *l)
{
	enum rc rc;

	l->set = policy_set_ref(k->policies.set);
	rc = loading_rules(k, l, l->set, &l->rules);
	if (rc == RC_OK && k->rollout)
		rc = rollout_load_same(k, l);
	return rc;
}

enum rc
keeper_reload_files(struct keeper *k, struct loading *l, const char *by)
{
	enum rc rc = load_same(k, l);

	if (rc == RC_OK)
		rc = loading_install(k, l, by, false, NULL);
	if (rc == RC_OK && k->rollout)
		rc = rollout_installed(k, l);
	return rc;
}

void
keeper_reload_crls(struct keeper *k)
{
	static const char by[] = "a revocation list changed";
	char first[512];
	struct hsm_error err = {0};
	struct loading l;
	enum rc rc = loading_init(&l, first, sizeof(first));

	if (rc == RC_OK)
		rc = server_files_load(k->config, k->files, &l.files, &err);
	if (rc != RC_OK)
		loading_fault(&l, &err);
	if (rc == RC_OK)
		rc = keeper_reload_files(k, &l, by);
	if (rc != RC_OK) {
		if (first[0] == '\0')
			snprintf(first, sizeof(first), "%s", rc_name(rc));
		record_refused(k, &l, "credentials_refused", by);
		/* once, until somebody mends it */
		server_files_note(k->files);
	}
	loading_fini(&l);
}
