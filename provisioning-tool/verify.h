/**
 * verify.h - what the parts of `image verify` share: what is known before the
 * first image, and what is known of one.
 *
 * image_verify.c opens and goes through the paths, verify_image.c judges the
 * bytes of one image, verify_identity.c by the policies, verify_ledger.c by the
 * record; verify_batch.c what a batch says of its images.
 */
#ifndef TOOL_VERIFY_H
#define TOOL_VERIFY_H

#include "check_report.h"
#include "hsm/trust.h"
#include "image_files.h"
#include "image_reader.h"
#include "issue/issue.h"
#include "pki_file.h"
#include "settings.h"
#include "token.h"
#include "tool.h"

/** Of one run. */
struct verify {
	const struct options *o;
	int64_t now_s;
	struct settings settings;
	struct pki_file trust_file; /**< of --trust */
	struct trust *trust; /**< the same; NULL: not said */
	struct policy_set *set; /**< NULL: no policies */
	struct issue_rules *rules;
	const struct identity *identity; /**< the one that it must be by */
	const char *uri; /**< that it must have; NULL: any */
	struct token token; /**< session NULL: none is there */
	struct ledger *ledger; /**< NULL: none */
	const struct image_format *as; /**< NULL: by its look */
	const struct image_format *format; /**< that it must be; NULL: any */
	struct image_geometry geometry;
	unsigned given; /**< of it, enum image_option */
	struct secret keys; /**< that `geometry` borrows from */
	struct image_reader reader;
	struct check_report report;
	size_t operand;
	uint64_t images, bad; /**< of this operand */
};

/** Of one image; borrowed from the reader and the file. */
struct verify_one {
	struct verify *v;
	const struct image_file *file;
	struct diag *d;
	/** Whose it is, as the credential or the format says; empty: nobody
	 *  knows. Room, for it outlives what was asked. */
	struct span endpoint;
	uint8_t room[LEDGER_NAME_MAX];
	/** What the ledger calls its credential, in hex; "": it has none. */
	char fingerprint[HEX_TEXT_MAX];
};

/** A finding of this image. */
PRINTF_LIKE(4, 5)
void verify_find(struct verify_one *one, enum diag_level level,
    const char *code, const char *fmt, ...);

/** Take `endpoint` as whose it is, unless that is known. */
void verify_whose(struct verify_one *one, struct span endpoint);

/**
 * Judge one image: read it, and all that is wrong becomes findings in
 * one->d. Errors: what has nothing to do with the image (RC_TOKEN, RC_DB,
 * RC_MEMORY).
 */
MUST_CHECK enum rc verify_image(struct verify_one *one);

/** By the policies: who would bootstrapd take it for? Errors: as above. */
MUST_CHECK enum rc verify_identity(struct verify_one *one);

/** By the ledger. Errors: RC_DB. */
MUST_CHECK enum rc verify_ledger(struct verify_one *one);

#endif
