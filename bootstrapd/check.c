#include "check.h"

#include "build_config.h"
#include "dtls/dtls.h"
#include "jail.h"
#include "keeper_state.h"
#include "key_checks.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	EXIT_OK = 0,
	EXIT_POLICIES = 65,
	EXIT_TOKEN = 69,
	EXIT_LEDGER = 74,
	EXIT_CONFIGURATION = 78,
};

int
check_exit(enum check_part part, enum rc bad)
{
	if (bad == RC_OK)
		return EXIT_OK;
	if (bad == RC_MEMORY || bad == RC_BUG || bad == RC_DENIED)
		return rc_exit(bad);
	if (part == CHECK_LEDGER || bad == RC_DB || bad == RC_FULL)
		return EXIT_LEDGER;
	if (bad == RC_CONFIG || bad == RC_IO)
		return part == CHECK_POLICIES ? EXIT_POLICIES
					      : EXIT_CONFIGURATION;
	/* away, refused, or without the keys that it should have */
	return EXIT_TOKEN;
}

/** The first fault decides the exit code; all are looked for. */
static void
worst(int *code, int found)
{
	if (*code == EXIT_OK)
		*code = found;
}

static void
say(const char *what, const char *text, const char *remedy)
{
	fprintf(stderr, "%s: %s\n", what, text);
	if (remedy[0])
		fprintf(stderr, "  remedy: %s\n", remedy);
}

/** What is in force once the daemon runs; NULL where it cannot be read. */
struct checked {
	struct policy_set *set;
	struct signed_by signed_by;
	struct server_files *files;
	struct issue_rules *rules;
};

static void
check_policies(const struct config *c, struct diag *d, struct checked *all)
{
	if (policy_load(c->policies, d, &all->set) == RC_OK &&
	    c->policy_trust.signers &&
	    signed_check(&c->policy_trust, c->policies, all->set,
		clock_wall_ms() / 1000, d, &all->signed_by) != RC_OK) {
		policy_set_unref(all->set);
		all->set = NULL;
	}
	if (all->set)
		printf("policies: %zu identit%s, %zu polic%s in %s\n",
		    all->set->identity_count,
		    all->set->identity_count == 1 ? "y" : "ies",
		    all->set->policy_count,
		    all->set->policy_count == 1 ? "y" : "ies", c->policies);
	if (all->set && all->signed_by.serial > 0)
		printf("policies: serial %llu, signed by %s\n",
		    (unsigned long long)all->signed_by.serial,
		    all->signed_by.text);
}

static void
check_files(const struct config *c, struct checked *all, int *code)
{
	int64_t now_s = clock_wall_ms() / 1000;
	struct hsm_error err;
	enum rc rc = server_files_load(c, NULL, &all->files, &err);

	if (rc != RC_OK) {
		say("server", err.text, err.remedy);
		worst(code, check_exit(CHECK_POLICIES, rc));
		return;
	}
	for (size_t i = 0; i < all->files->cert_count; i++) {
		const struct server_cert *cert = &all->files->certs[i];
		char not_after[25];

		ledger_time(cert->cert.not_after_s * 1000, not_after);
		printf("server: %s, not after %s: %s\n", cert->path, not_after,
		    server_cert_state(cert, now_s));
	}
}

static void
check_rules(
    const struct config *c, struct diag *d, struct checked *all, int *code)
{
	struct hsm_error err = {0};
	struct issue_rules_config config = {
	    .now_s = clock_wall_ms() / 1000,
	    .server_uri = c->server_uri,
	    .of_daemon = true,
	};

	if (!all->set)
		return;
	if (all->files) {
		config.trust = all->files->trust;
		config.trust_count = all->files->trust_count;
		config.crls = all->files->crls;
		config.crl_count = all->files->crl_count;
	}
	/* what is wrong is a finding */
	if (issue_rules_new(all->set, &config, d, &all->rules) == RC_OK &&
	    all->files &&
	    server_files_apart(all->files, all->rules, &err) != RC_OK) {
		say("server", err.text, err.remedy);
		worst(code, EXIT_POLICIES);
	}
}

/** Findings of the policies, and of what they name. */
static void
check_loaded(const struct config *c, struct checked *all, int *code)
{
	struct diag *d = diag_new();

	if (!d) {
		worst(code, rc_exit(RC_MEMORY));
		return;
	}
	check_policies(c, d, all);
	check_files(c, all, code);
	check_rules(c, d, all, code);
	diag_settle(d, all->rules != NULL);
	diag_print(d, stderr);
	diag_free(d);
	if (!all->set || (all->files && !all->rules))
		worst(code, EXIT_POLICIES);
}

