#include "image_options.h"

#include "esp_nvs.h"
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/** Digits behind 0x. */
static bool
parse_hex(struct span digits, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;

	if (digits.len == 0 || digits.len > 8)
		return false;
	for (size_t i = 0; i < digits.len; i++) {
		uint8_t c = digits.p[i];

		if (c >= '0' && c <= '9')
			n = n << 4 | (uint64_t)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			n = n << 4 | (uint64_t)((c | 0x20) - 'a' + 10);
		else
			return false;
	}
	*out = n;
	return n <= max;
}

bool
image_size_parse(const char *text, uint64_t max, uint64_t *out)
{
	static const struct {
		const char *unit;
		uint64_t bytes;
	} units[] = {{"KiB", 1024}, {"MiB", 1048576}, {"B", 1}};
	struct span s = span_str(text);

	if (span_starts(s, SPAN_LIT("0x")))
		return parse_hex(span_from(s, 2), max, out);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t len = strlen(units[i].unit);

		if (s.len <= len ||
		    strcmp(text + s.len - len, units[i].unit) != 0)
			continue;
		if (!span_decimal(
			span_of(s.p, s.len - len), max / units[i].bytes, out))
			return false;
		*out *= units[i].bytes;
		return true;
	}
	return false;
}

/** Which of the options that stand for the geometry were given. */
static unsigned
given_of(const struct options *o)
{
	const struct {
		bool given;
		unsigned option;
	} all[] = {
	    {o->partition != NULL, IMAGE_OPTION_PARTITION},
	    {o->offset != NULL, IMAGE_OPTION_OFFSET},
	    {o->flash_address != NULL, IMAGE_OPTION_ADDRESS},
	    {o->carry != NULL, IMAGE_OPTION_CARRY},
	    {o->payload != NULL, IMAGE_OPTION_PAYLOAD},
	    {o->generation != 0, IMAGE_OPTION_GENERATION},
	    {o->family != NULL, IMAGE_OPTION_FAMILY},
	    {o->sector != NULL, IMAGE_OPTION_SECTOR},
	    {o->write_block != 0, IMAGE_OPTION_WRITE_BLOCK},
	    {o->value_max != 0, IMAGE_OPTION_VALUE_MAX},
	    {o->data_crc, IMAGE_OPTION_DATA_CRC},
	    {o->name_space != NULL, IMAGE_OPTION_NAMESPACE},
	    {o->nvs_version != 0, IMAGE_OPTION_NVS_VERSION},
	    {o->nvs_keys != NULL, IMAGE_OPTION_NVS_KEYS},
	    {o->security_tag != 0, IMAGE_OPTION_SECURITY_TAG},
	    {o->base_names, IMAGE_OPTION_BASE_NAMES},
	    {o->card_version != NULL, IMAGE_OPTION_CARD_VERSION},
	};
	unsigned given = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		given |= all[i].given ? all[i].option : 0;
	return given;
}

static int
refuse(const char *name, const char *value, const char *remedy)
{
	struct quoted q;

	return tool_error(
	    EX_USAGE, remedy, "--%s %s is none", name, quote_str(&q, value));
}

/** A size that was given, or the one that is there. */
static int
take_size(const char *name, const char *text, uint64_t max, size_t *out)
{
	uint64_t n = 0;

	if (!text)
		return EX_OK;
	if (!image_size_parse(text, max, &n))
		return refuse(name, text,
		    "write it as 0x3000, 12KiB or 12288B, 64KiB at most");
	*out = (size_t)n;
	return EX_OK;
}

static int
take_address(const struct options *o, struct image_geometry *g)
{
	uint64_t n = 0;

	if (!o->flash_address)
		return EX_OK;
	if (!parse_hex(
		span_from(span_str(o->flash_address), 2), UINT32_MAX, &n) ||
	    strncmp(o->flash_address, "0x", 2) != 0)
		return refuse("address", o->flash_address,
		    "write it as 0x000FC000, 32 bits at most");
	g->address = (uint32_t)n;
	return EX_OK;
}

static int
take_card_version(const struct options *o, struct image_geometry *g)
{
	const char *text = o->card_version;
	const char *dot = text ? strchr(text, '.') : NULL;
	uint64_t major, minor;

	if (!text)
		return EX_OK;
	if (!dot ||
	    !span_decimal(
		span_of(text, (size_t)(dot - text)), UINT8_MAX, &major) ||
	    !span_decimal(span_str(dot + 1), UINT8_MAX, &minor) || major == 0)
		return refuse("card-version", text, "write it as 1.2");
	g->card_major = (uint8_t)major;
	g->card_minor = (uint8_t)minor;
	return EX_OK;
}

