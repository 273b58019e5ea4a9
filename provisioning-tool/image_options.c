#include "image_options.h"

#include "esp_nvs.h"
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
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

/* --- what was given ------------------------------------------------------- */

enum { OPTION_IS_TEXT, OPTION_IS_NUMBER, OPTION_IS_FLAG };

/** Where it stands in struct options, in the order of enum image_option. */
static const struct {
	size_t offset;
	int kind;
} places[IMAGE_OPTION_COUNT] = {
    {offsetof(struct options, partition), OPTION_IS_TEXT},
    {offsetof(struct options, offset), OPTION_IS_TEXT},
    {offsetof(struct options, flash_address), OPTION_IS_TEXT},
    {offsetof(struct options, carry), OPTION_IS_TEXT},
    {offsetof(struct options, payload), OPTION_IS_TEXT},
    {offsetof(struct options, generation), OPTION_IS_NUMBER},
    {offsetof(struct options, family), OPTION_IS_TEXT},
    {offsetof(struct options, sector), OPTION_IS_TEXT},
    {offsetof(struct options, write_block), OPTION_IS_NUMBER},
    {offsetof(struct options, value_max), OPTION_IS_NUMBER},
    {offsetof(struct options, data_crc), OPTION_IS_FLAG},
    {offsetof(struct options, name_space), OPTION_IS_TEXT},
    {offsetof(struct options, nvs_version), OPTION_IS_NUMBER},
    {offsetof(struct options, nvs_keys), OPTION_IS_TEXT},
    {offsetof(struct options, security_tag), OPTION_IS_NUMBER},
    {offsetof(struct options, base_names), OPTION_IS_FLAG},
    {offsetof(struct options, card_version), OPTION_IS_TEXT},
};

static void
take_option(const struct options *o, unsigned i, struct image_said *out)
{
	const void *at = (const char *)o + places[i].offset;
	const char *text = NULL;

	if (places[i].kind == OPTION_IS_TEXT) {
		memcpy(&text, at, sizeof(text));
	} else if (places[i].kind == OPTION_IS_FLAG) {
		text = *(const bool *)at ? "true" : NULL;
	} else if (*(const int64_t *)at != 0) {
		snprintf(out->number, sizeof(out->number), "%lld",
		    (long long)*(const int64_t *)at);
		text = out->number;
	}
	if (!text)
		return;
	out->text = text;
	out->at = (struct policy_at){0};
}

void
image_options_gather(const struct policy_image *document,
    const struct options *o, struct image_given *given)
{
	*given = (struct image_given){0};
	if (document)
		given->format_at = document->format_at;
	for (unsigned i = 0; i < IMAGE_OPTION_COUNT; i++) {
		struct image_said *said = &given->said[i];
		const struct policy_setting *s = NULL;

		if (document)
			s = image_option_find(document, image_option_name(i));
		if (s) {
			said->text = s->values[0];
			said->at = s->at;
		}
		if (o)
			take_option(o, i, said);
	}
}

/* --- what it means -------------------------------------------------------- */

struct reading {
	const struct image_given *given;
	const struct image_format *format;
	struct diag *diag;
	struct image_geometry *g;
	int code; /* of the first fault */
};

/** The number of one bit. */
static unsigned
number_of(enum image_option option)
{
	return (unsigned)__builtin_ctz((unsigned)option);
}

static const char *
text_of(const struct reading *r, enum image_option option)
{
	return r->given->said[number_of(option)].text;
}

/** Something is wrong with what is written at `at`. */
PRINTF_LIKE(5, 6)
static void
wrong(struct reading *r, const struct policy_at *at, int code,
    const char *remedy, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (at->file) {
		diag_add(r->diag, DIAG_ERROR, at->file, at->line, at->column,
		    "policy-image-options", "%s; %s", text, remedy);
		code = EX_DATAERR;
	} else {
		/* one at a time, as all of the command line */
		if (r->code != EX_OK)
			return;
		tool_error(code, remedy, "%s", text);
	}
	if (r->code == EX_OK)
		r->code = code;
}

static void
refuse(struct reading *r, enum image_option option, const char *remedy)
{
	const unsigned i = number_of(option);
	const struct image_said *said = &r->given->said[i];
	char value[64];
	struct quoted q;

	quote_str(&q, said->text);
	snprintf(value, sizeof(value), "%.60s", q.text);
	if (said->at.file)
		wrong(r, &said->at, EX_DATAERR, remedy,
		    "options.%s: %s is none", image_option_name(i), value);
	else
		wrong(r, &said->at, EX_USAGE, remedy, "--%s %s is none",
		    image_option_name(i), value);
}

