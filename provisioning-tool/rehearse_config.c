/* The bootstrapd.yaml of a staging daemon: that of the true one, but for where
 * it listens, its ledger, and how often a device may come. */
#include "../bootstrapd/config.h"
#include "base/text.h"
#include "rehearse_staging_internal.h"
#include "tool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	CONFIG_MAX = 65536,
	HANDSHAKES = 4096,
	QUESTIONS_PER_S = 1000000,
};

const char *const staging_schemes[STAGING_SCHEMES] = {
    "coaps", "coap", "coaps+tcp", "coap+tcp"};

static void
put_text(struct writer *w, const char *key, const char *value)
{
	writer_fmt(w, "%s: ", key);
	text_quote(w, span_str(value));
	writer_str(w, "\n");
}

static void
put_path(struct writer *w, const char *key, const char *path)
{
	char whole[PATH_MAX];

	put_text(w, key, realpath(path, whole) ? whole : path);
}

static void
put_paths(struct writer *w, const char *key, const char *const *paths, size_t n)
{
	char whole[PATH_MAX];

	if (n == 0)
		return;
	writer_fmt(w, "  %s: [", key);
	for (size_t i = 0; i < n; i++) {
		writer_str(w, i ? ", " : "");
		text_quote(
		    w, span_str(realpath(paths[i], whole) ? whole : paths[i]));
	}
	writer_str(w, "]\n");
}

static void
put_hsm(struct writer *w, const struct hsm_config *h, bool network)
{
	static const char *const kinds[] = {
	    [HSM_PIN_FILE] = "file",
	    [HSM_PIN_CREDENTIAL] = "credential",
	    [HSM_PIN_ENV] = "env",
	};
	char whole[PATH_MAX];
	const char *pin = h->pin;

	writer_str(w, "hsm:\n");
	/* a name without a folder is looked for where libraries are */
	if (strchr(h->module, '/'))
		put_path(w, "  module", h->module);
	else
		put_text(w, "  module", h->module);
	put_text(w, "  token", h->token);
	if (h->init_args)
		put_text(w, "  init_args", h->init_args);
	if (network)
		writer_str(w, "  network: true\n");
	if (h->pin_kind == HSM_PIN_FILE && realpath(pin, whole))
		pin = whole;
	writer_fmt(w, "  pin: {%s: ", kinds[h->pin_kind]);
	text_quote(w, span_str(pin));
	writer_str(w, "}\n");
}

static void
put_server(struct writer *w, const struct config *c)
{
	char uri[256];

	if (c->server_count == 0 && c->trust_count == 0 && !c->server_uri)
		return;
	writer_str(w, "server:\n");
	if (c->server_uri)
		put_text(w, "  uri", c->server_uri);
	for (size_t i = 0; i < c->server_count; i++) {
		const char *in = i ? "      " : "  ";

		if (i == 1)
			writer_str(w, "  sni:\n");
		if (i > 0)
			writer_str(w, "    -\n");
		writer_str(w, in);
		put_path(w, "certificate", c->servers[i].certificate);
		writer_str(w, in);
		put_text(w, "key",
		    hsm_ec_ref_print(&c->servers[i].key, uri, sizeof(uri)));
	}
	put_paths(w, "trust", c->trust, c->trust_count);
	put_paths(w, "crl", c->crls, c->crl_count);
}

static void
put_policies(struct writer *w, const struct config *c)
{
	if (!c->policy_trust.signers) {
		put_path(w, "policies", c->policies);
		return;
	}
	writer_str(w, "policies:\n");
	put_path(w, "  path", c->policies);
	writer_str(w, "  trust:\n");
	put_path(w, "    signers", c->policy_trust.signers);
	writer_fmt(w, "    threshold: %u\n", c->policy_trust.threshold);
}

static void
put_config(struct writer *w, const struct staging *s)
{
	const struct config *c = s->settings.config;

	writer_str(w, "listen:\n");
	for (size_t i = 0; i < STAGING_SCHEMES; i++)
		writer_fmt(w, "  - %s://127.0.0.1:0\n", staging_schemes[i]);
	writer_str(w, "workers: auto\n");
	put_hsm(w, &s->settings.hsm, c->hsm_network);
	put_server(w, c);
	put_policies(w, c);
	put_text(w, "ledger", s->ledger_path);
	if (geteuid() == 0 && c->user_worker.set && c->user_keeper.set)
		writer_fmt(w, "user: {worker: \"%u:%u\", keeper: \"%u:%u\"}\n",
		    c->user_worker.uid, c->user_worker.gid, c->user_keeper.uid,
		    c->user_keeper.gid);
	/* one device may boot from many images, and many from one place */
	writer_fmt(w,
	    "limits: {device_requests: 0, handshakes: %d, "
	    "handshakes_per_source: %d, questions_per_second: %d, "
	    "drain: 1s}\n",
	    HANDSHAKES, HANDSHAKES, QUESTIONS_PER_S);
}

int
staging_config(struct staging *s)
{
	uint8_t *text = malloc(CONFIG_MAX);
	struct writer w;
	bool good;
	FILE *f;

	if (!text)
		return tool_fault(RC_MEMORY, "staging");
	writer_init(&w, text, CONFIG_MAX);
	put_config(&w, s);
	f = fopen(s->config, "wxe");
	good = f && !w.full && fwrite(w.buf, 1, w.len, f) == w.len;
	if (f && fclose(f) != 0)
		good = false;
	free(text);
	if (!good)
		return tool_error(EX_OSERR, NULL, "%s: %s", s->config,
		    w.full ? "too long" : strerror(errno));
	return EX_OK;
}
