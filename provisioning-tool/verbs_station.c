/* The options of verbs for stations that work without the HSM. */
#include "verb_options.h"

static const struct option_spec merge_specs[] = {
    {FILE_NAME("into", ledger, "CENTRAL", "the ledger that receives the rows")},
    {TEXT("station", station, "NAME",
	"whose ledger it is; default: as its rows say")},
    {OUTPUT(verb_text_json, "text (default) or json (one object)")},
};
const struct option_group audit_merge_options =
    OPTION_GROUP("Options", merge_specs);