/** A size that was given, or the one that is there. */
static void
take_size(struct reading *r, enum image_option option, size_t *out)
{
	const char *text = text_of(r, option);
	uint64_t n = 0;

	if (!text)
		return;
	if (!image_size_parse(text, IMAGE_PARTITION_MAX, &n))
		refuse(r, option,
		    "write it as 0x3000, 12KiB or 12288B, 64KiB at most");
	else
		*out = (size_t)n;
}

/** A number, whose range options and document have been held to. */
static uint64_t
number(const struct reading *r, enum image_option option, uint64_t preset)
{
	const char *text = text_of(r, option);
	uint64_t n;

	return text && span_decimal(span_str(text), UINT32_MAX, &n) ? n
								    : preset;
}

static bool
flag(const struct reading *r, enum image_option option)
{
	const char *text = text_of(r, option);

	return text && strcmp(text, "true") == 0;
}

static void
take_address(struct reading *r)
{
	const char *text = text_of(r, IMAGE_OPTION_ADDRESS);
	uint64_t n = 0;

	if (!text)
		return;
	if (strncmp(text, "0x", 2) != 0 ||
	    !parse_hex(span_from(span_str(text), 2), UINT32_MAX, &n))
		refuse(r, IMAGE_OPTION_ADDRESS,
		    "write it as 0x000FC000, 32 bits at most");
	r->g->address = (uint32_t)n;
}

static void
take_card_version(struct reading *r)
{
	const char *text = text_of(r, IMAGE_OPTION_CARD_VERSION);
	const char *dot = text ? strchr(text, '.') : NULL;
	uint64_t major, minor;

	if (!text)
		return;
	if (!dot ||
	    !span_decimal(
		span_of(text, (size_t)(dot - text)), UINT8_MAX, &major) ||
	    !span_decimal(span_str(dot + 1), UINT8_MAX, &minor) || major == 0) {
		refuse(r, IMAGE_OPTION_CARD_VERSION, "write it as 1.2");
		return;
	}
	r->g->card_major = (uint8_t)major;
	r->g->card_minor = (uint8_t)minor;
}

static void
take_namespace(struct reading *r)
{
	const char *text = text_of(r, IMAGE_OPTION_NAMESPACE);
	struct span s = span_str(text ? text : "");
	bool good = s.len > 0 && s.len <= ESP_NVS_NAME_MAX;

	if (!text)
		return;
	for (size_t i = 0; i < s.len; i++)
		good = good && s.p[i] > ' ' && s.p[i] <= '~';
	if (good)
		memcpy(r->g->name_space, text, s.len + 1);
	else
		refuse(r, IMAGE_OPTION_NAMESPACE,
		    "it is 1 to 15 printable ASCII characters");
}

static void
take_family(struct reading *r)
{
	const char *text = text_of(r, IMAGE_OPTION_FAMILY);

	if (text && !image_uf2_family(text, &r->g->family))
		refuse(r, IMAGE_OPTION_FAMILY,
		    "name it, as nrf52840, or write its ID as 0xADA52840");
}

