#include "config_reading.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	ARENA_MAX = 16 << 20,
	SESSIONS_MAX = 1000000,
	/** Clients give up at EXCHANGE_LIFETIME, 247 s (bootstrap.md 10). */
	LIFETIME_MAX_MS = 246000,
	/** From a Discover of a few accounts to what one secret can be. */
	ANSWER_MIN = 256,
	ANSWER_MAX = SECRET_MAX,
	DEVICE_REQUESTS_MAX = 3600, /**< one each second */
};

void
reading_note(struct reading *r, enum rc rc)
{
	if (r->rc == RC_OK)
		r->rc = rc;
}

const char *
reading_resolve(struct reading *r, const char *path)
{
	const char *slash = strrchr(r->yaml.file, '/');
	size_t folder = slash ? (size_t)(slash - r->yaml.file) + 1 : 0;
	size_t len = folder + strlen(path);
	char *out;

	if (path[0] == '/' || folder == 0)
		return path;
	out = arena_alloc(r->config->arena, len + 1);
	if (!out) {
		reading_note(r, RC_MEMORY);
		return path;
	}
	snprintf(out, len + 1, "%.*s%s", (int)folder, r->yaml.file, path);
	return out;
}

const char *
reading_path(
    struct reading *r, struct yaml_node *map, const char *key, bool need)
{
	struct yaml_node *n =
	    need ? yaml_need(&r->yaml, map, key) : yaml_get(map, key);
	const char *text;
	enum rc rc;

	if (!n) {
		if (need)
			reading_note(r, RC_CONFIG);
		return NULL;
	}
	rc = yaml_text(&r->yaml, n, &text);
	reading_note(r, rc);
	return rc == RC_OK ? reading_resolve(r, text) : NULL;
}

/* --- hsm ------------------------------------------------------------------ */

/** The value is not repeated: it may be a PIN. */
static void
literal_pin(struct reading *r, struct yaml_node *at)
{
	yaml_error(&r->yaml, at, "config-pin",
	    "a PIN never stands in this file; write {file: PATH}, "
	    "{credential: NAME} or {env: NAME}");
	reading_note(r, RC_CONFIG);
}

static bool
is_number(const char *text)
{
	return text[0] && text[strspn(text, "0123456789")] == '\0';
}

static void
read_pin(struct reading *r, struct yaml_node *hsm)
{
	static const struct {
		const char *key;
		enum hsm_pin_kind kind;
	} sources[] = {
	    {"credential", HSM_PIN_CREDENTIAL},
	    {"file", HSM_PIN_FILE},
	    {"env", HSM_PIN_ENV},
	};
	static const char *const known[] = {"credential", "file", "env", NULL};
	struct yaml_node *pin = yaml_need(&r->yaml, hsm, "pin"), *n;
	struct hsm_config *h = &r->config->hsm;
	unsigned found = 0;

	if (!pin) {
		reading_note(r, RC_CONFIG);
		return;
	}
	if (pin->kind != YAML_MAP) {
		literal_pin(r, pin);
		return;
	}
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		n = yaml_get(pin, sources[i].key);
		if (!n)
			continue;
		found++;
		h->pin_kind = sources[i].kind;
		reading_note(r, yaml_text(&r->yaml, n, &h->pin));
		if (h->pin && is_number(h->pin))
			literal_pin(r, n);
		if (h->pin && h->pin_kind == HSM_PIN_FILE)
			h->pin = reading_resolve(r, h->pin);
	}
	yaml_leftover(&r->yaml, pin, known);
	if (found != 1) {
		yaml_error(&r->yaml, pin, "config-pin",
		    "exactly one of file, credential and env");
		reading_note(r, RC_CONFIG);
	}
}

