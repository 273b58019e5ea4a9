/**
 * rehearse.h - a device's first boot, rehearsed: a virtual device is made of the
 * bytes of a finished image, goes through the handshake and the bootstrap of a
 * real daemon, and what became of it is a struct rehearse_result.
 *
 * What the tool knows otherwise of an image is never looked at: what it says is
 * what its reader finds, and the device holds what a loader would store. Where
 * loaders are strict (account_rules.h) nothing is tried.
 *
 * All text in here is safe to print, and no key is in any.
 */
#ifndef TOOL_REHEARSE_H
#define TOOL_REHEARSE_H

#include "base/address.h"
#include "base/secret.h"
#include "device/account.h"
#include "device/wire.h"
#include "image_files.h"
#include "image_format.h"
#include "options.h"

enum {
	REHEARSE_FINDINGS_MAX = 12,
	REHEARSE_CODE_MAX = 48, /**< bytes with NUL */
	REHEARSE_TEXT_MAX = 480,
	REHEARSE_NAME_MAX = 1024,
	REHEARSE_ADDRESS_MAX = 64,
};

struct rehearse_finding {
	bool warning; /**< it boots all the same */
	char code[REHEARSE_CODE_MAX]; /**< "wrong-key": stable */
	/** What the staging ledger calls it, "hex-ascii"; empty: nothing. */
	char server[REHEARSE_CODE_MAX];
	char text[REHEARSE_TEXT_MAX];
	char remedy[REHEARSE_TEXT_MAX]; /**< may be empty */
};

struct rehearse_result {
	char name[REHEARSE_NAME_MAX]; /**< of the image, as it is told */
	char endpoint[REHEARSE_TEXT_MAX]; /**< without quotes, escaped */
	bool ok; /**< bootstrapped, and all is there */
	bool tried; /**< it went to the server */
	bool answered; /**< something came back from there */
	struct rehearse_finding findings[REHEARSE_FINDINGS_MAX];
	size_t finding_count;
	unsigned datagrams; /**< both ways */
	uint64_t bytes; /**< of these */
	uint64_t ms;
	unsigned commands; /**< of the server */
	unsigned servers; /**< accounts that the device has in the end */
	char security[96]; /**< "DTLS 1.2, TLS_PSK_...": empty, none */
};

/** Clears `r`. */
void rehearse_begin(struct rehearse_result *r, const char *name);

/** A finding, from printf. What comes from elsewhere is quoted by the caller.
 *  Those beyond REHEARSE_FINDINGS_MAX are dropped. */
PRINTF_LIKE(5, 6)
void rehearse_find(struct rehearse_result *r, bool warning, const char *code,
    const char *remedy, const char *fmt, ...);
bool rehearse_has_errors(const struct rehearse_result *r);

/* --- rehearse_image.c: from bytes to a device ------------------------------- */

/** What all images of a run are read with. */
struct rehearse_reader {
	struct secret scratch;
	struct lwm2m_entry entries[IMAGE_ENTRIES_MAX];
	size_t partition_len; /**< that they have to fit in; 0: any */
	const uint8_t *nvs_key; /**< borrowed; NULL: none */
	/** Of a device whose image names no endpoint; NULL: as clients do, by
	 *  its credential. */
	const char *endpoint;
	/** In place of what a firmware has built in: "coaps://HOST:PORT", for
	 *  formats that hold credentials alone. NULL: none. */
	const char *firmware_uri;
};

void rehearse_reader_fini(struct rehearse_reader *r);

/**
 * The device that the image makes, owned, with its account, which is borrowed
 * from it; NULL: findings say why not.
 */
struct device *rehearse_load(struct rehearse_reader *r,
    const struct image_file *file, struct account *account,
    struct rehearse_result *result);

/* --- rehearse_way.c: addresses and sockets ---------------------------------- */

/** Where a URI leads. */
struct rehearse_way {
	bool secure, stream;
	struct address address;
	char text[REHEARSE_ADDRESS_MAX]; /**< "127.0.0.1:5684" */
};

/** `why` is static. Errors: RC_MALFORMED (no such URI), RC_NOT_FOUND (no
 *  address of that name). */
MUST_CHECK enum rc rehearse_way_find(
    struct span uri, struct rehearse_way *out, const char **why);
/**
 * A connected socket, not blocking; on a stream the connection may be on its
 * way. `spread`: where it goes to loopback, it comes from an address of its own
 * there, as devices do: a server counts by address.
 * Errors: RC_IO (errno says why).
 */
MUST_CHECK enum rc rehearse_way_open(
    const struct rehearse_way *w, bool spread, int *fd);
/** Append the socket's own address, "127.0.0.1:40000". */
void rehearse_way_own(int fd, struct writer *w);

/* --- rehearse_why.c ---------------------------------------------------------- */

/** How far a rehearsal came. */
struct rehearse_end {
	const struct device_wire *wire;
	const struct account *account;
	const struct rehearse_way *way;
	int error; /**< of the socket; 0: none */
	unsigned received; /**< datagrams */
	bool timed_out;
	uint64_t ms;
	int64_t now_s; /**< the clock on the wall */
	const char *last; /**< the last line of the device's trace, or "" */
};

/** Why it has failed, as the device sees it: one finding. */
void rehearse_why(const struct rehearse_end *e, struct rehearse_result *r);

/* --- rehearse_print.c -------------------------------------------------------- */

void rehearse_print_text(const struct rehearse_result *r, bool details);
void rehearse_print_json(const struct rehearse_result *r);

#endif
