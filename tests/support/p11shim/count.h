/**
 * count.h - the file P11SHIM_COUNT (p11shim.c).
 */
#ifndef P11SHIM_COUNT_H
#define P11SHIM_COUNT_H

#include "fault.h"

/** Once, before anything is counted. Without a file nothing is. */
void count_open(void);
void count_call(enum function function);

/** Sessions open now: one more, one less, or none any more. */
void count_sessions_opened(void);
void count_sessions_closed(void);
void count_sessions_gone(void);

#endif