static void
take_keys(struct reading *r, struct secret *keys)
{
	const struct image_said *said =
	    &r->given->said[number_of(IMAGE_OPTION_NVS_KEYS)];
	char name[256];
	struct quoted q;
	ssize_t n = 0;
	int fd;

	if (!said->text || !keys)
		return;
	/* a byte more than it can have shows what is too long */
	if (secret_reserve(keys, ESP_NVS_KEYS_LEN + 1) != RC_OK) {
		r->code = tool_fault(RC_MEMORY, "image");
		return;
	}
	snprintf(name, sizeof(name), "%.250s", quote_str(&q, said->text));
	fd = open(said->text, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	while (fd >= 0 && keys->len < keys->cap &&
	    (n = read(fd, keys->bytes + keys->len, keys->cap - keys->len)) > 0)
		keys->len += (size_t)n;
	if (fd < 0 || n < 0) {
		int saved = errno;

		if (fd >= 0)
			close(fd);
		wrong(r, &said->at, EX_NOINPUT, "name a file that can be read",
		    "%s: %s", name, strerror(saved));
		return;
	}
	close(fd);
	r->g->nvs_key = esp_nvs_keys_read(secret_expose(keys));
	if (!r->g->nvs_key)
		wrong(r, &said->at, EX_DATAERR,
		    "it is 4096 bytes: two keys that differ, their CRC, FF",
		    "%s is no partition of NVS keys", name);
}

/** What is needed and not given. */
static void
need(struct reading *r, unsigned uses, enum image_option option,
    const char *remedy)
{
	const unsigned i = number_of(option);

	if (!(uses & (unsigned)option) || r->given->said[i].text)
		return;
	if (r->given->format_at.file)
		wrong(r, &r->given->format_at, EX_DATAERR, remedy,
		    "format: %s needs `%s` in `options:`", r->format->name,
		    image_option_name(i));
	else
		wrong(r, &r->given->format_at, EX_USAGE, remedy,
		    "%s needs --%s", r->format->name, image_option_name(i));
}

/** What is given and of no use; what is needed and not given. */
static void
check_use(struct reading *r)
{
	const unsigned uses = image_options_of(r->format, r->g);

	for (unsigned i = 0; image_option_name(i); i++) {
		const struct image_said *said = &r->given->said[i];

		if (said->text && !(uses & 1u << i))
			wrong(r, &said->at, EX_USAGE,
			    "see provisioning-tool image formats",
			    "%s%s is not for an image of the format %s",
			    said->at.file ? "options." : "--",
			    image_option_name(i), r->format->name);
	}
	need(r, uses, IMAGE_OPTION_ADDRESS, "write it as 0x000FC000");
	need(r, uses, IMAGE_OPTION_FAMILY,
	    "name it, as nrf52840, or write its ID as 0xADA52840");
}

static void
take_numbers(struct reading *r)
{
	struct image_geometry *g = r->g;

	g->generation =
	    (uint32_t)number(r, IMAGE_OPTION_GENERATION, g->generation);
	g->write_block =
	    (size_t)number(r, IMAGE_OPTION_WRITE_BLOCK, g->write_block);
	g->value_max = (size_t)number(r, IMAGE_OPTION_VALUE_MAX, g->value_max);
	g->nvs_version =
	    (unsigned)number(r, IMAGE_OPTION_NVS_VERSION, g->nvs_version);
	g->security_tag =
	    (uint32_t)number(r, IMAGE_OPTION_SECURITY_TAG, g->security_tag);
	g->data_crc = flag(r, IMAGE_OPTION_DATA_CRC);
	g->base_names = flag(r, IMAGE_OPTION_BASE_NAMES);
}

/** All of it. `check`: by the format that it is for. */
static int
take_all(struct reading *r, bool check, struct secret *keys)
{
	struct image_geometry *g = r->g;

	if (text_of(r, IMAGE_OPTION_CARRY))
		g->carries = image_format_find(text_of(r, IMAGE_OPTION_CARRY));
	if (text_of(r, IMAGE_OPTION_PAYLOAD))
		g->payload =
		    image_format_find(text_of(r, IMAGE_OPTION_PAYLOAD));
	if (check)
		check_use(r);
	take_size(r, IMAGE_OPTION_PARTITION, &g->partition_len);
	take_size(r, IMAGE_OPTION_OFFSET, &g->offset);
	take_size(r, IMAGE_OPTION_SECTOR, &g->sector_len);
	take_address(r);
	take_card_version(r);
	take_namespace(r);
	take_family(r);
	take_numbers(r);
	take_keys(r, keys);
	return r->code;
}

int
image_options_read(const struct image_given *given,
    const struct image_format *format, struct diag *d, struct image_geometry *g,
    struct secret *keys)
{
	struct reading r = {
	    .given = given,
	    .format = format,
	    .diag = d,
	    .g = g,
	};

	*g = image_geometry_default();
	return take_all(&r, true, keys);
}

int
image_options_any(const struct image_given *given, struct diag *d,
    struct image_geometry *g, struct secret *keys, unsigned *which)
{
	struct reading r = {.given = given, .diag = d, .g = g};

	*g = image_geometry_any();
	*which = 0;
	for (unsigned i = 0; image_option_name(i); i++)
		if (given->said[i].text)
			*which |= 1u << i;
	g->family_known = (*which & IMAGE_OPTION_FAMILY) != 0;
	return take_all(&r, false, keys);
}
