/**
 * probe_read.h - how the answers to experiments are read, and which of them
 * are worth a try: what the rows of probe_try.c point to.
 */
#ifndef TOOL_PROBE_READ_H
#define TOOL_PROBE_READ_H

#include "probe.h"

#define PROBE_WANTED(name) \
	bool name(const struct probe *p, const struct probe_step *asked)
#define PROBE_READ(name) \
	void name(struct probe *p, const struct probe_step *asked, \
	    const struct bench_answer *a, struct writer *w)

/* --- worth a try -------------------------------------------------------------- */

PROBE_WANTED(wanted_named); /**< it has named a format, other than TLV */
PROBE_WANTED(wanted_until_written); /**< nothing was taken yet */
PROBE_WANTED(wanted_written); /**< there is a format that is taken */
PROBE_WANTED(wanted_format); /**< this one was not tried yet */
PROBE_WANTED(wanted_legacy); /**< its present number was refused */
PROBE_WANTED(wanted_message); /**< none was refused yet */
PROBE_WANTED(wanted_finish_keys); /**< it was refused without them */
PROBE_WANTED(wanted_finish_zero); /**< Finish is taken, and 1.1 is */
PROBE_WANTED(wanted_ending); /**< its session goes on */

/* --- read ------------------------------------------------------------------------ */

PROBE_READ(read_discover);
PROBE_READ(read_discover_object);
PROBE_READ(read_read);
PROBE_READ(read_read_other);
PROBE_READ(read_format);
PROBE_READ(read_level);
PROBE_READ(read_unknown);
PROBE_READ(read_newer);
PROBE_READ(read_foreign);
PROBE_READ(read_block);
PROBE_READ(read_message);
PROBE_READ(read_delete);
PROBE_READ(read_delete_security);
PROBE_READ(read_finish_bare);
PROBE_READ(read_finish_keys);
PROBE_READ(read_finish_zero);
PROBE_READ(read_finish_nothing);
PROBE_READ(read_ending);
PROBE_READ(read_own_account);

/** Was it taken? */
static inline bool
probe_good(const struct bench_answer *a)
{
	return a->kind == BENCH_ANSWERED && coap_class(a->code) == 2;
}

#endif
