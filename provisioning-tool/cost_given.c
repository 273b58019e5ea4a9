#include "cost_given.h"

#include "../bootstrapd/config.h"
#include "pki_file.h"
#include "settings.h"
#include "tool.h"

static const char usual_name[] = "bootstrap.lwm2m.example";

struct reading {
	const char *path;
	struct cost_chain *chain;
	char *name; /* NULL: not wanted */
};

static void
take_name(const struct cert *c, char *out, size_t cap)
{
	struct span rest = c->san;
	struct cert_name n;

	while (out[0] == '\0' && cert_name_next(&rest, &n))
		if (n.kind == CERT_NAME_DNS && n.value.len < cap) {
			memcpy(out, n.value.p, n.value.len);
			out[n.value.len] = '\0';
		}
}

static int
take_one(void *ctx, const struct cert *c)
{
	struct reading *r = ctx;
	struct quoted q;

	/* an anchor is not shown */
	if (r->chain->count > 0 && span_equal(c->issuer, c->subject))
		return EX_OK;
	if (r->chain->count == COST_CHAIN_MAX)
		return tool_error(EX_DATAERR, NULL,
		    "%s: more than %d certificates", quote_str(&q, r->path),
		    COST_CHAIN_MAX);
	if (r->chain->count == 0 && r->name)
		take_name(
		    c, r->name, sizeof(((struct cost_given *)0)->server_name));
	r->chain->len[r->chain->count++] = c->der.len;
	return EX_OK;
}

static int
read_chain(const char *path, struct cost_chain *out, char *name)
{
	struct reading r = {.path = path, .chain = out, .name = name};
	struct pki_file f = {0};
	int code = pki_file_read(path, &f);

	out->count = 0;
	if (code == EX_OK)
		code = pki_certificates(
		    path, span_of(f.bytes, f.len), take_one, &r);
	pki_file_fini(&f);
	return code;
}

int
cost_given_read(const struct options *o, struct cost_given *out)
{
	const char *path = o->server_certificate;
	struct settings s = {0};
	int code = EX_OK;

	*out = (struct cost_given){
	    .server = {.len = {COST_SERVER_USUAL}, .count = 1},
	    .device = {.len = {COST_DEVICE_USUAL}, .count = 1},
	};
	if (o->config)
		code = settings_load(o, 0, &s);
	if (code == EX_OK && !path && s.config && s.config->server_count > 0)
		path = s.config->servers[0].certificate;
	if (code == EX_OK && path)
		code = read_chain(path, &out->server, out->server_name);
	else
		memcpy(out->server_name, usual_name, sizeof(usual_name));
	if (code == EX_OK && o->device_certificate) {
		out->has_device = true;
		code = read_chain(o->device_certificate, &out->device, NULL);
	}
	settings_fini(&s);
	return code;
}
