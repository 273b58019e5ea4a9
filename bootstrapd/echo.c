#include "echo.h"

#include "base/digest.h"
#include "base/secret.h"

enum { TIME_LEN = 4 };

void
echo_init(struct echo *e)
{
	random_bytes(e->secret, sizeof(e->secret));
}

/** The value of a time that is given in s. */
static void
make(const struct echo *e, const struct address *a, uint32_t at_s,
    uint8_t out[static ECHO_LEN])
{
	uint8_t key[ADDRESS_KEY_LEN + TIME_LEN];
	struct writer w;

	address_key(a, key);
	writer_init(&w, out, ECHO_LEN);
	writer_be(&w, at_s, TIME_LEN);
	memcpy(key + ADDRESS_KEY_LEN, out, TIME_LEN);
	writer_be(&w, hash_keyed(e->secret, span_of(key, sizeof(key))), 8);
}

void
echo_make(const struct echo *e, const struct address *to, uint64_t now_ms,
    uint8_t out[static ECHO_LEN])
{
	make(e, to, (uint32_t)(now_ms / 1000), out);
}

bool
echo_is_fresh(const struct echo *e, const struct address *from,
    struct span value, uint64_t now_ms)
{
	uint32_t now_s = (uint32_t)(now_ms / 1000), at_s;
	uint8_t good[ECHO_LEN];
	struct reader r;

	if (value.len != ECHO_LEN)
		return false;
	reader_init(&r, value);
	at_s = (uint32_t)reader_be(&r, TIME_LEN);
	make(e, from, at_s, good);
	/* one of the future is as old as the counter is long */
	return bytes_equal_ct(good, value.p, ECHO_LEN) &&
	    now_s - at_s <= ECHO_FRESH_S;
}
