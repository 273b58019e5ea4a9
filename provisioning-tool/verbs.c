#include "verbs.h"

#include "help.h"
#include "image_format.h"
#include "tool.h"

#include <stddef.h>
#include <stdio.h>

#define TEXT(long, where, what, text) \
	.name = (long), .kind = OPTION_TEXT, .value = (what), .help = (text), \
	.offset = offsetof(struct options, where)
#define FILE_NAME(long, where, what, text) \
	.name = (long), .kind = OPTION_FILE, .value = (what), .help = (text), \
	.offset = offsetof(struct options, where)
#define NUMBER(long, where, lo, hi, text) \
	.name = (long), .kind = OPTION_NUMBER, .value = "N", .help = (text), \
	.offset = offsetof(struct options, where), .min = (lo), .max = (hi)

static const char *const text_json[] = {"text", "json", NULL};
static const char *const text_json_csv[] = {"text", "json", "csv", NULL};

#define OUTPUT(kinds, help_text) \
	.name = "format", .kind = OPTION_CHOICE, .value = "FORMAT", \
	.help = (help_text), .offset = offsetof(struct options, format), \
	.choices = (kinds), .preset = "text"

/* Groups that several verbs have. */

static const struct option_spec config_specs[] = {
    {FILE_NAME("config", config, "FILE",
	 "take what is not given from this bootstrapd.yaml"),
	.letter = 'c'},
};
static const struct option_group config_group =
    OPTION_GROUP("Configuration options", config_specs);

static const struct option_spec token_specs[] = {
    {FILE_NAME("module", module, "FILE", "the PKCS#11 module")},
    {TEXT("token", token, "URI", "the token, \"pkcs11:token=LABEL\"")},
    {FILE_NAME(
	"pin-file", pin_file, "FILE", "its user PIN: a file of mode 0600")},
    {TEXT("pin-env", pin_env, "NAME", "its user PIN: an environment variable")},
    {TEXT("pin-credential", pin_credential, "NAME",
	"its user PIN: a credential of systemd")},
};
static const struct option_group token_group =
    OPTION_GROUP("Token options", token_specs);

#define LEDGER(text) FILE_NAME("ledger", ledger, "FILE", (text))

static const struct option_spec list_keys_specs[] = {
    {OUTPUT(text_json_csv, "text (default), json or csv")},
};
static const struct option_group list_keys_group =
    OPTION_GROUP("Options", list_keys_specs);

static const struct option_spec make_keys_specs[] = {
    {LEDGER("record each key's check value there")},
};
static const struct option_group make_keys_group =
    OPTION_GROUP("Options", make_keys_specs);

static const struct option_spec build_specs[] = {
    {FILE_NAME("policies", policies, "PATH",
	"folder or file with the identity document")},
    {TEXT("identity", identity, "NAME", "the identity document to mint by"),
	.required = true},
    {TEXT("endpoint", endpoint, "EP", "the device's endpoint client name"),
	.required = true},
    {TEXT("uri", uri, "URI", "the bootstrap server, coaps://HOST:PORT"),
	.required = true},
    {.name = "format",
	.kind = OPTION_CHOICE,
	.value = "FORMAT",
	.help = "of the image; `image formats` lists them",
	.offset = offsetof(struct options, format),
	.required = true,
	.choices = image_format_names},
    {NUMBER("epoch", epoch, 1, UINT32_MAX,
	"of the key; default: the document's newest")},
    {NUMBER(
	 "instance", instance, 0, 65534, "of the Security object; default 1"),
	.preset = "1"},
    {.name = "hold-off",
	.kind = OPTION_SECONDS,
	.value = "TIME",
	.help = "Client Hold Off; default 10s",
	.offset = offsetof(struct options, hold_off_s),
	.max = 31536000,
	.preset = "10s"},
    {FILE_NAME(
	 "output", output, "FILE", "where to; - or nothing: standard output"),
	.letter = 'o'},
    {.name = "force",
	.kind = OPTION_FLAG,
	.help = "replace FILE if it exists",
	.offset = offsetof(struct options, force)},
    {LEDGER("record the image there before it is handed out")},
};
static const struct option_group build_group =
    OPTION_GROUP("Options", build_specs);

