#include "config_reading.h"

#include <pwd.h>

/** "NAME", "UID" or "UID:GID". */
static bool
find_user(const char *text, struct user_config *out)
{
	struct span s = span_str(text), gid;
	const uint8_t *colon = memchr(s.p, ':', s.len);
	uint64_t u, g;
	struct passwd *pw;

	gid = colon ? span_from(s, (size_t)(colon - s.p) + 1) : s;
	if (colon)
		s.len = (size_t)(colon - s.p);
	if (span_decimal(s, UINT32_MAX - 1, &u)) {
		if (!span_decimal(gid, UINT32_MAX - 1, &g))
			return false;
		*out = (struct user_config){true, (uint32_t)u, (uint32_t)g};
		return true;
	}
	pw = getpwnam(text);
	if (!pw)
		return false;
	*out = (struct user_config){true, pw->pw_uid, pw->pw_gid};
	return true;
}

static void
read_user(struct reading *r, struct yaml_node *map, const char *key,
    struct user_config *out)
{
	struct yaml_node *n = yaml_get(map, key);
	const char *text;

	if (!n)
		return;
	if (yaml_text(&r->yaml, n, &text) != RC_OK) {
		reading_note(r, RC_CONFIG);
		return;
	}
	if (!find_user(text, out)) {
		yaml_error(&r->yaml, n, "config-user",
		    "no such user; make it (systemd-sysusers), or write "
		    "UID:GID");
		reading_note(r, RC_CONFIG);
	} else if (out->uid == 0 && out == &r->config->user_keeper) {
		/* some modules reach their device as root only */
		yaml_report(&r->yaml, DIAG_WARNING, n, "config-user",
		    "the keeper stays root; a user of its own is "
		    "better wherever module, ledger and policies allow it");
	} else if (out->uid == 0) {
		yaml_error(&r->yaml, n, "config-user",
		    "root is what the process must not be");
		reading_note(r, RC_CONFIG);
	}
}

void
reading_users(struct reading *r)
{
	struct yaml_node *map = yaml_get(r->root, "user");
	struct config *c = r->config;

	if (!map) {
		/* what the package makes, where it is installed */
		(void)find_user("bootstrapd-worker", &c->user_worker);
		(void)find_user("bootstrapd", &c->user_keeper);
		return;
	}
	if (yaml_expect(&r->yaml, map, YAML_MAP) != RC_OK) {
		reading_note(r, RC_CONFIG);
		return;
	}
	read_user(r, map, "worker", &c->user_worker);
	read_user(r, map, "keeper", &c->user_keeper);
	yaml_rest(&r->yaml, map, &config_keys_user);
	if (c->user_worker.set && c->user_keeper.set &&
	    c->user_worker.uid == c->user_keeper.uid) {
		yaml_error(&r->yaml, map, "config-user",
		    "worker and keeper must not be the same user");
		reading_note(r, RC_CONFIG);
	}
}

const char config_users_remedy[] =
    "add `user: {worker: bootstrapd-worker, keeper: bootstrapd}` "
    "(systemd-sysusers makes them), or start as another user";

const char *
config_users_fault(const struct config *c, bool as_root)
{
	if (!as_root || (c->user_worker.set && c->user_keeper.set))
		return NULL;
	return "started as root, and `user:` names no users to become";
}
