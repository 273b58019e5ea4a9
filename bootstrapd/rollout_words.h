/**
 * rollout_words.h - the terms of a rollout as people write them: "1%,10%,100%",
 * "98%", "1h". One reading for the command line and for bootstrapd.yaml.
 */
#ifndef BOOTSTRAPD_ROLLOUT_WORDS_H
#define BOOTSTRAPD_ROLLOUT_WORDS_H

#include "base/cursor.h"
#include "rollout.h"

enum {
	ROLLOUT_SHARE_TEXT = 16, /**< "12.3456%" and NUL */
	/** "1%,10%": and NUL */
	ROLLOUT_STAGES_TEXT = ROLLOUT_STAGES_MAX * ROLLOUT_SHARE_TEXT,
};

#define ROLLOUT_WINDOW_MAX_MS (UINT64_C(365) * 86400 * 1000)

/** "0.5%", as share_parse reads it, but not 0%. */
bool rollout_share_read(struct span text, uint32_t *out);

/** Shares with commas between: each above the one before it, the last 100%.
 *  NULL: read; else what is wrong, static. */
const char *rollout_stages_read(struct span text, struct rollout_terms *out);
void rollout_stages_print(struct writer *w, const struct rollout_terms *t);
/** The same of stages that are there already. */
const char *rollout_stages_fault(const struct rollout_terms *t);

/** "90s", "5m", "1h", "2d" (ms, s, m, h, d): from 1 ms to a year. */
bool rollout_window_read(struct span text, uint64_t *out_ms);
void rollout_window_print(struct writer *w, uint64_t ms);

#endif