static void
read_hsm(struct reading *r)
{
	static const char *const known[] = {
	    "module", "token", "pin", "sessions", "init_args", "network", NULL};
	struct yaml_node *map = yaml_need(&r->yaml, r->root, "hsm"), *n;
	struct hsm_config *h = &r->config->hsm;
	int64_t sessions = 4;

	h->sessions = 4;
	if (!map || yaml_expect(&r->yaml, map, YAML_MAP) != RC_OK) {
		reading_note(r, RC_CONFIG);
		return;
	}
	h->module = reading_path(r, map, "module", true);
	n = yaml_need(&r->yaml, map, "token");
	reading_note(r, n ? yaml_text(&r->yaml, n, &h->token) : RC_CONFIG);
	n = yaml_get(map, "init_args");
	if (n)
		reading_note(r, yaml_text(&r->yaml, n, &h->init_args));
	n = yaml_get(map, "sessions");
	if (n)
		reading_note(r, yaml_number(&r->yaml, n, 1, 64, &sessions));
	h->sessions = (unsigned)sessions;
	n = yaml_get(map, "network");
	if (n)
		reading_note(
		    r, yaml_bool(&r->yaml, n, &r->config->hsm_network));
	read_pin(r, map);
	yaml_leftover(&r->yaml, map, known);
}

/* --- limits --------------------------------------------------------------- */

static void
read_limits(struct reading *r)
{
	static const char *const known[] = {"sessions", "handshakes",
	    "handshakes_per_source", "session_lifetime", "handshake_timeout",
	    "idle_timeout", "drain", "keeper_wait", "questions_per_second",
	    "connections", "push_window", "device_requests", "answer", NULL};
	struct config *c = r->config;
	const struct {
		const char *key;
		int64_t min, max;
		uint64_t *out;
	} numbers[] = {
	    {"sessions", 1, SESSIONS_MAX, &c->sessions_max},
	    {"handshakes", 1, SESSIONS_MAX, &c->handshakes_max},
	    {"handshakes_per_source", 1, SESSIONS_MAX,
		&c->handshakes_per_source},
	    {"connections", 1, SESSIONS_MAX, &c->connections_max},
	    {"questions_per_second", 1, SESSIONS_MAX, &c->questions_per_s},
	    {"device_requests", 0, DEVICE_REQUESTS_MAX, &c->device_requests},
	};
	const struct {
		const char *key;
		uint64_t min, max, *out;
	} times[] = {
	    {"session_lifetime", 1000, 86400000, &c->session_lifetime_ms},
	    {"handshake_timeout", 1000, 600000, &c->handshake_ms},
	    {"idle_timeout", 1000, 86400000, &c->idle_ms},
	    {"drain", 0, 600000, &c->drain_ms},
	    {"keeper_wait", 1000, 90000, &c->keeper_wait_ms},
	    {"push_window", 10000, CONFIG_PUSH_WINDOW_MS_MAX,
		&c->push_window_ms},
	};
	struct yaml_node *map = yaml_get(r->root, "limits"), *n;

	if (!map)
		return;
	if (yaml_expect(&r->yaml, map, YAML_MAP) != RC_OK) {
		reading_note(r, RC_CONFIG);
		return;
	}
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		int64_t v = (int64_t)*numbers[i].out;

		n = yaml_get(map, numbers[i].key);
		if (n)
			reading_note(r,
			    yaml_number(&r->yaml, n, numbers[i].min,
				numbers[i].max, &v));
		*numbers[i].out = (uint64_t)v;
	}
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		n = yaml_get(map, times[i].key);
		if (n)
			reading_note(r,
			    yaml_duration_ms(&r->yaml, n, times[i].min,
				times[i].max, times[i].out));
	}
	n = yaml_get(map, "answer");
	if (n)
		reading_note(r,
		    yaml_size(
			&r->yaml, n, ANSWER_MIN, ANSWER_MAX, &c->answer_max));
	if (c->session_lifetime_ms > LIFETIME_MAX_MS)
		yaml_error(&r->yaml, yaml_get(map, "session_lifetime"),
		    "config-lifetime",
		    "above 246s: a client gives up 247 s after the last "
		    "request (EXCHANGE_LIFETIME, RFC 7252 section 4.8.2)");
	yaml_leftover(&r->yaml, map, known);
}

static void
read_workers(struct reading *r)
{
	struct yaml_node *n = yaml_get(r->root, "workers");
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	int64_t count = cores < 1 ? 1 : cores;

	if (count > WORKERS_MAX)
		count = WORKERS_MAX;
	if (n && !(n->kind == YAML_SCALAR && span_is(n->text, "auto")))
		reading_note(
		    r, yaml_number(&r->yaml, n, 1, WORKERS_MAX, &count));
	r->config->workers = (unsigned)count;
}