static const struct option_spec formats_specs[] = {
    {OUTPUT(text_json_csv, "text (default), json or csv")},
};
static const struct option_group formats_group =
    OPTION_GROUP("Options", formats_specs);

static const struct option_spec check_specs[] = {
    {OUTPUT(text_json, "text (default) or json")},
};
static const struct option_group check_group =
    OPTION_GROUP("Options", check_specs);

static const struct option_spec explain_specs[] = {
    {TEXT("endpoint", endpoint, "EP", "the device's endpoint client name"),
	.required = true},
    {TEXT("identity", identity, "DOC",
	"as a device made by this identity document")},
    {TEXT("credential", credential, "PSK-ID",
	"as a device that shows this PSK identity")},
    {TEXT("address", address, "IP:PORT",
	"as a device that comes from there without security")},
};
static const struct option_group explain_group =
    OPTION_GROUP("Options", explain_specs);

static const struct option_spec list_specs[] = {
    {LEDGER("the ledger to read")},
    {TEXT("endpoint", endpoint, "EP", "only rows of this endpoint")},
    {TEXT("kind", kind, "KIND", "only rows of this kind")},
    {NUMBER("since", since, 1, INT64_MAX, "only this row and later ones")},
    {NUMBER("limit", limit, 1, INT64_MAX,
	"at most so many: the newest, or with --since the oldest")},
    {OUTPUT(text_json_csv, "text (default), json (one row a line) or csv")},
};
static const struct option_group list_group =
    OPTION_GROUP("Options", list_specs);

static const struct option_spec show_specs[] = {
    {LEDGER("the ledger to read")},
    {OUTPUT(text_json, "text (default) or json (one row a line)")},
};
static const struct option_group show_group =
    OPTION_GROUP("Options", show_specs);

static const struct option_spec verify_specs[] = {
    {LEDGER("the ledger to read")},
    {OUTPUT(text_json, "text (default) or json")},
};
static const struct option_group verify_group =
    OPTION_GROUP("Options", verify_specs);

const struct verb_group verb_groups[] = {
    {"policy", "who may come, and what they get"},
    {"image", "factory images"},
    {"hsm", "the token and its keys"},
    {"audit", "the ledger"},
    {0},
};

#define NONE NULL, 0, 0
#define MANY SIZE_MAX

const struct verb verbs[] = {
    {"policy check", "report every finding in policy files",
	{{&check_group}, "PATH...", 1, MANY}, policy_check},
    {"policy explain", "show what one device would get, and why",
	{{&explain_group}, "PATH", 1, 1}, policy_explain},
    {"image build", "mint the account of one device into an image",
	{{&build_group, &token_group, &config_group}, NONE}, image_build},
    {"image formats", "list the formats of images", {{&formats_group}, NONE},
	image_formats},
    {"hsm keys", "list the master keys in the token",
	{{&list_keys_group, &token_group, &config_group}, NONE}, hsm_keys},
    {"hsm keys make", "make master keys in the token",
	{{&make_keys_group, &token_group, &config_group}, "LABEL...", 1, MANY},
	hsm_keys_make},
    {"audit list", "list what was done, row by row",
	{{&list_group, &config_group}, NONE}, audit_list},
    {"audit show", "show one row, or one bootstrap from begin to end",
	{{&show_group, &config_group}, "SEQ|SESSION", 1, 1}, audit_show},
    {"audit verify", "prove that no row was changed or taken out",
	{{&verify_group, &config_group}, NONE}, audit_verify},
    {"completion", "print the completion script of a shell",
	{{NULL}, "bash|zsh|fish", 1, 1}, completion},
    {0},
};
