/**
 * choose.h - which instance of /0, /1 and /21 a server account goes to.
 *
 * The /0 instance without an `ssid` in the Discover reply is the
 * Bootstrap-Server Account (LwM2M Core, Bootstrap-Discover): it is ours and is
 * never chosen, nor is an instance of /21 without one, which belongs to it. An
 * instance that already carries the account's Short Server ID is used again;
 * otherwise the lowest free one. Without a usable Discover a high instance is
 * taken, away from 0 and 1 where clients keep their account.
 */
#ifndef BOOTSTRAP_CHOOSE_H
#define BOOTSTRAP_CHOOSE_H

#include "base/cursor.h"
#include "lwm2m/link.h"

enum {
	CHOOSE_KNOWN_MAX = 64, /**< instances of /0, /1, /21 remembered */
	CHOOSE_HIGH = 100, /**< first instance where nothing is known */
};

struct known_instance {
	uint16_t object; /**< 0, 1 or 21 */
	uint16_t instance;
	uint16_t ssid; /**< 0: none */
	bool has_ssid;
	bool chosen; /**< by this session */
};

/** What is known of the device's accounts. Zero is "nothing". */
struct accounts {
	bool discovered; /**< a Discover reply was read, and all of it */
	bool overflow; /**< more instances than we can remember */
	bool own_said; /**< accounts_own: not by Discover, but said */
	uint16_t own; /**< instance of /0 */
	struct known_instance known[CHOOSE_KNOWN_MAX];
	size_t count;
};

/**
 * Where its own account is, as somebody says who knows the client: a profile,
 * or `acc` of a Bootstrap-Pack-Request. `path` is /0/x, or the /21/x that
 * belongs to it; others change nothing. What a Discover says counts more.
 */
void accounts_own(struct accounts *a, struct lwm2m_path path);

/** Read a Discover body. False (and only what was said before is known) when
 *  it is of no use: no /0 instance without an ssid in it, or no link at all. */
bool accounts_discovered(struct accounts *a, struct span body);

/** `path` was deleted: "/", an object or an instance. Instances of /0 and /21
 *  without ssid survive the first two. */
void accounts_deleted(struct accounts *a, struct lwm2m_path path);

/** The instance of /0 that is our own account. False: it is not known, or not
 *  which of several. */
bool accounts_ours(const struct accounts *a, uint16_t *instance);

/**
 * May that instance of `object` be written or deleted by its ID? Of /0 not the
 * one that is ours, and none while nobody knows which one that is; of /21 not
 * one that is known to be ours. Of other objects any.
 */
bool accounts_may_touch(
    const struct accounts *a, uint16_t object, uint16_t instance);

/**
 * Choose the instance of `object` (0, 1 or 21) for the n-th account (from 1).
 * Errors: RC_CONFLICT (no instance can be chosen without risk).
 */
MUST_CHECK enum rc accounts_choose(struct accounts *a, uint16_t object,
    unsigned account, uint16_t ssid, uint16_t *instance);

/** The instance chosen earlier for that Short Server ID; false: none. */
bool accounts_chosen(const struct accounts *a, uint16_t object, uint16_t ssid,
    uint16_t *instance);

#endif
