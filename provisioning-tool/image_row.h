/**
 * image_row.h - the row image_minted: that an image was made, of which device,
 * by which document, and what is public of the credential in it. And what the
 * ledger says of the images of a device.
 *
 * Fields, in this order, each where it is known: identity, then those of
 * image_credential.h, format, sha256 (of the image), image (the document), batch
 * (its id), index (in the batch, from 1), unit (the serial number of the device;
 * `serial` is that of a certificate), model, lot, order, station, buffer (its
 * id), entry (in the buffer, from 1), again (true: the same bytes once more, of a
 * device that has been minted), replaces (of a reissue: the row of the image that
 * it takes the place of).
 *
 * Before them there may be a row image_reserved: the account lies in a buffer of
 * a station, which may have made the image without this ledger knowing yet. It
 * holds until a row buffer_released of that buffer, or until its credential is
 * taken back.
 */
#ifndef TOOL_IMAGE_ROW_H
#define TOOL_IMAGE_ROW_H

#include "image_mint.h"

enum {
	IMAGE_ROW_BATCH_MAX = 96, /**< bytes of a batch's id */
	IMAGE_ROW_UNIT_MAX = 64, /**< bytes of a device's serial number */
	IMAGE_ROW_TEXT_MAX = 64, /**< bytes of model, lot, order, station */
};

/** All borrowed. Empty and NULL: not known. */
struct image_row {
	const struct image_recipe *recipe;
	struct span endpoint;
	const struct issue_credential *credential;
	/** Of image_mint: each of their credentials has a row of its own, in
	 *  front of this one. NULL only where the recipe has none. */
	const struct issue_servers *servers;
	const uint8_t *sha256; /**< DIGEST_LEN bytes */
	struct span batch, unit, model, lot, order, station, buffer;
	uint64_t index; /**< 0: none */
	uint64_t entry; /**< of `buffer`; 0: none */
	uint64_t replaces; /**< row; 0: none */
	bool again;
};

/** Append it to the open group of `l`. `seq` may be NULL. Errors: as
 *  ledger_append and issue_servers_record; RC_BUG (`servers` is missing: no row
 *  would tell of these keys). */
MUST_CHECK enum rc image_row_append(
    struct ledger *l, const struct image_row *r, uint64_t *seq);

/** The newest image of an endpoint whose credential was not taken back. */
struct image_live {
	uint64_t seq; /**< its row */
	bool again; /**< more rows than one say it: the same bytes again */
	char sha256[2 * DIGEST_LEN + 1]; /**< hex; of the image */
	char batch[IMAGE_ROW_BATCH_MAX + 1]; /**< "": none */
	char identity[IMAGE_ROW_TEXT_MAX + 1];
	char buffer[IMAGE_ROW_TEXT_MAX + 1]; /**< "": none */
	uint64_t index; /**< 0: none */
	uint64_t replaces; /**< row; 0: none */
	int64_t epoch; /**< 0: not a derived key */
	/* of its credential, in hex; "": none */
	char fingerprint[2 * DIGEST_LEN + 1];
	char serial[2 * CERT_SERIAL_MAX + 1];
	char issuer_key[2 * DIGEST_LEN + 1];
	/** By image_row_admit: what is to be minted now is the same bytes. With
	 *  another epoch it is not, and both are live. */
	bool same;
};

/**
 * RC_NOT_FOUND: none. An image without a credential (of a device without
 * security) is live for ever. Errors: RC_DB.
 */
MUST_CHECK enum rc image_row_live(
    struct ledger *l, struct span endpoint, struct image_live *out);

/** The same of one row image_minted: `live` of it, and whether it was taken
 *  back. Errors: RC_DB. */
MUST_CHECK enum rc image_row_read(struct ledger *l,
    const struct ledger_row *row, struct image_live *out, bool *revoked);

/**
 * Take its credential back: a row credential_revoked in the open group.
 * Nothing where it has none. Errors: as ledger_append.
 */
MUST_CHECK enum rc image_row_revoke(struct ledger *l, struct span endpoint,
    const struct image_live *live, const char *reason);

/**
 * May that endpoint be minted for? If not, why stands in `f`: it has a live
 * image already, or is reserved for another buffer than r->buffer. With `again`
 * it may, of the same derived key, or of the epoch that `r->account.epoch` names
 * (0: the newest), or out of the same buffer. Errors: RC_DENIED (`f`), RC_DB.
 */
MUST_CHECK enum rc image_row_admit(struct ledger *l,
    const struct image_recipe *r, struct span endpoint, bool again,
    struct image_live *live, struct image_fault *f);

#endif
