/* The options of `image rehearse`. */
#include "rehearse_limits.h"
#include "verb_options.h"

static const struct option_spec rehearse_specs[] = {
    {.name = "staging",
	.kind = OPTION_FLAG,
	.help = "against a bootstrapd of its own, with the configuration's "
		"token and policies and a copy of its ledger",
	.offset = offsetof(struct options, staging)},
    {TEXT("against", against, "URI",
	"against this server instead of the one in the image")},
    {FILE_NAME("daemon", daemon, "FILE",
	"the bootstrapd of --staging; default: that of this installation")},
    {NUMBER("at-a-time", at_a_time, 1, REHEARSE_AT_A_TIME_MAX,
	 "devices that boot at once; default 20"),
	.preset = "20"},
    {NUMBER("every", every, 1, INT32_MAX, "only the first of every N images")},
    {NUMBER("sample", sample, 1, INT32_MAX, "only N images, drawn at random")},
    {.name = "wait",
	.kind = OPTION_SECONDS,
	.value = "TIME",
	.help = "for one device, until it is given up; default 30s",
	.offset = offsetof(struct options, wait_s),
	.min = 1,
	.max = 600,
	.preset = "30s"},
    {TEXT("endpoint", endpoint, "EP",
	"of a device whose image does not name it")},
    {TEXT("partition", partition, "SIZE",
	"that the image has to fit in: 0x3000, 12KiB")},
    {FILE_NAME("nvs-keys", nvs_keys, "FILE",
	"the partition of NVS keys that encrypts it (esp-nvs)")},
    {OUTPUT(verb_text_json, "text (default) or json (one image a line)")},
};
const struct option_group image_rehearse_options =
    OPTION_GROUP("Options", rehearse_specs);
