/**
 * image_bytes.h - little-endian numbers and checksums, as flash and its tools
 * have them.
 */
#ifndef TOOL_IMAGE_BYTES_H
#define TOOL_IMAGE_BYTES_H

#include "base/span.h"

static inline uint32_t
get_le16(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static inline uint32_t
get_le32(const uint8_t *p)
{
	return get_le16(p) | get_le16(p + 2) << 16;
}

/** The low `width` bytes (0 to 8) of `v`. */
static inline void
put_le(uint8_t *p, uint64_t v, size_t width)
{
	for (size_t i = 0; i < width; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static inline uint64_t
get_le(const uint8_t *p, size_t width)
{
	uint64_t v = 0;

	while (width-- > 0)
		v = v << 8 | p[width];
	return v;
}

/** Are all bytes erased flash? */
bool bytes_erased(struct span s);

/** CRC-32 (IEEE 802.3); `crc` is that of what came before, 0 at first. */
uint32_t crc32_ieee(uint32_t crc, struct span s);
/** The same begun with a register of 0: "previous 0xffffffff" in zlib. */
uint32_t crc32_esp(struct span s);
/** CRC-8/CCITT begun with 0xff. */
uint8_t crc8_ccitt(struct span s);

#endif