static void
checked_fini(struct checked *all)
{
	issue_rules_unref(all->rules);
	policy_set_unref(all->set);
	server_files_free(all->files);
}

static bool
has_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[4096] = ".";
	struct stat st;

	if (slash)
		snprintf(
		    folder, sizeof(folder), "%.*s/", (int)(slash - path), path);
	return stat(folder, &st) == 0 && S_ISDIR(st.st_mode);
}

/** Only looked at: `check` may run beside a daemon that writes it. */
static struct ledger *
check_ledger(const struct config *c, int *code)
{
	struct ledger *l = NULL;
	char why[256] = "";
	enum rc rc;

	if (access(c->ledger, F_OK) != 0 && !has_folder(c->ledger)) {
		say(c->ledger, "its folder does not exist",
		    "make it, owned by the keeper's user");
		worst(code, EXIT_LEDGER);
		return NULL;
	}
	if (access(c->ledger, F_OK) != 0) {
		printf("ledger: %s does not exist yet; it will be made\n",
		    c->ledger);
		return NULL;
	}
	rc = ledger_open(c->ledger, LEDGER_READ, &l, why, sizeof(why));
	if (rc != RC_OK) {
		say(c->ledger, why, "move it away, or restore a backup");
		worst(code, check_exit(CHECK_LEDGER, rc));
		return NULL;
	}
	printf("ledger: %s\n", c->ledger);
	return l;
}

/** Is the set none that the ledger has left behind? */
static void
check_serial(const struct config *c, const struct checked *all,
    struct ledger *l, int *code)
{
	struct diag *d = diag_new();

	if (!d || !l || !all->set || all->signed_by.serial == 0)
		goto out;
	if (signed_serial_check(l, c->policies, all->set, &all->signed_by, d) !=
	    RC_OK)
		worst(code, EXIT_POLICIES);
	diag_print(d, stderr);
out:
	diag_free(d);
}

static enum rc
check_keys(struct hsm_session *session, const struct hsm *hsm,
    const struct checked *all, struct ledger *l, struct hsm_error *err)
{
	const struct key_checks c = {
	    .hsm = session,
	    .ledger = l,
	    .token = hsm_token_name(hsm),
	    .err = err,
	};
	enum rc rc = RC_OK;

	if (all->set)
		rc = masters_check(&c, all->set);
	if (rc == RC_OK && all->rules)
		rc = authorities_check(&c, all->rules);
	if (rc == RC_OK && all->files)
		rc = server_files_check(session, all->files, err);
	return rc;
}

static void
check_token(const struct config *c, const struct checked *all, struct ledger *l,
    int *code)
{
	struct hsm *hsm = NULL;
	struct hsm_session *s = NULL;
	struct hsm_error err = {0};
	enum rc rc = hsm_open(&c->hsm, &hsm, &err);

	if (rc == RC_OK)
		rc = hsm_session_take(hsm, &s, &err);
	if (rc == RC_OK)
		printf("token: %s\n", hsm_token_name(hsm));
	if (rc == RC_OK)
		rc = check_keys(s, hsm, all, l, &err);
	if (rc != RC_OK) {
		say("token", err.text, err.remedy);
		worst(code, check_exit(CHECK_TOKEN, rc));
	}
	if (s)
		hsm_session_give(s);
	if (hsm)
		hsm_close(hsm);
}

int
check_run(const char *config_file)
{
	struct config *c = NULL;
	struct checked all = {0};
	struct ledger *l;
	struct diag *d = diag_new();
	int code = EXIT_OK;
	enum rc rc;

	if (!d)
		return rc_exit(RC_MEMORY);
	printf("bootstrapd %s, wolfSSL %s\n", PROJECT_VERSION, dtls_features());
	rc = config_load(config_file, d, &c);
	diag_print(d, stderr);
	diag_free(d);
	if (rc == RC_MEMORY) {
		say(config_file, "out of memory", "");
		return rc_exit(rc);
	}
	if (rc != RC_OK)
		return EXIT_CONFIGURATION;
	if (config_users_fault(c, geteuid() == 0)) {
		say(config_file, config_users_fault(c, true),
		    config_users_remedy);
		config_free(c);
		return EXIT_CONFIGURATION;
	}
	/* what matters is what the keeper can read, and use */
	if (geteuid() == 0 && c->user_keeper.uid != 0 &&
	    jail_user(&c->user_keeper) != RC_OK) {
		config_free(c);
		return rc_exit(RC_DENIED);
	}
	check_loaded(c, &all, &code);
	l = check_ledger(c, &code);
	check_serial(c, &all, l, &code);
	check_token(c, &all, l, &code);
	printf(code == EXIT_OK ? "ok\n" : "not ok\n");
	checked_fini(&all);
	ledger_close(l);
	config_free(c);
	return code;
}
