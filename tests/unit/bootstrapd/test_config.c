/* bootstrapd.yaml as a value, and what is found in it. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/config-XXXXXX";
static char file[64];

/* The least that a daemon needs, line 1 to 4. */
#define LEAST \
	"listen: [\"coaps://[::]:5684\"]\n" \
	"hsm: {module: m.so, token: \"pkcs11:token=t\", pin: {env: PIN}}\n" \
	"policies: policies.d\n" \
	"ledger: ledger.db\n"

static int
setup(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(file, sizeof(file), "%s/bootstrapd.yaml", folder);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	unlink(file);
	return rmdir(folder);
}

static enum rc
load(const char *text, struct diag *d, struct config **out)
{
	FILE *f = fopen(file, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	return config_load(file, d, out);
}

/* All findings, "LINE:COLUMN: error: ..."; a value when none is an error. */
static void
expect_findings(const char *text, const char *want)
{
	static const char *const levels[] = {"note", "warning", "error"};
	struct diag *d = diag_new();
	struct config *c;
	char *got = NULL;
	size_t len;
	FILE *f = open_memstream(&got, &len);
	enum rc rc = load(text, d, &c);

	assert_non_null(f);
	for (size_t i = 0; i < diag_total(d); i++) {
		const struct diag_finding *at = diag_get(d, i);

		assert_string_equal(at->file, file);
		fprintf(f, "%u:%u: %s: %s\n", at->line, at->column,
		    levels[at->level], at->text);
	}
	fclose(f);
	assert_string_equal(got, want);
	assert_int_equal(rc, diag_count(d, DIAG_ERROR) ? RC_CONFIG : RC_OK);
	assert_int_equal(c != NULL, rc == RC_OK);
	free(got);
	diag_free(d);
	config_free(c);
}

static struct config *
loaded(const char *text)
{
	struct diag *d = diag_new();
	struct config *c;

	if (load(text, d, &c) != RC_OK)
		diag_print(d, stderr);
	diag_free(d);
	assert_non_null(c);
	return c;
}

static void
expect_address(
    const struct listen_config *l, enum listen_kind kind, const char *want)
{
	char text[ADDRESS_TEXT_MAX];
	struct writer w;

	writer_init(&w, text, sizeof(text) - 1);
	address_print(&w, &l->address);
	text[w.len] = '\0';
	assert_string_equal(text, want);
	assert_int_equal(l->kind, kind);
}

static void
expect_path(const char *got, const char *want)
{
	assert_int_equal(strncmp(got, folder, strlen(folder)), 0);
	assert_string_equal(got + strlen(folder), want);
}

static void
test_the_least_and_its_defaults(void **state)
{
	struct config *c = loaded(LEAST);

	(void)state;
	assert_string_equal(c->file, file);
	assert_int_equal(c->listen_count, 1);
	expect_address(&c->listen[0], LISTEN_COAPS, "[::]:5684");
	assert_int_equal(c->listen[0].line, 1);
	assert_in_range(c->workers, 1, WORKERS_MAX);
	expect_path(c->hsm.module, "/m.so");
	assert_string_equal(c->hsm.token, "pkcs11:token=t");
	assert_int_equal(c->hsm.pin_kind, HSM_PIN_ENV);
	assert_string_equal(c->hsm.pin, "PIN");
	assert_int_equal(c->hsm.sessions, 4);
	assert_null(c->hsm.init_args);
	assert_false(c->hsm_network);
	expect_path(c->policies, "/policies.d");
	expect_path(c->ledger, "/ledger.db");
	assert_null(c->control);
	assert_int_equal(c->sessions_max, 20000);
	assert_int_equal(c->handshakes_max, 2000);
	assert_int_equal(c->handshakes_per_source, 256);
	assert_int_equal(c->session_lifetime_ms, 240000);
	assert_int_equal(c->handshake_ms, 60000);
	assert_int_equal(c->idle_ms, 300000);
	assert_int_equal(c->drain_ms, 30000);
	assert_int_equal(c->keeper_wait_ms, 20000);
	assert_int_equal(c->questions_per_s, 1000);
	assert_int_equal(c->device_requests, 12);
	assert_int_equal(c->answer_max, 16384);
	assert_null(c->server_uri);
	config_free(c);
}

static void
test_everything_said(void **state)
{
	struct config *c = loaded(
	    "listen:\n"
	    "  - coaps://[2001:db8::1]:0\n"
	    "  - coaps://192.0.2.1\n"
	    "  - coap://127.0.0.1\n"
	    "  - \"coap://[::1]\"\n"
	    "workers: 3\n"
	    "hsm:\n"
	    "  module: /usr/lib/softhsm/libsofthsm2.so\n"
	    "  token: \"pkcs11:token=bootstrap;serial=1a2b\"\n"
	    "  pin: {file: pin}\n"
	    "  sessions: 64\n"
	    "  init_args: conf=x\n"
	    "  network: true\n"
	    "policies: /etc/p\n"
	    "ledger: /var/l.db\n"
	    "control: /run/c.sock\n"
	    "user: {worker: 1234, keeper: \"1235:77\"}\n"
	    "limits: {sessions: 1, handshakes: 1000000, session_lifetime: "
	    "246s, handshake_timeout: 1s, idle_timeout: 1d, drain: 0s, "
	    "keeper_wait: 1m, questions_per_second: 5, "
	    "handshakes_per_source: 7, device_requests: 0, answer: 64KiB}\n");

	(void)state;
	assert_int_equal(c->listen_count, 4);
	expect_address(&c->listen[0], LISTEN_COAPS, "[2001:db8::1]:0");
	expect_address(&c->listen[1], LISTEN_COAPS, "192.0.2.1:5684");
	expect_address(&c->listen[2], LISTEN_COAP, "127.0.0.1:5683");
	expect_address(&c->listen[3], LISTEN_COAP, "[::1]:5683");
	assert_int_equal(c->workers, 3);
	assert_string_equal(c->hsm.module, "/usr/lib/softhsm/libsofthsm2.so");
	assert_int_equal(c->hsm.pin_kind, HSM_PIN_FILE);
	expect_path(c->hsm.pin, "/pin");
	assert_int_equal(c->hsm.sessions, 64);
	assert_string_equal(c->hsm.init_args, "conf=x");
	assert_true(c->hsm_network);
	assert_string_equal(c->policies, "/etc/p");
	assert_string_equal(c->ledger, "/var/l.db");
	assert_string_equal(c->control, "/run/c.sock");
	assert_true(c->user_worker.set);
	assert_int_equal(c->user_worker.uid, 1234);
	assert_true(c->user_keeper.set);
	assert_int_equal(c->user_keeper.uid, 1235);
	assert_int_equal(c->user_keeper.gid, 77);
	assert_int_equal(c->sessions_max, 1);
	assert_int_equal(c->handshakes_max, 1000000);
	assert_int_equal(c->handshakes_per_source, 7);
	assert_int_equal(c->session_lifetime_ms, 246000);
	assert_int_equal(c->handshake_ms, 1000);
	assert_int_equal(c->idle_ms, 86400000);
	assert_int_equal(c->drain_ms, 0);
	assert_int_equal(c->keeper_wait_ms, 60000);
	assert_int_equal(c->questions_per_s, 5);
	assert_int_equal(c->device_requests, 0);
	assert_int_equal(c->answer_max, 65536);
	config_free(c);
}

static void
test_listeners(void **state)
{
	(void)state;
	expect_findings(
	    "listen:\n"
	    "  - coap+tcp://127.0.0.1:5684\n"
	    "  - coap+tcp://127.0.0.1:5684\n"
	    "  - coaps://localhost:5684\n"
	    "  - coaps://::1\n"
	    "  - coaps://127.0.0.1:65536\n"
	    "  - coaps://127.0.0.1:5684/path\n"
	    "  - coaps://\n"
	    "  - http://127.0.0.1\n"
	    "  - [coaps]\n"
	    "  - coaps://127.0.0.1:5684\n"
	    "  - coap://127.0.0.1:5684\n"
	    "  - coap://127.0.0.1:0\n"
	    "  - coaps://127.0.0.1:0\n"
	    "  - coap://192.0.2.1\n"
	    "hsm: {module: m.so, token: \"pkcs11:token=t\", pin: {env: PIN}}\n"
	    "policies: policies.d\n"
	    "ledger: ledger.db\n",
	    "3:5: error: listen[1]: the address of listen[0] already\n"
	    "4:5: error: listen[2]: the host is not a numeric address; write "
	    "coaps://127.0.0.1:5684 or coaps://[::]:5684\n"
	    "5:5: error: listen[3]: the host is not a numeric address; write "
	    "coaps://127.0.0.1:5684 or coaps://[::]:5684\n"
	    "6:5: error: listen[4]: the host is not a numeric address; write "
	    "coaps://127.0.0.1:5684 or coaps://[::]:5684\n"
	    "7:5: error: listen[5]: the host is not a numeric address; write "
	    "coaps://127.0.0.1:5684 or coaps://[::]:5684\n"
	    "8:5: error: listen[6]: the host is not a numeric address; write "
	    "coaps://127.0.0.1:5684 or coaps://[::]:5684\n"
	    "9:5: error: listen[7]: expected coap://HOST:PORT, "
	    "coaps://HOST:PORT, coap+tcp://HOST:PORT or "
	    "coaps+tcp://HOST:PORT\n"
	    "10:5: error: listen[8]: a single value is expected, found a "
	    "list\n"
	    "12:5: error: listen[10]: the address of listen[2] already\n"
	    "15:5: warning: listen[13]: NoSec is reachable from other hosts: "
	    "whom a `nosec` identity admits is served in clear\n");
}

static void
test_a_pin_never_stands_in_the_file(void **state)
{
	static const char *const pins[] = {"1234", "secret", "{env: 1234}",
	    "{credential: 987654}", "{file: 1234}", "[1234]"};

	(void)state;
	for (size_t i = 0; i < sizeof(pins) / sizeof(pins[0]); i++) {
		struct diag *d = diag_new();
		struct config *c;
		char text[256];

		snprintf(text, sizeof(text),
		    "listen: [coaps://127.0.0.1]\n"
		    "hsm: {module: m, token: \"pkcs11:token=t\", pin: %s}\n"
		    "policies: p\n"
		    "ledger: l\n",
		    pins[i]);
		assert_int_equal(load(text, d, &c), RC_CONFIG);
		assert_null(c);
		assert_int_equal(diag_total(d), 1);
		assert_string_equal(diag_get(d, 0)->code, "config-pin");
		assert_null(strstr(diag_get(d, 0)->text, "1234"));
		assert_null(strstr(diag_get(d, 0)->text, "9876"));
		assert_null(strstr(diag_get(d, 0)->text, "secret"));
		assert_non_null(strstr(diag_get(d, 0)->text, "{file: PATH}"));
		diag_free(d);
	}
}

static void
test_all_faults_in_one_run(void **state)
{
	(void)state;
	expect_findings(
	    "listne: []\n"
	    "workers: 65\n"
	    "hsm: {pin: {file: a, env: b}, sessions: 0, network: yes, slot: "
	    "1}\n"
	    "policies:\n"
	    "ledger: []\n"
	    "user: {worker: no-such-user-here, keeper: \"1:2:3\"}\n"
	    "limits: {session_lifetime: 247s, drain: 5, idle_timeout: 0s, "
	    "sessions: many, keeper: 1, handshakes_per_source: 0}\n",
	    "1:1: error: `listen:` is missing\n"
	    "1:1: error: listne: unknown key; did you mean `listen`?\n"
	    "2:10: error: workers: 65 is out of range; 1 to 64 is expected\n"
	    "3:6: error: hsm: `module:` is missing\n"
	    "3:6: error: hsm: `token:` is missing\n"
	    "3:12: error: hsm.pin: exactly one of file, credential and env\n"
	    "3:41: error: hsm.sessions: 0 is out of range; 1 to 64 is "
	    "expected\n"
	    "3:53: error: hsm.network: \"yes\" is not accepted; write `true` "
	    "or `false`, which mean the same to every reader of YAML\n"
	    "3:58: error: hsm.slot: unknown key\n"
	    "4:10: error: policies: a value is missing\n"
	    "5:9: error: ledger: a single value is expected, found a list\n"
	    "6:16: error: user.worker: no such user; make it "
	    "(systemd-sysusers), or write UID:GID\n"
	    "6:43: error: user.keeper: no such user; make it "
	    "(systemd-sysusers), or write UID:GID\n"
	    "7:28: error: limits.session_lifetime: above 246s: a client gives "
	    "up 247 s after the last request (EXCHANGE_LIFETIME, RFC 7252 "
	    "section 4.8.2)\n"
	    "7:41: error: limits.drain: \"5\" has no unit; a duration is "
	    "expected, like 250ms, 90s, 5m, 2h, 1d or 10y\n"
	    "7:58: error: limits.idle_timeout: 0s is below 1s\n"
	    "7:72: error: limits.sessions: \"many\" is no number; a whole one "
	    "from 1 to 1000000 is expected\n"
	    "7:78: error: limits.keeper: unknown key\n"
	    "7:112: error: limits.handshakes_per_source: 0 is out of range; "
	    "1 to 1000000 is expected\n");
}

static void
test_what_comes_later_is_a_note(void **state)
{
	(void)state;
	expect_findings(LEAST "metrics: {listen: unix:/run/m.sock}\n",
	    "5:10: note: metrics: has no effect in this version (see "
	    "`bootstrapctl status`)\n");
	/* a typing error in it is one already */
	expect_findings(LEAST "metrics: {listn: x}\n",
	    "5:10: note: metrics: has no effect in this version (see "
	    "`bootstrapctl status`)\n"
	    "5:11: error: metrics.listn: unknown key; did you mean "
	    "`listen`?\n");
}

static void
test_what_the_server_shows(void **state)
{
	struct config *c = loaded(LEAST
	    "server:\n"
	    "  certificate: server.pem\n"
	    "  key: \"pkcs11:object=bootstrap-server;id=%01%ff\"\n"
	    "  trust: device-ca.pem\n"
	    "  crl: [/etc/a.crl, b.crl]\n"
	    "  sni:\n"
	    "    - {certificate: other.pem, key: \"pkcs11:object=other\"}\n");

	(void)state;
	assert_int_equal(c->server_count, 2);
	expect_path(c->servers[0].certificate, "/server.pem");
	assert_string_equal(c->servers[0].key.label, "bootstrap-server");
	assert_int_equal(c->servers[0].key.id_len, 2);
	assert_int_equal(c->servers[0].key.id[1], 0xff);
	expect_path(c->servers[1].certificate, "/other.pem");
	assert_string_equal(c->servers[1].key.label, "other");
	assert_int_equal(c->servers[1].line, 11);
	assert_int_equal(c->trust_count, 1);
	expect_path(c->trust[0], "/device-ca.pem");
	assert_int_equal(c->crl_count, 2);
	assert_string_equal(c->crls[0], "/etc/a.crl");
	expect_path(c->crls[1], "/b.crl");
	config_free(c);
	/* neither is needed: an identity may name its own */
	c = loaded(
	    LEAST "server: {certificate: s.pem, key: \"pkcs11:object=s\"}\n");
	assert_int_equal(c->server_count, 1);
	assert_int_equal(c->trust_count + c->crl_count, 0);
	config_free(c);
	/* where it is can be said without showing anything */
	c = loaded(LEAST "server: {uri: \"coaps://bs.example:5684\"}\n");
	assert_int_equal(c->server_count, 0);
	assert_string_equal(c->server_uri, "coaps://bs.example:5684");
	config_free(c);
}

#define WITHOUT_POLICIES \
	"listen: [\"coaps://[::]:5684\"]\n" \
	"hsm: {module: m.so, token: \"pkcs11:token=t\", pin: {env: PIN}}\n" \
	"ledger: ledger.db\n"

static void
test_how_policies_go_out(void **state)
{
	struct config *c = loaded(LEAST);

	(void)state;
	expect_path(c->policies, "/policies.d");
	assert_int_equal(c->rollout.stage_count, 4);
	assert_int_equal(c->rollout.stages[0], SHARE_WHOLE / 100);
	assert_int_equal(c->rollout.window_ms, 3600000);
	config_free(c);
	c = loaded(WITHOUT_POLICIES "policies: {path: policies.d}\n");
	expect_path(c->policies, "/policies.d");
	assert_int_equal(c->rollout.minimum, 20);
	config_free(c);
	c = loaded(WITHOUT_POLICIES "policies:\n"
				    "  path: policies.d\n"
				    "  rollout:\n"
				    "    stages: [0.5%, 25%, 100%]\n"
				    "    success: 99.5%\n"
				    "    window: 1d\n"
				    "    minimum: 1\n");
	assert_int_equal(c->rollout.stage_count, 3);
	assert_int_equal(c->rollout.stages[0], SHARE_WHOLE / 200);
	assert_int_equal(c->rollout.success, 995000);
	assert_int_equal(c->rollout.window_ms, 86400000);
	assert_int_equal(c->rollout.minimum, 1);
	config_free(c);
	expect_findings(WITHOUT_POLICIES "policies: {rolout: {}}\n",
	    "4:11: error: policies: `path:` is missing\n"
	    "4:12: error: policies.rolout: unknown key; did you mean "
	    "`rollout`?\n");
	expect_findings(WITHOUT_POLICIES "policies:\n"
					 "  path: p\n"
					 "  rollout:\n"
					 "    stages: [10%, 1%, 100%]\n"
					 "    success: 0%\n"
					 "    window: 60\n"
					 "    minimum: 0\n",
	    "7:13: error: policies.rollout.stages: each stage is a larger "
	    "share than the one before it\n"
	    "8:14: error: policies.rollout.success: \"0%\" is no share; write "
	    "it like 1% or 0.5%, above 0% and up to 100%\n"
	    "9:13: error: policies.rollout.window: \"60\" has no unit; a "
	    "duration is expected, like 250ms, 90s, 5m, 2h, 1d or 10y\n"
	    "10:14: error: policies.rollout.minimum: 0 is out of range; 1 to "
	    "1000000 is expected\n");
	expect_findings(WITHOUT_POLICIES
	    "policies: {path: p, rollout: {stages: 10%}}\n",
	    "4:39: error: policies.rollout.stages: the last stage is 100%\n");
}

static void
test_where_the_server_is(void **state)
{
	(void)state;
	expect_findings(LEAST "server: {uri: \"http://bs.example\"}\n",
	    "5:15: error: server.uri: a URI of CoAP is expected, like "
	    "coaps://bootstrap.example:5684\n");
	expect_findings(LEAST "server: {uri: \"coaps://bs.example:0\"}\n",
	    "5:15: error: server.uri: the port is a number from 1 to 65535\n");
	expect_findings(LEAST "server: {uri: [a]}\n",
	    "5:15: error: server.uri: a single value is expected, found a "
	    "list\n");
	/* what trusts or shows something needs the pair, uri or not */
	expect_findings(LEAST "server: {uri: \"coap://b\", trust: a.pem}\n",
	    "5:9: error: server: `certificate:` is missing\n"
	    "5:9: error: server: `key:` is missing\n");
}

static void
test_faults_of_the_server(void **state)
{
	(void)state;
	expect_findings(LEAST "server: {certificat: x}\n",
	    "5:9: error: server: `certificate:` is missing\n"
	    "5:9: error: server: `key:` is missing\n"
	    "5:10: error: server.certificat: unknown key; did you mean "
	    "`certificate`?\n");
	expect_findings(LEAST
	    "server: {certificate: x, key: \"pkcs11:object=x\", trust: {}, "
	    "crl: [a, []], sni: {certificate: y}}\n",
	    "5:57: error: server.trust: a single value is expected, found a "
	    "map (text that begins with { goes in quotes)\n"
	    "5:70: error: server.crl[1]: a single value is expected, found a "
	    "list\n"
	    "5:80: error: server.sni: a list is expected, found a map\n");
	expect_findings(LEAST
	    "server: {certificate: x, key: \"pkcs11:object=x\", sni: [y, "
	    "{certificate: y, trust: z, key: \"pkcs11:token=t\"}]}\n",
	    "5:56: error: server.sni[0]: a map (`key: value`) is expected, "
	    "found a single value\n"
	    "5:76: error: server.sni[1].trust: unknown key\n"
	    "5:91: error: server.sni[1].key: a key's URI names a token; the "
	    "token is named by hsm.token; leave object= and id= in the key's "
	    "URI only\n");
}

static void
test_a_private_key_never_stands_in_a_file(void **state)
{
	static const char *const keys[] = {"/etc/bootstrapd/hidden.pem",
	    "hidden.der", "\"-----BEGIN hidden-----\"",
	    "|\n    -----BEGIN EC KEY-----\n    hidden"};

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct diag *d = diag_new();
		struct config *c;
		char text[512];

		snprintf(text, sizeof(text),
		    LEAST "server:\n  certificate: x\n  key: %s\n", keys[i]);
		assert_int_equal(load(text, d, &c), RC_CONFIG);
		assert_int_equal(diag_total(d), 1);
		assert_string_equal(diag_get(d, 0)->code, "config-server-key");
		assert_null(strstr(diag_get(d, 0)->text, "hidden"));
		assert_non_null(
		    strstr(diag_get(d, 0)->text, "pkcs11:object=LABEL"));
		diag_free(d);
	}
}