/** Sections of the contract that later parts of the daemon read. */
static void
read_later(struct reading *r, const char *key, const char *const *known,
    const char *what)
{
	struct yaml_node *n = yaml_get(r->root, key);

	if (!n)
		return;
	if (yaml_expect(&r->yaml, n, YAML_MAP) != RC_OK) {
		reading_note(r, RC_CONFIG);
		return;
	}
	yaml_leftover(&r->yaml, n, known);
	yaml_report(&r->yaml, DIAG_NOTE, n, "config-unused",
	    "has no effect in this version (%s)", what);
}

/** A path that bind(2) and connect(2) would cut or refuse. */
static void
check_control(struct reading *r)
{
	const size_t most = sizeof(((struct sockaddr_un *)0)->sun_path) - 1;
	const char *path = r->config->control;

	if (!path || strlen(path) <= most)
		return;
	yaml_error(&r->yaml, yaml_get(r->root, "control"), "config-path",
	    "%zu bytes; the path of a socket has at most %zu", strlen(path),
	    most);
	reading_note(r, RC_CONFIG);
}

static void
read_all(struct reading *r)
{
	static const char *const known[] = {"listen", "workers", "hsm",
	    "server", "policies", "ledger", "control", "metrics", "user",
	    "limits", NULL};
	static const char *const metrics[] = {"listen", NULL};
	struct config *c = r->config;

	if (yaml_expect(&r->yaml, r->root, YAML_MAP) != RC_OK) {
		reading_note(r, RC_CONFIG);
		return;
	}
	reading_listen(r);
	read_workers(r);
	read_hsm(r);
	reading_policies(r);
	c->ledger = reading_path(r, r->root, "ledger", true);
	c->control = reading_path(r, r->root, "control", false);
	check_control(r);
	reading_server(r);
	reading_users(r);
	read_limits(r);
	read_later(r, "metrics", metrics, "see `bootstrapctl status`");
	yaml_leftover(&r->yaml, r->root, known);
}

static struct config *
config_new(const char *file)
{
	struct config *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->sessions_max = 20000;
	c->handshakes_max = 2000;
	c->handshakes_per_source = 256;
	c->connections_max = 8192;
	c->session_lifetime_ms = 240000;
	c->handshake_ms = 60000;
	c->idle_ms = 300000;
	c->drain_ms = 30000;
	c->keeper_wait_ms = 20000;
	c->push_window_ms = 600000;
	c->questions_per_s = 1000;
	c->device_requests = 12;
	c->answer_max = 16384;
	rollout_defaults(&c->rollout);
	c->arena = arena_new(ARENA_MAX);
	c->file = c->arena ? arena_str(c->arena, file) : NULL;
	if (!c->file) {
		config_free(c);
		return NULL;
	}
	return c;
}

enum rc
config_load(const char *file, struct diag *d, struct config **out)
{
	struct config *c = config_new(file);
	/* of this file alone: its errors decide, whatever `d` holds or is */
	struct diag *own = diag_new();
	struct reading r = {.yaml = {own, c ? c->file : file}, .config = c};
	struct yaml_doc *docs = NULL;
	enum rc rc = RC_MEMORY;

	*out = NULL;
	if (!c || !own)
		goto out;
	rc = yaml_load(c->arena, own, c->file, NULL, &docs);
	if (rc == RC_OK && (!docs || docs->next)) {
		diag_add(own, DIAG_ERROR, c->file, 1, 0, "config-documents",
		    "one YAML document is expected");
		rc = RC_CONFIG;
	}
	/* what could be read is read, so that all findings come in one run */
	if ((rc == RC_OK || rc == RC_CONFIG) && docs) {
		r.root = docs->root;
		read_all(&r);
		if (rc == RC_OK)
			rc = r.rc;
	}
	/* a leftover key is a finding without a return code of its own */
	if (rc == RC_OK && diag_count(own, DIAG_ERROR) > 0)
		rc = RC_CONFIG;
	if (rc != RC_OK)
		goto out;
	*out = c;
	c = NULL;
out:
	yaml_hand_over(own, d);
	diag_free(own);
	config_free(c);
	return rc;
}

void
config_free(struct config *c)
{
	if (!c)
		return;
	arena_free(c->arena);
	free(c);
}
