/* UF2 family IDs by name, of the registry that the format's makers keep. */
#include "image_geometry.h"

#include <stdlib.h>
#include <strings.h>

static const struct {
	const char *name;
	uint32_t family;
} families[] = {
    {"nrf52", 0x1b57745f},
    {"nrf52832xxaa", 0x72721d4e},
    {"nrf52832xxab", 0x6f752678},
    {"nrf52820", 0x820d9a5f},
    {"nrf52833", 0x621e937a},
    {"nrf52840", 0xada52840},
    {"rp2040", 0xe48bff56},
    {"rp2xxx-absolute", 0xe48bff57},
    {"rp2xxx-data", 0xe48bff58},
    {"rp2350-arm-s", 0xe48bff59},
    {"rp2350-riscv", 0xe48bff5a},
    {"rp2350-arm-ns", 0xe48bff5b},
    {"esp32", 0x1c5f21b0},
    {"esp32s2", 0xbfdd4eee},
    {"esp32s3", 0xc47e5767},
    {"esp32c2", 0x2b88d29c},
    {"esp32c3", 0xd42ba06c},
    {"esp32c5", 0xf71c0343},
    {"esp32c6", 0x540ddf62},
    {"esp32c61", 0x77d850c4},
    {"esp32h2", 0x332726f6},
    {"esp32p4", 0x3d308e94},
    {"esp8266", 0x7eab61ed},
    {"stm32f0", 0x647824b6},
    {"stm32f1", 0x5ee21072},
    {"stm32f2", 0x5d1a0a2e},
    {"stm32f3", 0x6b846188},
    {"stm32f4", 0x57755a57},
    {"stm32f407", 0x6d0922fa},
    {"stm32f7", 0x53b80f00},
    {"stm32g0", 0x300f5633},
    {"stm32g4", 0x4c71240a},
    {"stm32h5", 0x4e8f1c5d},
    {"stm32h7", 0x6db66082},
    {"stm32l0", 0x202e3a91},
    {"stm32l1", 0x1e1f432d},
    {"stm32l4", 0x00ff6919},
    {"stm32l5", 0x04240bdf},
    {"stm32wb", 0x70d16653},
    {"stm32wl", 0x21460ff0},
    {"samd21", 0x68ed2b88},
    {"samd51", 0x55114460},
    {"imxrt10xx", 0x4fb2d5bd},
    {"lpc55", 0x2abc77ec},
    {"ra4m1", 0x7be8976d},
    {"max32690", 0x7410520a},
};

enum { FAMILY_COUNT = sizeof(families) / sizeof(families[0]) };

bool
image_uf2_family(const char *text, uint32_t *family)
{
	unsigned long n;
	char *end;

	for (size_t i = 0; i < FAMILY_COUNT; i++) {
		if (strcasecmp(families[i].name, text) == 0) {
			*family = families[i].family;
			return true;
		}
	}
	if (strncmp(text, "0x", 2) != 0 || strlen(text) != 10 ||
	    strspn(text + 2, "0123456789abcdefABCDEF") != 8)
		return false;
	n = strtoul(text + 2, &end, 16);
	*family = (uint32_t)n;
	return *end == '\0';
}

const char *
image_uf2_family_name(uint32_t family)
{
	for (size_t i = 0; i < FAMILY_COUNT; i++)
		if (families[i].family == family)
			return families[i].name;
	return NULL;
}