static int
take_namespace(const struct options *o, struct image_geometry *g)
{
	struct span s = span_str(o->name_space);
	bool good = s.len <= ESP_NVS_NAME_MAX;

	if (!o->name_space)
		return EX_OK;
	for (size_t i = 0; i < s.len; i++)
		good = good && s.p[i] > ' ' && s.p[i] <= '~';
	if (!good)
		return refuse("namespace", o->name_space,
		    "it is 1 to 15 printable ASCII characters");
	memcpy(g->name_space, o->name_space, s.len + 1);
	return EX_OK;
}

static int
take_keys(
    const struct options *o, struct image_geometry *g, struct secret *keys)
{
	struct quoted q;
	ssize_t n = 0;
	int fd;

	if (!o->nvs_keys)
		return EX_OK;
	/* a byte more than it can have shows what is too long */
	if (secret_reserve(keys, ESP_NVS_KEYS_LEN + 1) != RC_OK)
		return tool_fault(RC_MEMORY, "image");
	fd = open(o->nvs_keys, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	while (fd >= 0 && keys->len < keys->cap &&
	    (n = read(fd, keys->bytes + keys->len, keys->cap - keys->len)) > 0)
		keys->len += (size_t)n;
	if (fd < 0 || n < 0) {
		int saved = errno;

		if (fd >= 0)
			close(fd);
		return tool_error(EX_NOINPUT, NULL, "%s: %s",
		    quote_str(&q, o->nvs_keys), strerror(saved));
	}
	close(fd);
	g->nvs_key = esp_nvs_keys_read(secret_expose(keys));
	if (!g->nvs_key)
		return tool_error(EX_DATAERR,
		    "it is 4096 bytes: two keys that differ, their CRC, FF",
		    "%s is no partition of NVS keys",
		    quote_str(&q, o->nvs_keys));
	return EX_OK;
}

/** What is given and of no use; what is needed and not given. */
static int
check_use(const struct options *o, const struct image_format *format,
    const struct image_geometry *g)
{
	unsigned uses = image_options_of(format, g), given = given_of(o);

	for (unsigned i = 0; image_option_name(i); i++)
		if (given & ~uses & 1u << i)
			return tool_error(EX_USAGE,
			    "see provisioning-tool image formats",
			    "--%s is not for an image of the format %s",
			    image_option_name(i), format->name);
	if (uses & ~given & IMAGE_OPTION_ADDRESS)
		return tool_error(EX_USAGE, "write it as 0x000FC000",
		    "%s needs --address", format->name);
	if (uses & ~given & IMAGE_OPTION_FAMILY)
		return tool_error(EX_USAGE,
		    "name it, as nrf52840, or write its ID as 0xADA52840",
		    "%s needs --family", format->name);
	return EX_OK;
}

/** All but what nests. */
static int
take_all(const struct options *o, struct image_geometry *g, struct secret *keys)
{
	int code = take_size(
	    "partition", o->partition, IMAGE_PARTITION_MAX, &g->partition_len);
	if (code == EX_OK)
		code = take_size(
		    "offset", o->offset, IMAGE_PARTITION_MAX, &g->offset);
	if (code == EX_OK)
		code = take_size(
		    "sector", o->sector, IMAGE_PARTITION_MAX, &g->sector_len);
	if (code == EX_OK)
		code = take_address(o, g);
	if (code == EX_OK)
		code = take_card_version(o, g);
	if (code == EX_OK)
		code = take_namespace(o, g);
	if (code == EX_OK)
		code = take_keys(o, g, keys);
	if (code == EX_OK && o->family &&
	    !image_uf2_family(o->family, &g->family))
		code = refuse("family", o->family,
		    "name it, as nrf52840, or write its ID as 0xADA52840");
	if (o->generation)
		g->generation = (uint32_t)o->generation;
	if (o->write_block)
		g->write_block = (size_t)o->write_block;
	if (o->value_max)
		g->value_max = (size_t)o->value_max;
	if (o->nvs_version)
		g->nvs_version = (unsigned)o->nvs_version;
	if (o->security_tag)
		g->security_tag = (uint32_t)o->security_tag;
	g->data_crc = o->data_crc;
	g->base_names = o->base_names;
	return code;
}

int
image_options_read(const struct options *o, const struct image_format *format,
    struct image_geometry *g, struct secret *keys)
{
	int code;

	*g = image_geometry_default();
	if (o->carry)
		g->carries = image_format_find(o->carry);
	if (o->payload)
		g->payload = image_format_find(o->payload);
	code = check_use(o, format, g);
	return code == EX_OK ? take_all(o, g, keys) : code;
}

int
image_options_any(const struct options *o, struct image_geometry *g,
    struct secret *keys, unsigned *given)
{
	*g = image_geometry_any();
	*given = given_of(o);
	if (o->carry)
		g->carries = image_format_find(o->carry);
	if (o->payload)
		g->payload = image_format_find(o->payload);
	g->family_known = o->family != NULL;
	return take_all(o, g, keys);
}
