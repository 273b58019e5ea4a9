/**
 * image_mint.h - from "these are the options" to "these are the bytes": what
 * `image build`, `image batch` and `image reissue` have in common.
 *
 * A recipe is what all images of one run share: the identity document, the
 * format and where it lies, the server's address. It is filled once and read by
 * any number of threads. A struct image_mint is one thread's: its session of
 * the token, its connection to the ledger, its memory.
 *
 * An image that breaks a rule of account_rules.h, or does not read back as what
 * was to be written, is never handed out.
 */
#ifndef TOOL_IMAGE_MINT_H
#define TOOL_IMAGE_MINT_H

#include "image_format.h"
#include "issue/image.h"
#include "policy/image.h"
#include "token.h"

#include <pthread.h>

struct image_recipe {
	struct policy_set *set; /**< owned */
	struct issue_rules *rules; /**< owned */
	const struct identity *identity; /**< borrowed from `set` */
	const struct image_format *format;
	struct image_geometry geometry;
	struct secret nvs_keys; /**< that `geometry` borrows from */
	struct issue_account account; /**< its `uri` is borrowed */
	/** The `image:` document that it was taken from; NULL: options alone. */
	const char *document;
	/** The same, of `set`; NULL likewise. */
	const struct policy_image *image;
	/** Whose accounts go into the image too; NULL: of nobody. */
	const struct policy *servers;
	size_t endpoint_max; /**< bytes that the firmware has room for */
	/** Id of the buffer that accounts come from; NULL: minted by the token. */
	const char *buffer;
};

/**
 * Fill `r` from options and the documents at `policies`. Both are borrowed until
 * image_recipe_fini. What is wrong has been said on stderr.
 * Returns an exit code: EX_OK, EX_USAGE, EX_DATAERR, EX_NOINPUT, EX_OSERR,
 * EX_SOFTWARE.
 */
MUST_CHECK int image_recipe_load(
    const struct options *o, const char *policies, struct image_recipe *r);
/** Harmless on zeros, and twice. */
void image_recipe_fini(struct image_recipe *r);

/** The serial number that an endpoint was made of by the document, borrowed from
 *  it; empty: it was not. */
struct span image_recipe_unit(
    const struct image_recipe *r, struct span endpoint);

/**
 * Which device a list means. In: what it says of `endpoint` and `unit` (the
 * serial number), empty where it does not; `name` is either of the two. Out:
 * both, as far as they are known, borrowed from what went in, or from `room`.
 * `why` receives static text after an error: what is wrong, and the cure.
 * Errors: RC_MALFORMED, RC_TOO_LARGE, RC_DENIED.
 */
MUST_CHECK enum rc image_recipe_device(const struct image_recipe *r,
    struct span *endpoint, struct span *unit, struct span name,
    char room[static POLICY_ENDPOINT_MAX + 1], const char **why);

/** Does minting ask the token? Not for a device without security. */
bool image_recipe_needs_token(const struct image_recipe *r);

/**
 * Are the keys that mint those that the ledger knows by that name? `l` may be
 * NULL. Said on stderr. EX_OK, and those of key_check.
 */
MUST_CHECK int image_recipe_keys(
    const struct image_recipe *r, struct ledger *l, const struct token *t);

/**
 * Where accounts come from, where it is not the token: as issue_account, and
 * called by one thread for each `ctx`. It may say by itself why there is none,
 * in `fault` of the struct image_mint.
 */
typedef enum rc (*image_account_fn)(void *ctx, const struct image_recipe *r,
    const struct issuer *issuer, struct span endpoint, struct secret *plan,
    struct issue_credential *credential, char *detail);

/** Why an image was not made. Printable. */
struct image_fault {
	int code; /**< EX_OK: nothing is wrong */
	/** Not for what stands in the list: the next endpoint would fare the
	 *  same (the token is away, no memory). */
	bool stops;
	char text[2048];
	char remedy[1800]; /**< "": none */
};

struct image_room; /* rooms for one image */

/** What one thread mints with. Zero but for what is borrowed. */
struct image_mint {
	const struct image_recipe *recipe; /**< borrowed */
	struct hsm_session *session; /**< borrowed; NULL: none is needed */
	/** Held while the token is asked, where several threads share the
	 *  session: one asks while another encodes. Borrowed; NULL: alone. */
	pthread_mutex_t *turn;
	struct ledger *store; /**< borrowed, this thread's; NULL: none */
	image_account_fn account; /**< NULL: issue_account */
	void *account_ctx;
	/* of the last mint_one */
	struct secret image; /**< its room is kept for the next */
	uint8_t sha256[DIGEST_LEN];
	struct issue_credential credential;
	/** /0/x/3 of the account, mode PSK; empty: it has none. Borrowed until
	 *  the next. */
	struct span psk_identity;
	/** What the policy of the recipe gives the device too: for the ledger
	 *  (image_row.h). Owned; NULL: the recipe has none. */
	struct issue_servers *servers;
	struct image_fault fault;

	struct image_room *room; /**< owned; NULL: none yet */
};

/**
 * Mint the image of one endpoint. EX_OK: `image`, `sha256` and `credential` are
 * filled. Else `fault` is, and `image` is empty; nothing is printed.
 * Returns fault.code.
 */
MUST_CHECK int mint_one(struct image_mint *m, struct span endpoint);
/** The `servers` of the last mint_one: now the caller's, who gives them to
 *  mint_servers_free. NULL: none. */
struct issue_servers *mint_take_servers(struct image_mint *m);
void mint_servers_free(struct issue_servers *s);
/**
 * The account alone, as a plan, and `credential`; as mint_one otherwise. `plan`
 * is owned by the caller, and empty on failure.
 */
MUST_CHECK int mint_account(
    struct image_mint *m, struct span endpoint, struct secret *plan);
/** Wipes; harmless twice. */
void mint_end(struct image_mint *m);

/** Say `f` on stderr. Returns its code. */
int image_fault_say(const struct image_fault *f);

#endif
