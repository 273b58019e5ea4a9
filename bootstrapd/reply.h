/**
 * reply.h - an answer on the control socket as it grows: lines of
 * `key<TAB>value`, text in JSON quotes (control.h).
 */
#ifndef BOOTSTRAPD_REPLY_H
#define BOOTSTRAPD_REPLY_H

#include "base/cursor.h"

enum { REPLY_MAX = 49152 /**< bytes */ };

struct reply {
	struct writer w; /**< `full`: it did not fit */
	uint8_t buf[REPLY_MAX];
};

void reply_init(struct reply *r);
void reply_text(struct reply *r, const char *key, struct span value);
void reply_str(struct reply *r, const char *key, const char *value);
void reply_number(struct reply *r, const char *key, uint64_t value);
void reply_hex(struct reply *r, const char *key, struct span bytes);
/** UTC, in ms since 1970. */
void reply_time(struct reply *r, const char *key, int64_t ms);

/** Say what is wrong and what to do (NULL: nothing). Returns `code`. */
int reply_refuse(
    struct reply *r, const char *what, const char *remedy, int code);

#endif
