/* The options of `image` verbs. */
#include "image_format.h"
#include "verb_options.h"

static const struct option_spec build_specs[] = {
    MINT_DOCUMENT,
    {TEXT("endpoint", endpoint, "EP", "the device's endpoint client name")},
    {TEXT("serial", unit_serial, "S",
	"the device's serial number, of which the document makes EP")},
    MINT_WITHOUT_DOCUMENT,
    MINT_FORMAT,
    {NUMBER("epoch", epoch, 1, UINT32_MAX,
	"of the key; default: the document's newest")},
    MINT_ACCOUNT,
    {FILE_NAME(
	 "output", output, "FILE", "where to; - or nothing: standard output"),
	.letter = 'o'},
    {.name = "force",
	.kind = OPTION_FLAG,
	.help = "replace FILE if it exists",
	.offset = offsetof(struct options, force)},
    {.name = "again",
	.kind = OPTION_FLAG,
	.help = "the same image once more, of a device that was minted",
	.offset = offsetof(struct options, again)},
    {LEDGER("record the image there before it is handed out")},
    {FILE_NAME("buffer", buffer, "FILE",
	"without the HSM, out of this; the token is then the station's own")},
};
const struct option_group image_build_options =
    OPTION_GROUP("Options", build_specs);

static const struct option_spec geometry_specs[] = {
    {TEXT("partition", partition, "SIZE",
	"of the flash partition, or of the card's file: 0x3000, 12KiB")},
    {TEXT("address", flash_address, "HEX",
	"of its first byte in flash, 0x000FC000 (ihex, uf2)")},
    {.name = "carry",
	.kind = OPTION_CHOICE,
	.value = "FORMAT",
	.help = "what ihex and uf2 carry; default raw",
	.offset = offsetof(struct options, carry),
	.choices = image_carried_names},
    {.name = "payload",
	.kind = OPTION_CHOICE,
	.value = "FORMAT",
	.help = "what a raw partition carries; default senml-cbor",
	.offset = offsetof(struct options, payload),
	.choices = image_payload_names},
    {TEXT("offset", offset, "SIZE",
	"where in a raw partition the container begins; default 0")},
    {NUMBER("generation", generation, 1, UINT32_MAX,
	"of a raw partition, rising; default 1")},
    {TEXT("family", family, "NAME",
	"of the chip: nrf52840, rp2040, 0xADA52840 (uf2)")},
    {TEXT("sector", sector, "SIZE", "of flash; default 4KiB (zephyr-nvs)")},
    {NUMBER("write-block", write_block, 1, 32,
	"bytes that flash writes at once; default 4 (zephyr-nvs)")},
    {NUMBER("value-max", value_max, 1, 65536,
	"bytes the firmware has for a value; default 256 (zephyr-nvs)")},
    {.name = "data-crc",
	.kind = OPTION_FLAG,
	.help = "values have a CRC behind them (zephyr-nvs)",
	.offset = offsetof(struct options, data_crc)},
    {TEXT("namespace", name_space, "NAME",
	"of the keys; default lwm2m (esp-nvs)")},
    {NUMBER("nvs-version", nvs_version, 1, 2, "default 2 (esp-nvs)")},
    {FILE_NAME("nvs-keys", nvs_keys, "FILE",
	"encrypt by this partition of NVS keys (esp-nvs)")},
    {NUMBER("security-tag", security_tag, 1, INT32_MAX,
	"of the credentials; default 35724862 (nrf91-at)")},
    {.name = "base-names",
	.kind = OPTION_FLAG,
	.help = "shorter, with a base name (senml-cbor)",
	.offset = offsetof(struct options, base_names)},
    {TEXT("card-version", card_version, "X.Y",
	"of the objects, where a card says it (tlv-smartcard)")},
};
const struct option_group image_geometry_options =
    OPTION_GROUP("Format options", geometry_specs);

static const struct option_spec formats_specs[] = {
    {OUTPUT(verb_text_json_csv, "text (default), json or csv")},
};
const struct option_group image_formats_options =
    OPTION_GROUP("Options", formats_specs);
