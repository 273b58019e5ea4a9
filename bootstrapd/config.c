#include "config_reading.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	/** The tree of the largest file that yaml.h has room for. */
	ARENA_MAX = 64 << 20,
	LIFETIME_MIN_MS = 1000,
	DAY_MS = 86400000,
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

/** A number, duration (ms) or size (bytes) within what the table says. */
static void
read_range(struct reading *r, struct yaml_node *map,
    const struct yaml_keys *keys, const char *name, uint64_t *out)
{
	const struct yaml_key *k = yaml_key_find(keys, span_str(name));
	struct yaml_node *n = yaml_get(map, name);
	int64_t v = (int64_t)*out;

	if (!n || !k)
		return;
	if (k->takes & TAKES_DURATION) {
		reading_note(r,
		    yaml_duration_ms(
			&r->yaml, n, (uint64_t)k->min, (uint64_t)k->max, out));
		return;
	}
	if (k->takes & TAKES_SIZE) {
		reading_note(r,
		    yaml_size(
			&r->yaml, n, (uint64_t)k->min, (uint64_t)k->max, out));
		return;
	}
	reading_note(r, yaml_number(&r->yaml, n, k->min, k->max, &v));
	*out = (uint64_t)v;
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
	yaml_rest(&r->yaml, pin, &config_keys_pin);
	if (found != 1) {
		yaml_error(&r->yaml, pin, "config-pin",
		    "exactly one of file, credential and env");
		reading_note(r, RC_CONFIG);
	}
}

static void
read_hsm(struct reading *r)
{
	struct yaml_node *map = yaml_need(&r->yaml, r->root, "hsm"), *n;
	struct hsm_config *h = &r->config->hsm;
	uint64_t sessions = 4;

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
	read_range(r, map, &config_keys_hsm, "sessions", &sessions);
	h->sessions = (unsigned)sessions;
	n = yaml_get(map, "network");
	if (n)
		reading_note(
		    r, yaml_bool(&r->yaml, n, &r->config->hsm_network));
	read_pin(r, map);
	yaml_rest(&r->yaml, map, &config_keys_hsm);
}

/* --- limits --------------------------------------------------------------- */

/** What is above the table's range is said with its reason. */
static void
read_lifetime(struct reading *r, struct yaml_node *n)
{
	uint64_t *out = &r->config->session_lifetime_ms;

	if (!n)
		return;
	reading_note(
	    r, yaml_duration_ms(&r->yaml, n, LIFETIME_MIN_MS, DAY_MS, out));
	if (*out > CONFIG_LIFETIME_MS_MAX)
		yaml_error(&r->yaml, n, "config-lifetime",
		    "above 246s: a client gives up 247 s after the last "
		    "request (EXCHANGE_LIFETIME, RFC 7252 section 4.8.2)");
}

static void
read_limits(struct reading *r)
{
	struct config *c = r->config;
	const struct {
		const char *key;
		uint64_t *out;
	} ranges[] = {
	    {"sessions", &c->sessions_max},
	    {"handshakes", &c->handshakes_max},
	    {"handshakes_per_source", &c->handshakes_per_source},
	    {"connections", &c->connections_max},
	    {"questions_per_second", &c->questions_per_s},
	    {"device_requests", &c->device_requests},
	    {"handshake_timeout", &c->handshake_ms},
	    {"idle_timeout", &c->idle_ms},
	    {"drain", &c->drain_ms},
	    {"keeper_wait", &c->keeper_wait_ms},
	    {"push_window", &c->push_window_ms},
	    {"answer", &c->answer_max},
	};
	struct yaml_node *map = yaml_get(r->root, "limits");

	if (!map)
		return;
	if (yaml_expect(&r->yaml, map, YAML_MAP) != RC_OK) {
		reading_note(r, RC_CONFIG);
		return;
	}
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		read_range(
		    r, map, &config_keys_limits, ranges[i].key, ranges[i].out);
	read_lifetime(r, yaml_get(map, "session_lifetime"));
	yaml_rest(&r->yaml, map, &config_keys_limits);
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
read_later(struct reading *r, const char *key, const struct yaml_keys *keys,
    const char *what)
{
	struct yaml_node *n = yaml_get(r->root, key);

	if (!n)
		return;
	if (yaml_expect(&r->yaml, n, YAML_MAP) != RC_OK) {
		reading_note(r, RC_CONFIG);
		return;
	}
	yaml_rest(&r->yaml, n, keys);
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
	read_later(
	    r, "metrics", &config_keys_metrics, "see `bootstrapctl status`");
	yaml_rest(&r->yaml, r->root, &config_keys);
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
