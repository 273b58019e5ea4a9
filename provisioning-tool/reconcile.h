/**
 * reconcile.h - what was minted, flashed, scrapped and booted, device by device
 * in the order of the ledger's index of endpoints: one device is in memory at a
 * time, and of each work order and batch a row of sums.
 *
 * Named are devices that nobody ordered (over-build) and identities that are
 * there twice (clones):
 *
 *   booted-not-minted   came by an identity that images are minted by, and no
 *                       image of it and no certificate is in the ledger
 *   flashed-not-minted  flashed, and there is no image of it
 *   other-bytes         flashed with bytes of none of its images
 *   over-quota          more units than the order, or its station, may mint
 *   scrapped-booted     came after it was scrapped
 *   scrapped-flashed    flashed after it was scrapped
 *   two-networks        came from two networks within the window
 *   two-images          two images of other bytes, and neither was taken back
 *   two-units           flashed onto two units of hardware (`chip`)
 *   never-booted        minted long ago, not scrapped, has not come: no clone
 *                       and no over-build
 */
#ifndef TOOL_RECONCILE_H
#define TOOL_RECONCILE_H

#include "base/address.h"
#include "base/table.h"
#include "ledger/ledger.h"
#include "options.h"

enum reconcile_code {
	RECONCILE_BOOTED_NOT_MINTED,
	RECONCILE_FLASHED_NOT_MINTED,
	RECONCILE_OTHER_BYTES,
	RECONCILE_OVER_QUOTA,
	RECONCILE_SCRAPPED_BOOTED,
	RECONCILE_SCRAPPED_FLASHED,
	RECONCILE_TWO_NETWORKS,
	RECONCILE_TWO_IMAGES,
	RECONCILE_TWO_UNITS,
	RECONCILE_NEVER_BOOTED,
	RECONCILE_CODES
};

/** "two-networks"; static. */
const char *reconcile_code_name(enum reconcile_code code);

enum {
	RECONCILE_TEXT_MAX = 128, /**< bytes of names of orders and batches */
	RECONCILE_NETWORKS = 8, /**< of a device, the last ones */
	RECONCILE_CHIPS = 4,
	RECONCILE_IMAGES = 16, /**< of a device, the last ones */
	RECONCILE_DETAIL_MAX = 400,
};

/** Sums of one work order and batch. */
struct reconcile_group {
	struct table_item item; /**< by order, NUL, batch */
	char order[RECONCILE_TEXT_MAX + 1]; /**< "": none */
	char batch[RECONCILE_TEXT_MAX + 1];
	uint64_t minted, flashed, reflashed, scrapped, booted;
	uint64_t waiting; /**< minted, neither scrapped nor booted */
	uint64_t findings; /**< but never-booted */
};

/** An image of the device. */
struct reconcile_image {
	uint64_t seq;
	char sha256[2 * DIGEST_LEN + 1];
	char fingerprint[2 * DIGEST_LEN + 1];
	bool revoked; /**< by a row of this endpoint */
};

/** Where it came from. */
struct reconcile_network {
	struct address at; /**< its bits beyond the prefix are 0 */
	int64_t last_ms;
};

/** One device, while its rows go by. */
struct reconcile_unit {
	size_t endpoint_len;
	size_t image_count; /**< all of them; the last ones are kept */
	bool certified; /**< by pki issue */
	int64_t minted_ms; /**< last */
	uint64_t flashed;
	bool other_bytes;
	size_t chip_count;
	bool many_chips; /**< more than are kept */
	bool scrapped, scrapped_flashed, scrapped_came;
	uint64_t came, booted; /**< begun; ended ok */
	size_t network_count;
	bool two_networks;
	struct address one, other;
	uint64_t apart_s; /**< between the two, of the first such pair */
	uint64_t moves; /**< from one to another within the window */
	char identity[RECONCILE_TEXT_MAX + 1]; /**< that it came by, last */
	/* of its last image; of what was flashed, where there is none */
	char order[RECONCILE_TEXT_MAX + 1];
	char batch[RECONCILE_TEXT_MAX + 1];
	/* from here on as far as the counts above go */
	uint8_t endpoint[LEDGER_ENDPOINT_MAX];
	struct reconcile_image images[RECONCILE_IMAGES];
	char chips[RECONCILE_CHIPS][RECONCILE_TEXT_MAX + 1];
	struct reconcile_network networks[RECONCILE_NETWORKS];
};

struct reconcile_limits {
	unsigned prefix4, prefix6; /**< bits */
	int64_t window_ms, idle_ms, now_ms;
};

/** Begin a device. */
void reconcile_unit_init(struct reconcile_unit *u, struct span endpoint);
/** One of its rows, oldest first. */
void reconcile_unit_row(struct reconcile_unit *u, const struct ledger_row *row,
    const struct reconcile_limits *limits);
/** What there is to say of it, `name` false: nothing of that. `detail` receives
 *  printable text. Not of two-images and booted-not-minted, where the ledger is
 *  to be asked once more: then whether it is to be asked. */
bool reconcile_unit_finding(const struct reconcile_unit *u,
    const struct reconcile_limits *limits, enum reconcile_code code,
    char detail[static RECONCILE_DETAIL_MAX]);

#endif
