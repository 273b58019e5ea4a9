/**
 * handshake.h - what of a device's account goes into its DTLS handshake: its
 * key, certificate or raw key, and what the server has to show (LwM2M Core,
 * object 0: Security Mode, Certificate Usage, Matching Type, SNI).
 *
 * A certificate that leads to an anchor (usage 2) has to be for the name of
 * SNI, or for the host of the Server URI where that is a name; without either
 * there is nothing to hold it against, and no handshake.
 */
#ifndef DEVICE_HANDSHAKE_H
#define DEVICE_HANDSHAKE_H

#include "device/account.h"
#include "device/uri.h"

#include "dtls/client.h"

struct handshake {
	/** Borrows from here and from the account: both stay where they are
	 *  until the client is open. `version` and `suites` are the caller's. */
	struct dtls_client_config config;
	bool secure; /**< else there is none: plain CoAP */
	const char *why; /**< static: what is wrong with the account */
	struct secret key; /**< pre-shared, or private */
	char name[URI_HOST_MAX + 1];
	uint8_t digest[32];
};

/**
 * Ends with handshake_fini, on failure too.
 * Errors: RC_MALFORMED, RC_UNSUPPORTED (`why` says what), RC_MEMORY.
 */
MUST_CHECK enum rc handshake_init(struct handshake *h, const struct account *a);
void handshake_fini(struct handshake *h);

#endif
