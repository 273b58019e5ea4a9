/**
 * options.h - the command line of virtual-device.
 */
#ifndef DEVICE_OPTIONS_H
#define DEVICE_OPTIONS_H

#include "device/behaviour.h"
#include "files.h"
#include "rebind.h"

#include "dtls/client.h"

struct options {
	const char *image; /**< NULL: `uri` and `files` say it all */
	const char *uri;
	const char *endpoint; /**< NULL: as the image or certificate says */
	struct file_names files; /**< `key` NULL: none */
	enum dtls_client_version version;
	bool offer_cid; /**< Connection IDs, its own of `cid_len` bytes */
	uint64_t cid_len;
	uint64_t rebind; /**< as struct rebinding has it */
	const char *suites;
	struct device_behaviour behaviour;
	const char *accounts; /**< NULL: written nowhere */
	uint64_t timeout_ms;
	uint64_t times; /**< it ends when bootstrapped so often */
	bool verbose, show_keys;
};

/** -1: go on. Else the exit code, everything said. Strings are borrowed from
 *  `argv`. */
int options_read(int argc, char **argv, struct options *o);

#endif
