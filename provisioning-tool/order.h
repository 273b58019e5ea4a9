/**
 * order.h - work orders: what a station may mint, signed by who is in charge.
 *
 *     order: WO-2026-0042
 *     identity: factory-2026
 *     endpoint: "urn:dev:ops:0057F2-WM2*"
 *     stations: {line-1: 600, line-2: 400}
 *     not_before: 2026-11-01
 *     not_after: 2027-01-31
 *
 * A file of YAML of its own, beside it FILE.sig: a signature of OpenSSH's
 * (namespace ORDER_NAMESPACE) over the bytes of the file, which is verified
 * before anything of them is parsed. provisioning-tool(1) has the grammar.
 *
 * Quotas count units: endpoints that were minted under the order, however often
 * their image was made (the same bytes again, a resumed batch, a reissue). They
 * are counted by the ledger and held against within the group that mints, so
 * that two processes on one ledger never go beyond together.
 *
 * An order is opened in a ledger at its first use there, with the SHA-256 of its
 * file. From then on that name stands for those bytes: a file of the same name
 * and another content is refused, unless its `revision:` is higher, and then the
 * lower one is from then on.
 */
#ifndef TOOL_ORDER_H
#define TOOL_ORDER_H

#include "base/arena.h"
#include "base/diag.h"
#include "hsm/sshkey.h"
#include "ledger/ledger.h"
#include "options.h"
#include "policy/keys.h"
#include "policy/set.h"

#define ORDER_NAMESPACE "bootstrapd-order"

enum {
	ORDER_STATIONS_MAX = 64,
	ORDER_UNITS_MAX = 100000000, /**< of a quota */
	ORDER_FILE_MAX = 65536, /**< bytes */
};

struct order_station {
	const char *name;
	uint64_t quota;
};

/** All of it lives in `arena`. NULL: not said. */
struct order {
	struct arena *arena; /**< owned */
	const char *file;
	uint8_t sha256[DIGEST_LEN]; /**< of the file */
	const char *name;
	int64_t revision; /**< from 1 */
	const char *description, *customer;
	const char *batch, *image, *identity;
	const char *endpoint; /**< a glob */
	struct order_station stations[ORDER_STATIONS_MAX];
	size_t station_count;
	uint64_t quota;
	bool replaces; /**< `scrapped: replaced` */
	int64_t not_before_s, not_after_s; /**< from, and before */
	/* who has signed it */
	const char *signer;
	char fingerprint[SSHKEY_FINGERPRINT_LEN];
	/** Where it is used; NULL: not to be used, only looked at. */
	const struct order_station *station;
};

/** The keys of an order's file. */
extern const struct yaml_keys order_keys;

/** Frees all; harmless on NULL. */
void order_free(struct order *o);

/**
 * Read `text`, the file `file` (copied); findings in `d`. Not verified, and
 * `station` not set. Errors: RC_CONFIG (findings), RC_MEMORY.
 */
MUST_CHECK enum rc order_parse(
    const char *file, struct span text, struct diag *d, struct order **out);

/**
 * Verify FILE.sig by one of `signers` (a file in OpenSSH's allowed_signers
 * format) at `now_s`, then read the file. `station` (NULL: any) must be one of
 * it, and with it `now_s` within its time. What is wrong has been said on
 * stderr. `*out` is owned by the caller. Returns an exit code: EX_OK,
 * EX_NOPERM (the signature, the station, the time), EX_DATAERR (the file, the
 * signers), EX_NOINPUT, EX_SOFTWARE.
 */
MUST_CHECK int order_load(const char *path, const char *signers,
    const char *station, int64_t now_s, struct order **out);

/** The same of a file whose signature is not looked at: to be signed, or to be
 *  shown. */
MUST_CHECK int order_look(const char *path, struct order **out);

/** What a run that mints is about to do. */
struct order_use {
	const struct identity *identity;
	const char *image; /**< the `image:` document; NULL: none */
	const char *batch; /**< as --batch names it; NULL: not named */
};

/**
 * For verbs that mint, once: read --order, --signers and --station of `o`, and
 * hold `use` against the order; where the identity says `order: required`, and
 * none is given, refuse. `*out` is NULL where none is given and none is needed.
 * `l` (NULL: there is none, which is refused with an order) gets the row
 * order_opened, where it has none of it yet. Said on stderr. Returns an exit
 * code: those of order_load, EX_USAGE, EX_IOERR.
 */
MUST_CHECK int order_begin(const struct options *o, const struct order_use *use,
    struct ledger *l, int64_t now_s, struct order **out);

/** Why an endpoint cannot be minted under an order. Printable. */
struct order_refusal {
	char text[600];
	char remedy[300];
	/** The next endpoint would fare the same. */
	bool stops;
};

/**
 * May one more unit be minted under it? In the open group that will append its
 * row image_minted, with fields `order` and `station`, right after this: the
 * next claim counts that row. What was a unit before, and is not scrapped, takes
 * no room. Errors: RC_DENIED (`why`: quota, time, endpoint, a higher revision;
 * the group is as it was), RC_DB.
 */
MUST_CHECK enum rc order_claim(const struct order *o, struct ledger *l,
    struct span endpoint, int64_t now_s, struct order_refusal *why);

/** What is used and left, of the order and of one station of it. */
struct order_room {
	uint64_t used, left; /**< of the order as a whole */
	uint64_t station_used, station_left; /**< left: also of the whole */
	uint64_t scrapped, station_scrapped;
};

/** In a group or outside. Errors: RC_DB. */
MUST_CHECK enum rc order_room(const struct order *o, struct ledger *l,
    const struct order_station *station, struct order_room *out);

/** "is not valid yet", "is not valid any more"; NULL: it is. */
const char *order_time_fault(const struct order *o, int64_t now_s);

/** The order in words, on stdout, in lines; with what the ledger `l` (NULL:
 *  none) says of it. Errors: RC_DB. */
MUST_CHECK enum rc order_print(
    const struct order *o, struct ledger *l, int64_t now_s);
/** The same as an object of JSON. */
MUST_CHECK enum rc order_print_json(
    const struct order *o, struct ledger *l, int64_t now_s);

#endif
