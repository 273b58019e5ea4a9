/**
 * echo.h - is the address of a request over plain UDP the sender's own? It is
 * given a value that only its address can have received, and sends it back
 * (RFC 9175 section 2.3). Until then nothing larger than the request goes
 * there, and no state is kept: a value is a time and a keyed hash over it and
 * the address.
 */
#ifndef BOOTSTRAPD_ECHO_H
#define BOOTSTRAPD_ECHO_H

#include "base/address.h"

enum {
	ECHO_LEN = 12, /**< bytes: time 4, hash 8 */
	ECHO_FRESH_S = 60, /**< so long a value is good */
};

/** Of one worker; of no use to the next process. */
struct echo {
	uint8_t secret[16];
};

void echo_init(struct echo *e);

/** The value for that address, port included, now. */
void echo_make(const struct echo *e, const struct address *to, uint64_t now_ms,
    uint8_t out[static ECHO_LEN]);

/** Was it made for that address, not longer than ECHO_FRESH_S ago? */
bool echo_is_fresh(const struct echo *e, const struct address *from,
    struct span value, uint64_t now_ms);

#endif