static void
test_sixteen_certificates(void **state)
{
	char text[4096], *at = text;

	(void)state;
	for (int count = 15; count <= 16; count++) {
		at = text;
		at += snprintf(at, 512,
		    LEAST
		    "server: {certificate: s, key: \"pkcs11:object=s\", sni: "
		    "[");
		for (int i = 0; i < count; i++)
			at += snprintf(at, 100,
			    "{certificate: s%d, key: \"pkcs11:object=s%d\"}, ",
			    i, i);
		(void)snprintf(at, 10, "]}\n");
		expect_findings(text,
		    count == 15 ? ""
				: "5:55: error: server.sni: 16 certificates "
				  "beside the first one; 15 are possible\n");
	}
}

static void
test_worker_and_keeper_are_kept_apart(void **state)
{
	(void)state;
	expect_findings(LEAST "user: {worker: root, keeper: 5}\n",
	    "5:16: error: user.worker: root is what the process must not "
	    "be\n");
	expect_findings(LEAST "user: {worker: \"7:8\", keeper: \"7:9\"}\n",
	    "5:7: error: user: worker and keeper must not be the same user\n");
	expect_findings(LEAST "user: {keeper: root}\n",
	    "5:16: warning: user.keeper: the keeper stays root; a user of its "
	    "own is better wherever module, ledger and policies allow it\n");
}

