/**
 * der.h - DER (X.690) as certificates have it: definite lengths in their one
 * spelling, tags of one byte. Pure; everything returned is borrowed from the
 * input.
 */
#ifndef DTLS_DER_H
#define DTLS_DER_H

#include "base/span.h"

enum {
	DER_INTEGER = 0x02, /**< tags */
	DER_BIT_STRING = 0x03,
	DER_OCTET_STRING = 0x04,
	DER_OID = 0x06,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
	DER_UTC_TIME = 0x17,
	DER_GENERALIZED_TIME = 0x18,
	DER_BOOLEAN = 0x01,
	DER_CONTEXT_0 = 0xa0, /**< constructed; [3] is DER_CONTEXT_0 + 3 */
};

struct der {
	uint8_t tag;
	struct span raw; /**< header and value */
	struct span value;
};

/** Take the next object from the front of `in`. False: there is none, or it
 *  is no DER (`in` is as it was). */
bool der_next(struct span *in, struct der *out);

/** Take it if it has that tag. */
bool der_next_tag(struct span *in, uint8_t tag, struct der *out);

#endif
