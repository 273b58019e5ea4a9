/**
 * device_list.h - the devices that images are made for, read one by one in
 * constant memory from a file or from a pipe that may never end:
 *
 *  - CSV (RFC 4180) under a line of names: `endpoint` or `serial` or both, and
 *    where they are there `model` and `batch` (or `lot`); others are passed over;
 *  - JSON lines, objects with members of those names;
 *  - one name a line, of a device as the firmware sends it, or its serial number.
 *
 * Which it is, the first line says. In CSV the separator is a comma, a semicolon
 * or a tab, whichever comes first in the line of names. A mark of UTF-8 at the
 * beginning, line breaks with or without carriage return and empty lines make no
 * difference. What is not UTF-8 is refused by the name of what it looks like.
 */
#ifndef TOOL_DEVICE_LIST_H
#define TOOL_DEVICE_LIST_H

#include "base/cursor.h"

enum {
	DEVICE_RECORD_MAX = 8192, /**< bytes of one record */
	DEVICE_WINDOW_LEN = 65536,
};

enum device_column {
	DEVICE_ENDPOINT,
	DEVICE_SERIAL,
	DEVICE_MODEL,
	DEVICE_LOT,
	DEVICE_NAME, /**< of a line of its own: endpoint or serial number */
	DEVICE_COLUMNS,
	DEVICE_OTHER = DEVICE_COLUMNS, /**< none that is read */
};

/** A record as it stands; borrowed until the next one. UTF-8, printable, no
 *  space at the begin or end, where `fault` is NULL. */
struct device_record {
	uint64_t line; /**< from 1; the first of the record */
	struct span cells[DEVICE_COLUMNS]; /**< empty: not there */
	const char *fault; /**< what is wrong, and the cure; static */
};

enum device_next {
	DEVICE_RECORD, /**< `out` is filled, or has a fault */
	DEVICE_PAUSE, /**< nothing came in time, or a signal did */
	DEVICE_END,
	DEVICE_UNUSABLE, /**< the list as a whole, for out->fault */
	DEVICE_UNREADABLE, /**< errno */
};

enum device_list_form {
	DEVICE_LIST_SNIFF,
	DEVICE_LIST_CSV,
	DEVICE_LIST_JSON,
	DEVICE_LIST_PLAIN,
};

struct device_list {
	int fd; /**< borrowed */
	enum device_list_form form;
	size_t from, to; /**< of what is in the window */
	bool ended, begun;
	/** A record that is too long: nothing up to its line break counts. */
	bool skipping;
	uint64_t line; /**< of the byte at `from` */
	uint64_t taken; /**< bytes before `from` */
	uint8_t separator;
	size_t column_count;
	enum device_column columns[64]; /**< what stands in each */
	uint8_t window[DEVICE_WINDOW_LEN];
	uint8_t room[DEVICE_RECORD_MAX]; /**< the cells of one record */
};

void device_list_begin(struct device_list *l, int fd);

/**
 * The next record. Waits for input at most `wait_ms` (-1: as long as it takes,
 * or until a signal comes).
 */
enum device_next device_list_next(
    struct device_list *l, int wait_ms, struct device_record *out);

/** What a column is called; upper and lower case, spaces, dots, dashes and
 *  underscores make no difference. */
enum device_column device_column_of(struct span name);

/** Hold what stands in the record to what a device can be called; sets
 *  r->fault. */
void device_record_check(struct device_record *r);

/** What bytes are that are no UTF-8, and the cure; NULL: they are. `first`: they
 *  are the first of a list. */
const char *device_list_encoding(struct span bytes, bool first);

#endif
