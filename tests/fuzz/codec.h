/**
 * codec.h - what is asked of every decoder of payloads, whatever it is given:
 * for the fuzz targets of lib/lwm2m.
 */
#ifndef FUZZ_CODEC_H
#define FUZZ_CODEC_H

#include "lwm2m/format.h"

#define CODEC_NONE LWM2M_ID_NONE

/**
 * Decode `data` in `format` as what a peer sent for `base`. What is taken must
 * lie below `base`, have the types of the tables and no path twice; written
 * again and read again it must be the same. Aborts where it is not.
 */
void codec_check(int format, struct lwm2m_path base, struct span data);

#endif
