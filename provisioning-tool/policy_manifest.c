/* policy manifest: what a set is made of, as sha256sum prints it; and what is to
 * be signed. */
#include "policy/beside.h"
#include "policy/manifest.h"

#include "issue/signed.h"
#include "output.h"
#include "policies.h"
#include "tool.h"
#include "verbs.h"

/* The highest serial that the ledger has loaded. */
static int
of_ledger(const char *path, uint64_t *out)
{
	struct ledger *l = NULL;
	char why[256];
	struct quoted q;
	enum rc rc = ledger_open(path, LEDGER_READ, &l, why, sizeof(why));

	if (rc == RC_OK)
		rc = signed_serial_of(l, out);
	ledger_close(l);
	if (rc == RC_OK)
		return EX_OK;
	return tool_error(EX_IOERR, NULL, "ledger %s: %s", quote_str(&q, path),
	    why[0] ? why : rc_name(rc));
}

/* 0: nothing is to be signed. */
static int
choose_serial(const struct options *o, struct arena *a, uint64_t *out)
{
	const char *folder = beside_folder(a, o->operands[0]);
	uint64_t beside, loaded = 0;
	int code = EX_OK;

	*out = (uint64_t)o->manifest_serial;
	if (!o->next)
		return EX_OK;
	if (!folder || signed_serial_beside(a, folder, &beside) != RC_OK)
		return tool_fault(RC_MEMORY, "manifest");
	if (o->ledger)
		code = of_ledger(o->ledger, &loaded);
	*out = (beside > loaded ? beside : loaded) + 1;
	if (code == EX_OK && *out > INT64_MAX)
		return tool_error(
		    EX_DATAERR, NULL, "there is no higher serial");
	return code;
}

/* The lines, behind the one with the serial where there is one. */
static int
make(const struct policy_set *set, const struct options *o, struct arena *a,
    struct span *out)
{
	uint64_t serial;
	struct span lines;
	struct writer w;
	size_t cap;
	void *buf;
	int code = choose_serial(o, a, &serial);

	if (code != EX_OK)
		return code;
	if (policy_manifest(set, a, &lines) != RC_OK)
		return tool_fault(RC_MEMORY, "manifest");
	cap = SIGNED_HEAD_MAX + lines.len;
	buf = arena_alloc(a, cap);
	if (!buf)
		return tool_fault(RC_MEMORY, "manifest");
	writer_init(&w, buf, cap);
	if (serial > 0)
		signed_head(&w, serial);
	writer_put(&w, lines);
	*out = writer_span(&w);
	return EX_OK;
}

static int
print(struct span text, const struct options *o)
{
	struct output out;
	int code = output_begin_public(&out, o->output, o->force);

	if (code == EX_OK)
		code = output_write(&out, text);
	if (code == EX_OK)
		code = output_commit(&out, text);
	output_end(&out);
	return code;
}

static int
options_fault(const struct options *o)
{
	if (o->next && o->manifest_serial > 0)
		return tool_error(EX_USAGE, "give one of them",
		    "--serial and --next exclude each other");
	if (o->ledger && !o->next)
		return tool_error(EX_USAGE, "add --next",
		    "--ledger is of no use without --next");
	return EX_OK;
}

int
policy_manifest_verb(const struct options *o)
{
	struct issue_rules *rules = NULL;
	struct policy_set *set = NULL;
	struct arena *a = arena_new(0);
	struct span text;
	int code = a ? options_fault(o) : tool_fault(RC_MEMORY, "manifest");

	if (code == EX_OK)
		code = policies_load(o->operands[0], &set, &rules);
	if (code == EX_OK)
		code = make(set, o, a, &text);
	if (code == EX_OK)
		code = print(text, o);
	issue_rules_unref(rules);
	policy_set_unref(set);
	arena_free(a);
	return code;
}
