#include "image_bytes.h"

bool
bytes_erased(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] != 0xff)
			return false;
	return true;
}

/* Half a byte at a time: no table of a kilobyte, and fast enough for flash. */
uint32_t
crc32_ieee(uint32_t crc, struct span s)
{
	static const uint32_t nibble[16] = {0x00000000, 0x1db71064, 0x3b6e20c8,
	    0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
	    0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0,
	    0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};

	crc = ~crc;
	for (size_t i = 0; i < s.len; i++) {
		crc ^= s.p[i];
		crc = crc >> 4 ^ nibble[crc & 15];
		crc = crc >> 4 ^ nibble[crc & 15];
	}
	return ~crc;
}

uint32_t
crc32_esp(struct span s)
{
	return crc32_ieee(UINT32_MAX, s);
}

uint8_t
crc8_ccitt(struct span s)
{
	unsigned v = 0xff;

	for (size_t i = 0; i < s.len; i++) {
		v ^= s.p[i];
		for (int bit = 0; bit < 8; bit++)
			v = v & 0x80 ? (v << 1 ^ 7) & 0xff : v << 1;
	}
	return (uint8_t)v;
}
