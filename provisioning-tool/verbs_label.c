/* The options of `image label`. Those of how labels look: label_options.c. */
#include "verb_options.h"

static const char *const forms[] = {"zpl", "svg", "png", "html", NULL};
static const char *const levels[] = {"L", "M", "Q", "H", NULL};
static const char *const dpis[] = {"152", "203", "300", "600", NULL};

static const struct option_spec label_specs[] = {
    {.name = "format",
	.kind = OPTION_CHOICE,
	.value = "FORMAT",
	.help = "zpl (default), svg, png (the code alone) or html (a sheet)",
	.offset = offsetof(struct options, format),
	.choices = forms,
	.preset = "zpl"},
    {FILE_NAME("directory", directory, "DIR",
	"a file for each label there, called by serial or endpoint")},
    {FILE_NAME("output", output, "FILE",
	 "all of them in one; - or nothing: standard output"),
	.letter = 'o'},
    {.name = "force",
	.kind = OPTION_FLAG,
	.help = "replace files that exist",
	.offset = offsetof(struct options, force)},
    {FILE_NAME("policies", policies, "PATH",
	"folder or file with the image document")},
    {TEXT("image", image, "NAME", "the image document whose label it is")},
    {LEDGER("take the fingerprints from there")},
    {TEXT("endpoint", endpoint, "EP", "of a device without an image at hand")},
    {TEXT("serial", serial, "SERIAL", "its serial number")},
    {TEXT("fingerprint", fingerprint, "HEX", "its, as the ledger has it")},
    {TEXT("identity", identity, "NAME", "of the identity document")},
    {TEXT("batch", batch, "NAME", "of the batch")},
};
const struct option_group image_label_options =
    OPTION_GROUP("Options", label_specs);

static const struct option_spec look_specs[] = {
    {TEXT("payload", label_payload, "TEXT",
	"of the QR code; default LWB1:{endpoint}")},
    {TEXT("text", label_text, "LINES",
	"beside it, parted by |; default SN {serial}|{endpoint}")},
    {.name = "level",
	.kind = OPTION_CHOICE,
	.value = "LEVEL",
	.help = "of error correction: L, M (default), Q or H",
	.offset = offsetof(struct options, label_level),
	.choices = levels},
    {.name = "dpi",
	.kind = OPTION_CHOICE,
	.value = "N",
	.help = "dots an inch of the printer: 152, 203 (default), 300, 600",
	.offset = offsetof(struct options, label_dpi),
	.choices = dpis},
    {TEXT("size", label_size, "SIZE", "of a label; default 50x25mm")},
    {TEXT("module", label_module, "DOTS",
	"a side of the code's squares, 1 to 10; default: as there is room")},
};
const struct option_group image_look_options =
    OPTION_GROUP("Label options", look_specs);
