/* The options of work orders, and of what became of units. */
#include "verb_options.h"

static const struct option_spec sign_specs[] = {
    {TEXT("key", key, "URI",
	 "the key in the token to sign by, \"pkcs11:object=LABEL\""),
	.required = true},
    {.name = "force",
	.kind = OPTION_FLAG,
	.help = "replace FILE.sig if it exists",
	.offset = offsetof(struct options, force)},
};
const struct option_group order_sign_options =
    OPTION_GROUP("Options", sign_specs);

static const struct option_spec show_specs[] = {
    {FILE_NAME("signers", signers, "FILE",
	"who may sign orders, in OpenSSH's allowed_signers format")},
    {LEDGER("with what is used and left, as this ledger counts it")},
    {OUTPUT(verb_text_json, "text (default) or json (one object)")},
};
const struct option_group order_show_options =
    OPTION_GROUP("Options", show_specs);

#define FROM(text) FILE_NAME("from", from_file, "FILE|-", (text))

static const struct option_spec flashed_specs[] = {
    {FROM("a list in CSV, whose first line names its columns")},
    {TEXT("station", station, "NAME", "where it was done")},
    {TEXT("chip", chip, "ID", "what was flashed: a MAC address, a chip's id")},
    {LEDGER("record it there")},
};
const struct option_group order_flashed_options =
    OPTION_GROUP("Options", flashed_specs);

static const struct option_spec scrapped_specs[] = {
    {TEXT("reason", reason, "TEXT", "why, for the ledger")},
    {FROM("a list in CSV, whose first line names its columns")},
    {TEXT("station", station, "NAME", "where it was done")},
    {LEDGER("record it there")},
};
const struct option_group order_scrapped_options =
    OPTION_GROUP("Options", scrapped_specs);

static const struct option_spec use_specs[] = {
    {FILE_NAME("order", order, "FILE",
	"mint under this work order; its signature is FILE.sig")},
    {FILE_NAME("signers", signers, "FILE",
	"who may sign orders, in OpenSSH's allowed_signers format")},
    {TEXT("station", station, "NAME", "which station of the order this is")},
};
const struct option_group order_use_options =
    OPTION_GROUP("Work order options", use_specs);

static const struct option_spec reconcile_specs[] = {
    {LEDGER("the ledger to read")},
    {TEXT("order", order, "NAME", "only of this work order")},
    {TEXT("batch", batch, "NAME", "only of this batch")},
    {.name = "window",
	.kind = OPTION_SECONDS,
	.value = "TIME",
	.help = "two networks within it are a clone; default 1d",
	.offset = offsetof(struct options, window_s),
	.min = 1,
	.max = 315360000,
	.preset = "1d"},
    {NUMBER("prefix", prefix4, 0, 32,
	 "bits of IPv4 that are one network; default 24"),
	.preset = "24"},
    {NUMBER("prefix-six", prefix6, 0, 128,
	 "bits of IPv6 that are one network; default 48"),
	.preset = "48"},
    {.name = "idle",
	.kind = OPTION_SECONDS,
	.value = "TIME",
	.help = "name what was minted so long ago and has not booted; default "
		"30d",
	.offset = offsetof(struct options, idle_s),
	.max = 3153600000,
	.preset = "30d"},
    {NUMBER("max-findings", max_findings, 0, INT64_MAX,
	 "print at most so many; default 1000"),
	.preset = "1000"},
    {OUTPUT(verb_text_json_csv, "text (default), json or csv")},
};
const struct option_group audit_reconcile_options =
    OPTION_GROUP("Options", reconcile_specs);
