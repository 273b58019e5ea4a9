/**
 * order_unit.h - what becomes of a unit behind the station that minted its
 * image: flashed, flashed once more, scrapped. Rows of the kinds unit_flashed
 * and unit_scrapped, with fields, each where it is known, in this order: unit
 * (its serial number), order, batch (of its image), station, chip (the hardware
 * that was flashed: a MAC address, the id of a chip), sha256 (of the bytes that
 * were flashed), at (the time that a log says), reason, again (true: it was
 * flashed before).
 */
#ifndef TOOL_ORDER_UNIT_H
#define TOOL_ORDER_UNIT_H

#include "ledger/ledger.h"

enum {
	UNIT_TEXT_MAX = 128, /**< bytes of each of the fields */
};

enum unit_fate { UNIT_FLASHED, UNIT_SCRAPPED };

/** What is reported of one. All borrowed; empty: not said. */
struct unit_report {
	enum unit_fate fate;
	/** An endpoint, or a serial number by which an image was minted. What is
	 *  neither is taken for an endpoint. */
	struct span name;
	struct span station, chip, sha256, at, reason;
};

/** What came of it. */
struct unit_outcome {
	bool
	    recorded; /**< false: that is in the ledger already, in row `seq` */
	bool again; /**< flashed before */
	bool not_minted; /**< no image of it is in the ledger */
	bool other_bytes; /**< `sha256` is that of none of its images */
	bool ambiguous; /**< the serial number of several endpoints */
	uint64_t seq;
};

/**
 * Append the row, in an open group. Errors: RC_MALFORMED (a field is too long,
 * not printable or no SHA-256; nothing was appended), RC_CONFLICT (`ambiguous`;
 * likewise), and those of ledger_append.
 */
MUST_CHECK enum rc unit_report_append(
    struct ledger *l, const struct unit_report *r, struct unit_outcome *out);

#endif
