/**
 * event.h - what happened, as a name and typed fields: one line of the log,
 * one row of the ledger.
 *
 * There is no constructor that takes a struct secret; every constructor checks
 * the type of its argument at compile time. Text from the network is quoted by
 * whoever prints it (event_print, the ledger's JSON), never trusted.
 */
#ifndef BASE_EVENT_H
#define BASE_EVENT_H

#include "base/cursor.h"

enum field_kind {
	FIELD_TEXT, /**< UTF-8 or any bytes of a peer */
	FIELD_INT,
	FIELD_BYTES, /**< printed as hex: digests, session ids */
	FIELD_BOOL,
};

struct field {
	const char *name; /**< static, [a-z0-9_]+ */
	enum field_kind kind;
	struct span span; /**< borrowed: TEXT, BYTES */
	int64_t number; /**< INT, BOOL */
};

static inline struct field
f_text_(const char *name, struct span v)
{
	return (struct field){name, FIELD_TEXT, v, 0};
}

static inline struct field
f_str_(const char *name, const char *v)
{
	return (struct field){name, FIELD_TEXT, span_str(v), 0};
}

static inline struct field
f_bytes_(const char *name, struct span v)
{
	return (struct field){name, FIELD_BYTES, v, 0};
}

static inline struct field
f_int_(const char *name, int64_t v)
{
	return (struct field){name, FIELD_INT, {0}, v};
}

static inline struct field
f_bool_(const char *name, bool v)
{
	return (struct field){name, FIELD_BOOL, {0}, v};
}

/** Text of a span or a C string. A struct secret does not compile. */
#define F_TEXT(name, v) \
	_Generic((v), struct span: f_text_, char *: f_str_, \
	    const char *: f_str_)(name, v)
/** Public bytes, shown as hex. */
#define F_BYTES(name, v) _Generic((v), struct span : f_bytes_)(name, v)
#define F_INT(name, v) f_int_(name, (int64_t)(v))
#define F_BOOL(name, v) f_bool_(name, v)

enum log_level { LOG_DEBUG, LOG_INFO, LOG_NOTICE, LOG_WARNING, LOG_ERROR };

/**
 * Write one log line to the log's descriptor in a single write(2):
 * `<N>name key=value key="quoted" who="worker 0"` where <N> is the syslog
 * priority when the log goes to the journal (JOURNAL_STREAM), else the UTC time
 * and level. Lines above 2 KiB are cut with an ellipsis. Never blocks: a full
 * pipe loses the line, and the next one that gets through ends in `lost=COUNT`.
 * The descriptor's flags are left alone, because other processes share them: a
 * socket gets MSG_DONTWAIT, anything else is asked by poll(2) for room first.
 * Leaves errno as it was. SIGPIPE is the program's to ignore.
 */
void log_event(enum log_level level, const char *name,
    const struct field *fields, size_t field_count);

/** Is a line of this level written at all? For fields that cost something. */
bool log_writes(enum log_level level);

/** log_event with the fields written inline. */
#define LOG(level, name, ...) \
	log_event(level, name, (const struct field[]){__VA_ARGS__}, \
	    sizeof((const struct field[]){__VA_ARGS__}) / \
		sizeof(struct field))

/** Who writes, "worker 0"; copied. And from which level on. Defaults:
 *  the program's name, LOG_INFO, descriptor 2. */
void log_setup(const char *who, enum log_level from, int fd);

/** Who writes from now on, the rest as it was: a child of a daemon. Copied. */
void log_rename(const char *who);

/**
 * Append `key=value ...` as in a log line: the console and tests use it. Text
 * of letters, digits and -_.:/+@,*%~ stands bare, all other as text_quote.
 */
void event_print(
    struct writer *w, const struct field *fields, size_t field_count);

#endif
