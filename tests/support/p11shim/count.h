/**
 * count.h - the files P11SHIM_COUNT and P11SHIM_LOG (p11shim.c).
 */
#ifndef P11SHIM_COUNT_H
#define P11SHIM_COUNT_H

#include "fault.h"

/** Once, before anything is counted. Without the files nothing is. */
void count_open(void);
/** In both. */
void count_call(enum function function);
/** A fault has found its call, and is about to befall it. */
void count_struck(void);

/** Sessions open now: one more, one less, or none any more. */
void count_sessions_opened(void);
void count_sessions_closed(void);
void count_sessions_gone(void);

#endif
