/* The options of the `image` verbs that look at images. */
#include "image_format.h"
#include "verb_options.h"

#define AS_FORMAT \
	.name = "as", .kind = OPTION_CHOICE, .value = "FORMAT", \
	.help = "read it as one of this format; default: as it looks", \
	.offset = offsetof(struct options, as_format), \
	.choices = image_format_names

static const struct option_spec inspect_specs[] = {
    {AS_FORMAT},
    {.name = "show-secrets",
	.kind = OPTION_FLAG,
	.help = "keys too, in hex; on a terminal alone",
	.offset = offsetof(struct options, show_secrets)},
    {OUTPUT(verb_text_json, "text (default) or json (an image a line)")},
};
const struct option_group image_inspect_options =
    OPTION_GROUP("Options", inspect_specs);

static const struct option_spec verify_specs[] = {
    {AS_FORMAT},
    {FILE_NAME("policies", policies, "PATH",
	"with the identity documents that are to admit the devices")},
    {TEXT("identity", identity, "NAME", "all are by this document of them")},
    {TEXT("image", image, "NAME", "all are as this image document says")},
    {TEXT("uri", uri, "URI", "all are to go to this bootstrap server")},
    {FILE_NAME("trust", trust, "FILE",
	"CAs that sign devices, for documents that name none")},
    {FILE_NAME("signers", signers, "FILE",
	"who may sign a batch, in OpenSSH's allowed_signers format")},
    {TEXT("order-name", order_name, "NAME",
	"the work order that a batch is to be of")},
    {LEDGER("all must have been minted, and none revoked, by this ledger")},
    {.name = "strict",
	.kind = OPTION_FLAG,
	.help = "exit 65 where there are warnings, too",
	.offset = offsetof(struct options, strict)},
    {OUTPUT(verb_text_json_sarif, "text (default), json or sarif")},
};
const struct option_group image_verify_options =
    OPTION_GROUP("Options", verify_specs);
