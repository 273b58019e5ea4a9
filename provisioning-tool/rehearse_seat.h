/**
 * rehearse_seat.h - a place for one virtual device after the other: its socket,
 * its deadlines, and how its rehearsal ends. Many seats share one loop.
 */
#ifndef TOOL_REHEARSE_SEAT_H
#define TOOL_REHEARSE_SEAT_H

#include "base/fifo.h"
#include "base/loop.h"
#include "rehearse.h"
#include "rehearse_staging.h"

struct rehearse_seat;

/** What all seats share. */
struct rehearse_hall {
	struct loop *loop;
	struct staging *staging; /**< NULL: none, or not of ours */
	uint64_t timeout_ms; /**< for one device */
	unsigned unexplained; /**< failed, and the ledger had no word for it */
	/** Told at the end of each; the seat is free then. */
	void (*done)(void *ctx, const struct rehearse_result *r);
	void *ctx;
};

struct rehearse_seat {
	struct rehearse_hall *hall;
	bool taken;
	bool over; /**< it has failed, and the ledger is asked why */
	struct device *device;
	struct device_wire wire;
	struct account account; /**< borrows from the device */
	struct rehearse_way way;
	struct rehearse_result result;
	struct device_event last;
	struct fifo pending; /**< that a TCP socket has not taken */
	struct loop_timer timer;
	char own[REHEARSE_ADDRESS_MAX]; /**< where it is */
	uint64_t began_ms, end_ms;
	uint64_t ask_ms; /**< the ledger, the next time */
	unsigned asked; /**< so often, of a device that has failed */
	unsigned received;
	int error, fd;
	uint32_t watched; /**< EPOLLOUT besides? */
};

/**
 * Take a seat: `device` is taken, `account` and `way` are copied, `result` with
 * what was found so far, too. It begins at once, and may be over when this
 * returns.
 */
void rehearse_sit(struct rehearse_seat *s, struct device *device,
    const struct account *account, const struct rehearse_way *way,
    const struct rehearse_result *result);

/** Whoever sits there is sent away; nobody is told. Harmless when free. */
void rehearse_leave(struct rehearse_seat *s);

#endif
