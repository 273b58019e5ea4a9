#include "image_geometry.h"

#include "image_format.h"

enum {
	HEX_RECORD_DATA = 16, /* bytes in a record */
	HEX_RECORD_LEN = 2 * HEX_RECORD_DATA + 13, /* with CR LF */
	UF2_GROWTH = 2, /* 512 bytes for 256 */
	SLACK = 1024, /* heads and ends */
};

static const char *const names[IMAGE_OPTION_COUNT] = {
    "partition",
    "offset",
    "address",
    "carry",
    "payload",
    "generation",
    "family",
    "sector",
    "write-block",
    "value-max",
    "data-crc",
    "namespace",
    "nvs-version",
    "nvs-keys",
    "security-tag",
    "base-names",
    "card-version",
};

const char *
image_option_name(unsigned i)
{
	return i < IMAGE_OPTION_COUNT ? names[i] : NULL;
}

struct image_geometry
image_geometry_default(void)
{
	return (struct image_geometry){
	    .generation = 1,
	    .sector_len = 4096,
	    .write_block = 4,
	    .value_max = 256,
	    .name_space = "lwm2m",
	    .nvs_version = 2,
	    /* what Nordic's samples have */
	    .security_tag = 35724862,
	    .server_tag = 35724861,
	};
}

struct image_geometry
image_geometry_any(void)
{
	struct image_geometry g = image_geometry_default();

	g.sector_len = 0;
	g.write_block = 0;
	g.value_max = IMAGE_PARTITION_MAX;
	return g;
}

size_t
image_room_len(
    const struct image_format *format, const struct image_geometry *g)
{
	const struct image_format *carried = image_carried(format, g);
	size_t len = g->partition_len ? g->partition_len : 12288;

	if (format->options & IMAGE_OPTION_SECTOR && !g->partition_len)
		len = 2 * g->sector_len;
	if (format->options & IMAGE_OPTION_CARRY) {
		size_t inner = image_room_len(carried, g);

		return format == &image_uf2
		    ? UF2_GROWTH * inner + SLACK
		    : inner / HEX_RECORD_DATA * HEX_RECORD_LEN + SLACK;
	}
	if (format->options & IMAGE_OPTION_PARTITION)
		return len > IMAGE_PAYLOAD_MAX || format != &image_smartcard
		    ? len
		    : IMAGE_PAYLOAD_MAX;
	return IMAGE_PAYLOAD_MAX;
}

size_t
image_scratch_len(
    const struct image_format *format, const struct image_geometry *g)
{
	const struct image_format *carried = image_carried(format, g);

	if (!(format->options & IMAGE_OPTION_CARRY))
		return 0;
	return image_room_len(carried, g);
}
