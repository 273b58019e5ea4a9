/**
 * psk_file.h - a vendor's list of keys, read record by record in constant
 * memory: CSV (RFC 4180) under a line of names, or JSON lines.
 *
 * In CSV the separator is a comma, a semicolon or a tab, whichever comes first
 * in the line of names. A mark of UTF-8 at the beginning, line breaks with or
 * without carriage return and empty lines make no difference. What is read
 * stands in locked memory alone, and is wiped.
 */
#ifndef TOOL_PSK_FILE_H
#define TOOL_PSK_FILE_H

#include "base/secret.h"
#include "psk_columns.h"

enum psk_format {
	PSK_FORMAT_SNIFF, /**< by the first byte that says something */
	PSK_FORMAT_CSV,
	PSK_FORMAT_JSONL,
};

enum {
	PSK_RECORD_MAX = 8192, /**< bytes of one record */
	PSK_NO_COLUMN = -1,
};

/** A record as it stands; `endpoint` and so on borrowed until the next one. */
struct psk_record {
	uint64_t line; /**< from 1; the first of the record */
	struct span cells[PSK_COLUMNS]; /**< empty: not there */
	enum psk_encoding encoding; /**< as the key's column says */
	/** What is wrong with the record, and the cure; static. NULL: nothing.
	 *  Nothing of what stands in it. */
	const char *fault;
};

enum psk_next {
	PSK_RECORD, /**< `out` is filled, or has a fault */
	PSK_END,
	PSK_UNUSABLE, /**< the list as a whole, for out->fault */
	PSK_UNREADABLE, /**< errno */
};

struct psk_file {
	int fd;
	enum psk_format format;
	struct secret window; /**< bytes from the file */
	struct secret room; /**< the cells of one record */
	size_t from, to; /**< of what is in the window */
	bool ended, begun;
	uint64_t line; /**< of the byte at `from` */
	uint64_t taken; /**< bytes before `from` */
	/* CSV */
	uint8_t separator;
	int columns[PSK_COLUMNS]; /**< where they stand; PSK_NO_COLUMN */
	size_t column_count;
	enum psk_encoding encoding;
};

/** `fd` is borrowed. Errors: RC_MEMORY. */
MUST_CHECK enum rc psk_file_begin(
    struct psk_file *f, int fd, enum psk_format format);
enum psk_next psk_file_next(struct psk_file *f, struct psk_record *out);
/** Wipes; harmless on zeros. */
void psk_file_end(struct psk_file *f);

#endif
