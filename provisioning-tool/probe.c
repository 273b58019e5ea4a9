/* provisioning-tool probe: a device on the bench tells what its profile is. */
#include "probe.h"

#include "output.h"
#include "probe_key.h"
#include "rows.h"
#include "tool.h"
#include "verbs.h"

#include <stdlib.h>

enum { PROFILE_MAX = 65536 /* bytes; ~100 findings of 700 */ };

static void
print_ending_json(const struct probe *p, int code, struct span profile)
{
	const struct field fields[] = {
	    F_TEXT("profile", p->o->name),
	    F_BOOL("complete", code == EX_OK),
	    F_INT("findings", p->finding_count),
	    F_INT("strangers", p->bench.strangers),
	    F_TEXT("document", profile),
	};

	rows_json(fields, sizeof(fields) / sizeof(fields[0]));
}

/** The findings where the profile is not, and the profile. */
static int
report(const struct probe *p, struct output *out, int code, struct span profile)
{
	bool json = strcmp(p->o->format, "json") == 0;
	int wrote = EX_OK;

	if (json) {
		probe_print_json(p);
		print_ending_json(p, code, profile);
	} else {
		probe_print_table(p, out->path ? stdout : stderr);
	}
	if (json && !out->path)
		return code; /* it is in the last line */
	wrote = output_write(out, profile);
	if (wrote == EX_OK)
		wrote = output_commit(out, profile);
	return code == EX_OK ? wrote : code;
}

static int
probe_with(struct probe *p, struct output *out)
{
	uint8_t *text;
	struct writer w;
	int code = probe_run(p);
	enum rc rc;

	if (p->facts.account_gone)
		fputs("the device has lost its account: give it its image "
		      "again\n",
		    stderr);
	else if (p->finding_count > 0)
		fputs("the device is to be reset before it is used: what was "
		      "tried has deleted its accounts\n",
		    stderr);
	if (p->finding_count == 0)
		return code;
	text = malloc(PROFILE_MAX);
	if (!text)
		return tool_fault(RC_MEMORY, "profile");
	writer_init(&w, text, PROFILE_MAX);
	rc = probe_profile(p, p->o->name, &w);
	code = rc == RC_OK ? report(p, out, code, writer_span(&w))
			   : tool_fault(rc, "profile");
	free(text);
	return code;
}

int
probe(const struct options *o)
{
	const char *path =
	    o->output && strcmp(o->output, "-") != 0 ? o->output : NULL;
	struct wire_config config = {
	    .uris = o->operands,
	    .uri_count = o->operand_count,
	    .identity = span_str(o->psk_identity),
	    .patience_ms = (uint32_t)o->patience_s * 1000,
	};
	struct output out = {.fd = -1};
	struct secret key = {0};
	struct probe *p = calloc(1, sizeof(*p));
	int code = EX_OK;

	if (!p)
		return tool_fault(RC_MEMORY, "probe");
	p->o = o;
	code = probe_key_read(o, &key);
	config.key = key.len ? &key : NULL;
	if (code == EX_OK)
		code = output_begin_public(&out, path, o->force);
	if (code == EX_OK)
		code = bench_open(&p->bench, config);
	if (code == EX_OK)
		code = probe_with(p, &out);
	bench_close(&p->bench);
	output_end(&out);
	secret_fini(&key);
	free(p);
	return code;
}
