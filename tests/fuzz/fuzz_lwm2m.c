/*
 * What a peer may send as the answer to a Bootstrap-Read, and what a factory
 * payload may hold: each input goes through the binary formats, under several
 * paths.
 */
#include "codec.h"

static const struct lwm2m_path bases[] = {
    {CODEC_NONE, CODEC_NONE, CODEC_NONE, CODEC_NONE},
    {0, CODEC_NONE, CODEC_NONE, CODEC_NONE},
    {0, 1, CODEC_NONE, CODEC_NONE},
    {1, CODEC_NONE, CODEC_NONE, CODEC_NONE},
    {1, 0, CODEC_NONE, CODEC_NONE},
    {2, 0, CODEC_NONE, CODEC_NONE},
    {21, 0, CODEC_NONE, CODEC_NONE},
    {4711, 0, CODEC_NONE, CODEC_NONE},
    {0, 1, 3, CODEC_NONE},
};

static const int formats[] = {FORMAT_TLV, FORMAT_SENML_CBOR, FORMAT_LWM2M_CBOR};

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
