/**
 * cost_given.h - the certificates that a DTLS handshake is measured with: of
 * files that were named, else of usual lengths.
 */
#ifndef TOOL_COST_GIVEN_H
#define TOOL_COST_GIVEN_H

#include "cost/cost.h"
#include "options.h"

enum {
	/** Bytes of a server's certificate with two names, and of a device's
	 *  by a CA of short name: where nothing else is known. */
	COST_SERVER_USUAL = 560,
	COST_DEVICE_USUAL = 420,
};

struct cost_given {
	struct cost_chain server;
	char server_name[256]; /**< its first dNSName; "": it has none */
	bool has_device;
	struct cost_chain device;
};

/**
 * From `--server-certificate` or the first of `server.certificate` in `-c`, and
 * from `--device-certificate`. What is wrong is said on stderr. EX_OK,
 * EX_DATAERR, EX_IOERR, EX_CONFIG, EX_SOFTWARE.
 */
MUST_CHECK int cost_given_read(const struct options *o, struct cost_given *out);

#endif
