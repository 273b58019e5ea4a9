/**
 * tlv.h - OMA TLV, Content-Format 11542 (LwM2M Core 7.4.3).
 *
 * type byte: kind(2) | 16-bit id(1) | length field(2) | short length(3), then
 * the identifier, then 0 to 3 bytes of length, then the value.
 */
#ifndef LWM2M_TLV_H
#define LWM2M_TLV_H

#include "lwm2m/object.h"

enum tlv_kind {
	TLV_OBJECT_INSTANCE = 0,
	TLV_RESOURCE_INSTANCE = 1,
	TLV_MULTIPLE = 2,
	TLV_RESOURCE = 3,
};

/** Append one TLV entry with the value `v`. */
void tlv_bytes(
    struct writer *w, enum tlv_kind kind, uint16_t id, struct span v);

/** See lwm2m_encode and lwm2m_decode. */
MUST_CHECK enum rc tlv_encode(struct lwm2m_path base,
    const struct lwm2m_entry *entries, size_t count, struct writer *w);
MUST_CHECK enum rc tlv_decode(struct lwm2m_path base, struct span payload,
    struct writer *scratch, struct lwm2m_entry *entries, size_t cap,
    size_t *count);

#endif
