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
