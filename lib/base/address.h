/**
 * address.h - where a datagram came from: IP address and port as a value that
 * can be compared, hashed, printed and matched against a network.
 *
 * IPv4-mapped IPv6 addresses become IPv4, so that one peer has one name on
 * every socket.
 */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include "base/cursor.h"

struct address {
	uint8_t family; /**< 4, 6, or 0: none */
	uint8_t ip[16]; /**< IPv4 in the first four */
	uint16_t port;
	uint32_t scope; /**< IPv6 link-local interface, else 0 */
	/** The address of ours that the datagram came to, for the answer to
	 *  leave from; no part of equality. Family 0: not known. */
	uint8_t local_family;
	uint8_t local_ip[16];
};

enum { ADDRESS_TEXT_MAX = 64 /**< "[fe80::...%12]:65535" and NUL */ };

struct sockaddr;

/** Errors: RC_UNSUPPORTED (neither AF_INET nor AF_INET6). */
MUST_CHECK enum rc address_from(
    const struct sockaddr *sa, size_t len, struct address *out);

/**
 * Fill a sockaddr of at least 28 bytes for a socket of `socket_family`
 * (AF_INET or AF_INET6: IPv4 is then mapped). Returns the length used.
 */
size_t address_to(
    const struct address *a, int socket_family, struct sockaddr *sa);

bool address_equal(const struct address *a, const struct address *b);

enum { ADDRESS_KEY_LEN = 23 /**< bytes */ };

/** What makes the address itself, without padding: a key for tables. */
void address_key(const struct address *a, uint8_t out[static ADDRESS_KEY_LEN]);

/** Append "127.0.0.1:5683" or "[::1]:5684". */
void address_print(struct writer *w, const struct address *a);

/** The address alone, "127.0.0.1", "::1"; "-" of none. */
void address_print_ip(struct writer *w, const struct address *a);

/** Parse "127.0.0.1:5683", "[::1]:5684": numeric only. Errors: RC_MALFORMED. */
MUST_CHECK enum rc address_parse(struct span text, struct address *out);

/** An IP network, "10.0.0.0/8", "::1/128". */
struct network {
	uint8_t family; /**< 4 or 6 */
	uint8_t ip[16];
	uint8_t prefix; /**< bits */
};

/** Errors: RC_MALFORMED (also: bits set beyond the prefix). */
MUST_CHECK enum rc network_parse(struct span text, struct network *out);
/** As network_parse takes it. */
void network_print(struct writer *w, const struct network *n);
bool network_contains(const struct network *n, const struct address *a);

#endif
