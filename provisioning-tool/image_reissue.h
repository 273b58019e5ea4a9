/**
 * image_reissue.h - a new image for a device that has one: with a key of the
 * next epoch, or a new certificate. All credentials of its earlier images are
 * taken back in the same group of the ledger as the row of the new one, and
 * before the new one has its name.
 *
 * It is all or nothing, also for who is killed: the image lies pending beside
 * its place until the ledger has it, and a second run names what the first has
 * recorded, instead of minting again.
 */
#ifndef TOOL_IMAGE_REISSUE_H
#define TOOL_IMAGE_REISSUE_H

#include "image_past.h"
#include "order.h"
#include "pending.h"

/** One run. All borrowed but what is said to be owned. */
struct reissue {
	struct image_recipe *recipe; /**< its epoch is set for each device */
	struct ledger *ledger;
	struct order *order; /**< NULL: under none */
	const char *reason; /**< of RFC 5280, why the old ones are revoked */
	uint32_t epoch; /**< asked for; 0: the next */
	struct span
	    unit; /**< serial number of the device at hand; empty: none */
	bool force; /**< replace files */
	struct image_mint mint;
	struct image_past past; /**< owned: of the device at hand */
	struct secret found; /**< owned: what was pending */
};

enum reissue_outcome {
	REISSUE_MADE,
	REISSUE_COMPLETED, /**< an earlier run had recorded it */
	REISSUE_THERE, /**< and named it */
};

/** What became of one device. */
struct reissued {
	enum reissue_outcome outcome;
	uint64_t seq; /**< the row of the image */
	size_t revoked; /**< credentials that were taken back */
};

/**
 * Reissue one device into the file `path`. EX_OK, or an exit code: then
 * mint.fault says why where its code is set, and else it has been said. What
 * was said, or has `stops`, stops a list.
 */
MUST_CHECK int reissue_one(struct reissue *r, struct span endpoint,
    const char *path, struct reissued *out);

enum { REISSUE_FINDINGS_MAX = 100 /**< that are said */ };

/** What became of a list. */
struct reissue_tally {
	uint64_t devices, findings, revoked;
	uint64_t outcomes[REISSUE_THERE + 1];
};

/**
 * Reissue the devices of the list `path` (device_list.h; "-": standard input)
 * into `directory`, a file each, called by serial number or endpoint. EX_OK,
 * also with findings, which were said; or an exit code: the rest was not looked
 * at. Said on stderr.
 */
MUST_CHECK int reissue_list(struct reissue *r, const char *path,
    const char *directory, struct reissue_tally *tally);

/** Releases what is owned. Harmless twice. */
void reissue_fini(struct reissue *r);

#endif