static void
test_the_path_of_a_socket_is_short(void **state)
{
	char text[512], name[120];

	(void)state;
	memset(name, 'x', sizeof(name));
	snprintf(text, sizeof(text), LEAST "control: /%.*s\n", 107, name);
	expect_findings(text,
	    "5:10: error: control: 108 bytes; the path of a socket has at most "
	    "107\n");
	snprintf(text, sizeof(text), LEAST "control: /%.*s\n", 106, name);
	expect_findings(text, "");
}

static void
test_it_is_one_document(void **state)
{
	(void)state;
	expect_findings("", "1:0: error: one YAML document is expected\n");
	expect_findings(
	    LEAST "---\na: b\n", "1:0: error: one YAML document is expected\n");
	expect_findings("[]\n",
	    "1:1: error: a map (`key: value`) is expected, found a list\n");
	/* a fault of the YAML itself does not hide the others */
	expect_findings(LEAST "ledger: x\nmetric: 1\n",
	    "5:1: error: the key \"ledger\" is there already, in line 4\n"
	    "6:1: error: metric: unknown key; did you mean `metrics`?\n");
}

/* Without anybody to tell, a fault is a fault. */
static void
test_no_findings_wanted(void **state)
{
	struct config *c;

	(void)state;
	assert_int_equal(load(LEAST "unknown: 1\n", NULL, &c), RC_CONFIG);
	assert_null(c);
	assert_int_equal(load(LEAST, NULL, &c), RC_OK);
	config_free(c);
}

