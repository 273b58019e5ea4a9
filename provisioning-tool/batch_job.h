/**
 * batch_job.h - one device of a batch on its way from the list to the folder.
 */
#ifndef TOOL_BATCH_JOB_H
#define TOOL_BATCH_JOB_H

#include "image_row.h"

enum {
	BATCH_GROUP_MAX = 512, /**< jobs that are committed together */
	BATCH_PSK_IDENTITY_MAX = 128,
	BATCH_IMAGE_NAME_MAX = 100, /**< bytes of an image's file name */
};

struct batch_job {
	uint64_t line; /**< of the list; 0: of the ledger */
	uint8_t endpoint[POLICY_ENDPOINT_MAX];
	size_t endpoint_len;
	/* "" where they are not known */
	char unit[IMAGE_ROW_UNIT_MAX + 1];
	char model[IMAGE_ROW_TEXT_MAX + 1], lot[IMAGE_ROW_TEXT_MAX + 1];
	bool again; /**< minted before, not in this batch */
	/** Its row stands already, and this must come out once more; 0: not. */
	uint64_t seq;
	char wanted[2 * DIGEST_LEN + 1]; /**< with `seq`: SHA-256, hex */
	uint64_t index; /**< in the batch; with `seq` from its row */

	/* what was made of it */
	bool done; /**< looked at; else the run was stopped before */
	struct image_fault *fault; /**< owned; NULL: an image */
	struct secret image;
	uint8_t sha256[DIGEST_LEN];
	struct issue_credential credential;
	struct issue_servers *servers; /**< owned; of the policy's accounts */
	uint8_t psk_identity[BATCH_PSK_IDENTITY_MAX];
	size_t psk_identity_len;
	char name[BATCH_IMAGE_NAME_MAX + 1]; /**< of its file */
};

/** Wipe what was made, for the next use. */
void batch_job_fini(struct batch_job *j);

#endif
