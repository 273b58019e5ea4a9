/* The options of `image reissue` and `image keys`. */
#include "image_format.h"
#include "verb_options.h"

/* RFC 5280 5.3.1: of those of pki revoke the ones that a reissue can have. */
static const char *const reasons[] = {"superseded", "keyCompromise",
    "unspecified", "affiliationChanged", "cessationOfOperation",
    "privilegeWithdrawn", NULL};

static const struct option_spec reissue_specs[] = {
    MINT_DOCUMENT,
    {TEXT("endpoint", endpoint, "EP", "the device's endpoint client name")},
    {TEXT("serial", unit_serial, "S",
	"the device's serial number, of which the document makes EP")},
    {FILE_NAME("devices", devices, "FILE",
	"a list of them: CSV, JSON lines, names; -: standard input")},
    MINT_WITHOUT_DOCUMENT,
    MINT_FORMAT,
    {NUMBER("epoch", epoch, 1, UINT32_MAX,
	"of the key; default: the next above the last minted")},
    MINT_ACCOUNT,
    {FILE_NAME("output", output, "FILE", "where to"), .letter = 'o'},
    {FILE_NAME("directory", directory, "DIR",
	"with --devices: a file for each there")},
    {.name = "force",
	.kind = OPTION_FLAG,
	.help = "replace files that exist",
	.offset = offsetof(struct options, force)},
    {.name = "reason",
	.kind = OPTION_CHOICE,
	.value = "REASON",
	.help = "why the old ones are revoked; default superseded",
	.offset = offsetof(struct options, reason),
	.choices = reasons,
	.preset = "superseded"},
    {LEDGER("the ledger that has the device's image")},
};
const struct option_group image_reissue_options =
    OPTION_GROUP("Options", reissue_specs);

static const struct option_spec keys_specs[] = {
    {FILE_NAME("output", output, "FILE", "where to"), .letter = 'o',
	.required = true},
    {.name = "force",
	.kind = OPTION_FLAG,
	.help = "replace FILE if it exists",
	.offset = offsetof(struct options, force)},
};
const struct option_group image_keys_options =
    OPTION_GROUP("Options", keys_specs);
