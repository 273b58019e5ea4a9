#include "dtls/cid.h"

#include "base/cursor.h"
#include "base/digest.h"

enum { RANDOM_24 = 0xffffff };

/* With 32 bits and no more than a filter of the kernel can do. */
static uint8_t
mask(const struct dtls_cid_key *key, const uint8_t cid[static DTLS_CID_LEN])
{
	struct reader r;
	uint32_t head, h;

	reader_init(&r, span_of(cid, DTLS_CID_LEN));
	head = (uint32_t)reader_be(&r, 4);
	h = ((uint32_t)reader_be(&r, 4) ^ key->add) * key->first;
	h ^= h >> DTLS_CID_SHIFT;
	h ^= head & RANDOM_24;
	h *= key->second;
	return (uint8_t)(h >> 24);
}

void
dtls_cid_key_make(struct dtls_cid_key *out)
{
	random_bytes(out, sizeof(*out));
	out->first |= 1;
	out->second |= 1;
}

void
dtls_cid_make(const struct dtls_cid_key *key, uint8_t worker,
    uint8_t out[static DTLS_CID_LEN])
{
	random_bytes(out, DTLS_CID_LEN);
	out[0] = (uint8_t)(worker ^ mask(key, out));
}

uint8_t
dtls_cid_worker(
    const struct dtls_cid_key *key, const uint8_t cid[static DTLS_CID_LEN])
{
	return (uint8_t)(cid[0] ^ mask(key, cid));
}