static void
test_no_file(void **state)
{
	struct diag *d = diag_new();
	struct config *c;

	(void)state;
	assert_int_equal(config_load("/nowhere/b.yaml", d, &c), RC_IO);
	assert_null(c);
	assert_int_equal(diag_count(d, DIAG_ERROR), 1);
	diag_free(d);
	config_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_least_and_its_defaults),
	    cmocka_unit_test(test_everything_said),
	    cmocka_unit_test(test_listeners),
	    cmocka_unit_test(test_a_pin_never_stands_in_the_file),
	    cmocka_unit_test(test_all_faults_in_one_run),
	    cmocka_unit_test(test_what_comes_later_is_a_note),
	    cmocka_unit_test(test_what_the_server_shows),
	    cmocka_unit_test(test_how_policies_go_out),
	    cmocka_unit_test(test_where_the_server_is),
	    cmocka_unit_test(test_faults_of_the_server),
	    cmocka_unit_test(test_a_private_key_never_stands_in_a_file),
	    cmocka_unit_test(test_sixteen_certificates),
	    cmocka_unit_test(test_worker_and_keeper_are_kept_apart),
	    cmocka_unit_test(test_the_path_of_a_socket_is_short),
	    cmocka_unit_test(test_it_is_one_document),
	    cmocka_unit_test(test_no_findings_wanted),
	    cmocka_unit_test(test_no_file),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
