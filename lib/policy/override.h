/**
 * override.h - what is said for some devices over what their policy gives:
 * documents `override:`, applied last and in the order of files and place.
 */
#ifndef POLICY_OVERRIDE_H
#define POLICY_OVERRIDE_H

#include "policy/decide.h"

/** Which fields of a server an override says; bits. */
enum policy_override_field {
	OVERRIDE_URI = 1,
	OVERRIDE_LIFETIME = 2,
	OVERRIDE_BINDING = 4,
	OVERRIDE_STORING = 8,
	OVERRIDE_MIN_PERIOD = 16,
	OVERRIDE_MAX_PERIOD = 32,
	OVERRIDE_DISABLE_TIMEOUT = 64,
};

/** What it says of one server. */
struct policy_override_server {
	const char *name;
	unsigned line;
	unsigned fields; /**< enum policy_override_field */
	/** Those fields, and `server_entries`, which replace all instances of
	 *  their resources. */
	struct policy_server value;
};

/** For people: one value that it says. */
struct policy_override_change {
	const char *server; /**< whose; NULL: of none */
	const char *what; /**< "servers.eu-1.lifetime", "objects./3/0.14" */
	unsigned line;
};

struct policy_override {
	const char *name;
	struct policy_place place;
	/** For whom: `match` and `endpoint` of it alone are set. */
	struct policy of;
	const char **policies; /**< names, NULL-ended; NULL: any */
	const struct policy_override_server *servers;
	size_t server_count;
	const struct policy_object *objects; /**< sorted; of no account */
	size_t object_count;
	/** Bit n: the n-th key of a profile that can be overridden; its value
	 *  is in `device`. */
	uint32_t device_keys;
	struct policy_profile device;
	bool has_verify, has_failure;
	enum policy_verify verify;
	enum policy_failure on_failure;
	const struct policy_override_change *changes; /**< in their order */
	size_t change_count;
};

/** One that may be for devices of a policy. */
struct policy_overriding {
	const struct policy_override *override;
	/** Those that a device of it may have too, in front of it in the order,
	 *  and itself: a sample to measure with. */
	const struct policy_override *const *with;
	size_t with_count;
};

/** Is the override for that device, of a policy that it is about? */
bool policy_override_fits(const struct policy_set *s,
    const struct policy_override *o, const struct policy_facts *f);

/**
 * Put them into what was decided: `d->given` is of `d->policy`. Errors:
 * RC_TOO_LARGE (no room; `d->why` says so).
 */
MUST_CHECK enum rc policy_override_apply(
    struct policy_decided *d, const struct policy_override *o);

/** The overrides of a device of `p`, in their order, into `out` of
 *  POLICY_OVERRIDES_MAX. Errors: RC_TOO_LARGE. */
MUST_CHECK enum rc policy_overrides_for(const struct policy_set *s,
    const struct policy *p, const struct policy_facts *f,
    const struct policy_override **out, size_t *count);

/** Copy the keys of a profile that `keys` has. */
void policy_override_device(struct policy_profile *to,
    const struct policy_profile *from, uint32_t keys);

/** The n-th of those keys; NULL: there are no more. */
const char *policy_override_device_key(size_t n);

#endif
