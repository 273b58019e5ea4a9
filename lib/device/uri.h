/**
 * uri.h - Server URIs of a device: coap://HOST[:PORT], coaps://, coap+tcp:// and
 * coaps+tcp://, HOST a name, an IPv4 address or an IPv6 address in brackets.
 */
#ifndef DEVICE_URI_H
#define DEVICE_URI_H

#include "base/span.h"

enum { URI_HOST_MAX = 255 /**< bytes */ };

struct uri {
	bool secure; /**< coaps, coaps+tcp */
	bool stream; /**< coap+tcp, coaps+tcp */
	char host[URI_HOST_MAX + 1]; /**< without brackets */
	bool literal; /**< `host` is an address, no name */
	uint16_t port; /**< 5683 and 5684 where it is left out */
};

/** False: no such URI. A path behind it is ignored. */
bool uri_read(struct span text, struct uri *out);

#endif
