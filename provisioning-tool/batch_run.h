/**
 * batch_run.h - a run of `image batch`, for the files batch_*.c: everything it
 * holds, and its steps in their order.
 *
 * One thread reads the list, asks the ledger and commits; the others mint. There
 * are two groups: while one is minted the other is filled, or committed.
 */
#ifndef TOOL_BATCH_RUN_H
#define TOOL_BATCH_RUN_H

#include "batch_folder.h"
#include "batch_pool.h"
#include "device_list.h"
#include "options.h"
#include "order.h"
#include "settings.h"

#include "base/progress.h"
#include "hsm/ec.h"

struct batch_group {
	struct batch_job *jobs; /**< owned, `max` of them */
	uint64_t hashes[BATCH_GROUP_MAX]; /**< of the endpoints */
	uint64_t units[BATCH_GROUP_MAX]; /**< hashes of the serial numbers */
	size_t count;
	uint64_t begun_ms; /**< when the first was put in */
	uint64_t
	    others; /**< rows in the ledger that were not this run's then */
};

/** One bit an image of the batch. */
struct batch_seen {
	uint8_t *bits; /**< owned */
	size_t cap; /**< bytes */
};

struct batch_run {
	const struct options *o;
	struct settings settings;
	struct image_recipe recipe;
	struct token token;
	struct ledger *ledger;
	struct order *order;
	struct hsm_ec_ref sign_key; /**< where o->sign_key is given */
	struct buffer buffer; /**< of a station without the HSM */
	struct batch_pool *pool;
	struct batch_folder folder;
	struct batch_group groups[2];
	unsigned filling; /**< which of the two */
	size_t group_max;
	/* the list */
	char list_name[4096]; /**< printable */
	int list_fd;
	uint64_t list_len; /**< bytes; 0: not known */
	struct device_list list;
	struct batch_seen seen; /**< images that the list has named */
	struct batch_seen held; /**< images of an earlier run that are there */
	uint8_t hash_key[16];
	uint64_t next_index;
	uint64_t kept_index; /**< the last one that an earlier run made */
	bool json;
	struct progress progress;
	/** A fault that ends the run; what is committed stays. */
	int code;
	/* what came of it */
	uint64_t rows; /**< that this run has written */
	uint64_t devices, made, kept, remade, revoked, findings;
	uint64_t began_ms;
};

/** A signal has asked for the end. */
bool batch_interrupted(void);

/* batch_resume.c */

/**
 * Find what is done: cut what is not. What the ledger has and the folder has not
 * is made again, or taken back where that would give another certificate.
 * Returns an exit code.
 */
MUST_CHECK int batch_resume(struct batch_run *b);
/** The list, or the folder, has named the image of that index. False: it had
 *  before. Errors: RC_MEMORY. */
MUST_CHECK enum rc batch_seen_mark(
    struct batch_seen *s, uint64_t index, bool *is_new);

/* batch_device.c */

/** Does the ledger know its serial number as that of another device? Errors:
 *  RC_DENIED (`f`), RC_DB. */
MUST_CHECK enum rc batch_unit_admit(
    struct batch_run *b, const struct batch_job *j, struct image_fault *f);

/** One record of the list: a finding, passed over, or put into the group.
 *  Returns an exit code. */
MUST_CHECK int batch_take_device(
    struct batch_run *b, const struct device_record *r);

/** The image of that index is in the folder. */
bool batch_is_held(const struct batch_run *b, uint64_t index);

/* batch_lost.c */

/** Rows of this batch behind number `after`: the images of those that are not
 *  held are lost. */
MUST_CHECK int batch_lost(struct batch_run *b, uint64_t after);

/* batch_group.c */

MUST_CHECK int batch_groups_make(struct batch_run *b);
void batch_groups_free(struct batch_run *b);
/** The group that is being filled is minted; the one before is committed
 *  meanwhile. Returns an exit code. */
MUST_CHECK int batch_turn(struct batch_run *b);
/** All that was put in is committed. */
MUST_CHECK int batch_drain(struct batch_run *b);
/** The ledger is going to be asked about a job: note how far others have come in
 *  it, so that commit sees whether it has to be asked again. Errors: RC_DB. */
MUST_CHECK enum rc batch_group_ask(struct batch_run *b);
/** Where a job is put; NULL: the group is full. */
struct batch_job *batch_group_place(struct batch_run *b);
/** It counts from now on. */
void batch_group_put(struct batch_run *b);
/** The line that has named the endpoint in the groups that are not committed;
 *  0: none. */
uint64_t batch_group_line_of(const struct batch_run *b, struct span endpoint);
/** The job in them of that serial number; NULL: none. */
const struct batch_job *batch_group_unit(
    const struct batch_run *b, const char *unit);

/* batch_label.c */

/** The payload of its label, by the image document; nothing where that has no
 *  `label:`. `w` has room for LABEL_PAYLOAD_MAX bytes. Errors: as label_expand;
 *  `fault` (LABEL_FAULT_MAX) says what. */
MUST_CHECK enum rc batch_label_payload(const struct batch_run *b,
    const struct batch_job *j, struct writer *w, char *fault);

/* batch_report.c */

PRINTF_LIKE(3, 4)
void batch_finding(struct batch_run *b, uint64_t line, const char *fmt, ...);
/** What ends the run, at the line where it does; sets b->code, once. */
void batch_stop(
    struct batch_run *b, uint64_t line, const struct image_fault *f);
void batch_report_image(const struct batch_run *b, const struct batch_job *j);
void batch_report_progress(struct batch_run *b);
void batch_report_end(const struct batch_run *b, int code);

/* batch_finish.c */

/** Is the key there that is to sign? Returns an exit code. */
MUST_CHECK int batch_sign_begin(struct batch_run *b);

/** All is there: give all of it its name, and sign it. Returns an exit code. */
MUST_CHECK int batch_finish(struct batch_run *b);

#endif
