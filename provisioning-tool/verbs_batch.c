/* The options of image batch. */
#include "image_format.h"
#include "verb_options.h"

#include "batch_job.h"
#include "batch_pool.h"

static const struct option_spec batch_specs[] = {
    MINT_DOCUMENT,
    MINT_WITHOUT_DOCUMENT,
    MINT_FORMAT,
    {NUMBER("epoch", epoch, 1, UINT32_MAX,
	"of the keys; default: the document's newest")},
    MINT_ACCOUNT,
    {FILE_NAME("output", output, "DIR", "the folder of the batch"),
	.letter = 'o', .required = true},
    {.name = "container",
	.kind = OPTION_FLAG,
	.help = "all images into one file, images.tar",
	.offset = offsetof(struct options, container)},
    {.name = "resume",
	.kind = OPTION_FLAG,
	.help = "go on with a batch that was stopped",
	.offset = offsetof(struct options, resume)},
    {.name = "again",
	.kind = OPTION_FLAG,
	.help = "the same images once more, of devices that were minted",
	.offset = offsetof(struct options, again)},
    {TEXT("batch", batch, "NAME",
	"of the batch in the ledger; default: the folder's name")},
    {TEXT("sign-key", sign_key, "URI",
	"sign MANIFEST by this key in the token, \"pkcs11:object=LABEL\"")},
    {.name = "flush-interval",
	.kind = OPTION_SECONDS,
	.value = "TIME",
	.help = "how long a device waits for others; default 1s",
	.offset = offsetof(struct options, flush_s),
	.max = 3600,
	.preset = "1s"},
    {NUMBER("group", group, 1, BATCH_GROUP_MAX,
	"images that are recorded together, at most; default 512")},
    {NUMBER("sessions", sessions, 1, BATCH_SESSIONS_MAX,
	"of the token, to mint in; default: one a processor")},
    {NUMBER("max-findings", max_findings, 1, INT32_MAX,
	 "that are printed; default 100"),
	.preset = "100"},
    {.name = "report",
	.kind = OPTION_CHOICE,
	.value = "FORM",
	.help = "text (default), or json: a line an image on standard output",
	.offset = offsetof(struct options, report),
	.choices = verb_text_json,
	.preset = "text"},
    {LEDGER("record the images there before they get their names")},
    {FILE_NAME("buffer", buffer, "FILE",
	"without the HSM, out of this; the token is then the station's own")},
};
const struct option_group image_batch_options =
    OPTION_GROUP("Options", batch_specs);
