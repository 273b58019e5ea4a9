/*
 * One value and nothing else: text, opaque and CBOR, at a resource of each type
 * and at one that the tables do not know.
 */
#include "codec.h"

static const struct lwm2m_path bases[] = {
    {0, 1, 0, CODEC_NONE}, /* String */
    {0, 1, 1, CODEC_NONE}, /* Boolean */
    {0, 1, 5, CODEC_NONE}, /* Opaque */
    {0, 1, 16, 0}, /* Unsigned */
    {0, 1, 17, CODEC_NONE}, /* Objlnk */
    {1, 0, 1, CODEC_NONE}, /* Integer */
    {1, 0, 4, CODEC_NONE}, /* none: an executable */
    {1, 0, 12, CODEC_NONE}, /* Time */
    {21, 0, 0, CODEC_NONE}, /* Opaque, and String in old versions */
    {4711, 0, 0, CODEC_NONE},
    {1, 0, CODEC_NONE, CODEC_NONE}, /* holds more than one value */
};

static const int formats[] = {FORMAT_TEXT, FORMAT_OPAQUE, FORMAT_CBOR};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (size_t f = 0; f < sizeof(formats) / sizeof(formats[0]); f++) {
		for (size_t b = 0; b < sizeof(bases) / sizeof(bases[0]); b++)
			codec_check(formats[f], bases[b], span_of(data, size));
	}
	return 0;
}
