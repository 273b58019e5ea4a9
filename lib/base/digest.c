#include "base/digest.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

static_assert(DIGEST_LEN == SHA256_DIGEST_SIZE, "digest.h names SHA-256");
static_assert(DIGEST512_LEN == SHA512_DIGEST_SIZE, "digest.h names SHA-512");

void
digest_init(struct digest *d)
{
	sha256_init(&d->ctx);
}

void
digest_put(struct digest *d, struct span s)
{
	if (s.len)
		sha256_update(&d->ctx, s.len, s.p);
}

void
digest_final(struct digest *d, uint8_t out[static DIGEST_LEN])
{
	sha256_digest(&d->ctx, DIGEST_LEN, out);
}

void
digest_of(struct span s, uint8_t out[static DIGEST_LEN])
{
	struct digest d;

	digest_init(&d);
	digest_put(&d, s);
	digest_final(&d, out);
}

void
digest512_init(struct digest512 *d)
{
	sha512_init(&d->ctx);
}

void
digest512_put(struct digest512 *d, struct span s)
{
	if (s.len)
		sha512_update(&d->ctx, s.len, s.p);
}

void
digest512_final(struct digest512 *d, uint8_t out[static DIGEST512_LEN])
{
	sha512_digest(&d->ctx, DIGEST512_LEN, out);
}

void
digest512_of(struct span s, uint8_t out[static DIGEST512_LEN])
{
	struct digest512 d;

	digest512_init(&d);
	digest512_put(&d, s);
	digest512_final(&d, out);
}

void
random_bytes(void *out, size_t len)
{
	uint8_t *p = out;

	while (len > 0) {
		ssize_t n = getrandom(p, len, 0);

		if (n < 0 && errno == EINTR)
			continue;
		/* Whoever asked would go on with bytes that are not random. */
		if (n <= 0)
			abort();
		p += n;
		len -= (size_t)n;
	}
}

/* SipHash (Aumasson and Bernstein, 2012), 2 rounds a word and 4 at the end. */

static uint64_t
rotl(uint64_t v, unsigned bits)
{
	return v << bits | v >> (64 - bits);
}

static uint64_t
load_le(const uint8_t *p, size_t len)
{
	uint64_t v = 0;

	for (size_t i = 0; i < len; i++)
		v |= (uint64_t)p[i] << 8 * i;
	return v;
}

static void
sip_rounds(uint64_t v[static 4], unsigned count)
{
	while (count-- > 0) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotl(v[1], 13) ^ v[0];
		v[3] = rotl(v[3], 16) ^ v[2];
		v[0] = rotl(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotl(v[1], 17) ^ v[2];
		v[3] = rotl(v[3], 21) ^ v[0];
		v[2] = rotl(v[2], 32);
	}
}

static void
sip_word(uint64_t v[static 4], uint64_t m)
{
	v[3] ^= m;
	sip_rounds(v, 2);
	v[0] ^= m;
}

uint64_t
hash_keyed(const uint8_t key[static 16], struct span s)
{
	uint64_t k0 = load_le(key, 8);
	uint64_t k1 = load_le(key + 8, 8);
	/* "somepseudorandomlygeneratedbytes" */
	uint64_t v[4] = {
	    k0 ^ 0x736f6d6570736575,
	    k1 ^ 0x646f72616e646f6d,
	    k0 ^ 0x6c7967656e657261,
	    k1 ^ 0x7465646279746573,
	};
	size_t whole = s.len / 8 * 8;

	for (size_t i = 0; i < whole; i += 8)
		sip_word(v, load_le(s.p + i, 8));
	sip_word(v,
	    (uint64_t)s.len << 56 |
		(s.len > whole ? load_le(s.p + whole, s.len - whole) : 0));
	v[2] ^= 0xff;
	sip_rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
