/* The options of verbs for stations that work without the HSM. */
#include "buffer_file.h"
#include "verb_options.h"

static const struct option_spec fill_specs[] = {
    MINT_DOCUMENT,
    MINT_WITHOUT_DOCUMENT,
    {NUMBER("epoch", epoch, 1, UINT32_MAX,
	"of the keys; default: the document's newest")},
    MINT_ACCOUNT,
    {TEXT("station", station, "NAME", "the station that it is for"),
	.required = true},
    {FILE_NAME("station-module", station_module, "FILE",
	 "the PKCS#11 module of its own token"),
	.required = true},
    {TEXT("station-token", station_token, "URI",
	 "its own token, \"pkcs11:token=LABEL\""),
	.required = true},
    {FILE_NAME("station-pin-file", station_pin_file, "FILE",
	 "the user PIN of that: a file of mode 0600"),
	.required = true},
    {TEXT("seal", seal, "LABEL", "the key in that token to seal under"),
	.required = true},
    {FILE_NAME("station-ledger", station_ledger, "FILE",
	"good for the ledger that begins as this one does, and no other")},
    {.name = "validity",
	.kind = OPTION_SECONDS,
	.value = "TIME",
	.help = "how long it is good; default 14d",
	.offset = offsetof(struct options, validity_s),
	.min = 60,
	.max = 31536000,
	.preset = "14d"},
    {NUMBER("max", max_count, 1, BUFFER_COUNT_MAX,
	 "devices at most; default 1000"),
	.preset = "1000"},
    {FILE_NAME("output", output, "FILE", "the buffer"), .letter = 'o',
	.required = true},
    {.name = "force",
	.kind = OPTION_FLAG,
	.help = "replace FILE if it exists",
	.offset = offsetof(struct options, force)},
    {LEDGER("the central ledger, where its devices are reserved")},
};
const struct option_group image_buffer_fill_options =
    OPTION_GROUP("Options", fill_specs);

static const struct option_spec buffer_show_specs[] = {
    {LEDGER("the station's ledger: what is used of it")},
    {OUTPUT(verb_text_json, "text (default) or json (one object)")},
};
const struct option_group image_buffer_show_options =
    OPTION_GROUP("Options", buffer_show_specs);

static const struct option_spec release_specs[] = {
    {.name = "force",
	.kind = OPTION_FLAG,
	.help = "also while the station may mint from it",
	.offset = offsetof(struct options, force)},
    {LEDGER("the central ledger")},
};
const struct option_group image_buffer_release_options =
    OPTION_GROUP("Options", release_specs);

static const struct option_spec merge_specs[] = {
    {FILE_NAME("into", ledger, "CENTRAL", "the ledger that receives the rows")},
    {TEXT("station", station, "NAME",
	"whose ledger it is; default: as its rows say")},
    {OUTPUT(verb_text_json, "text (default) or json (one object)")},
};
const struct option_group audit_merge_options =
    OPTION_GROUP("Options", merge_specs);
