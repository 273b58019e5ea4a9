/**
 * profile.h - how client families behave toward a bootstrap server, as data.
 *
 * A `profile:` document says it, key by key, over the profile that it is based
 * on; `device:` of a policy does the same over the profile that it names. The
 * documents in policies/profiles are part of the program: they are there
 * without any file, in front of those of a folder.
 */
#ifndef POLICY_PROFILE_H
#define POLICY_PROFILE_H

#include "policy/load.h"

/** What a policy has that names no profile. */
#define PROFILE_DEFAULT "default"

enum {
	PROFILE_BASES_MAX = 8, /**< documents that one is based on */
};

/** A `profile:` document. */
struct read_profile {
	struct policy_profile value; /**< when all documents are resolved */
	struct yaml_ctx ctx;
	struct yaml_node *root;
	struct yaml_node *based_on; /**< NULL: PROFILE_DEFAULT */
	enum { PROFILE_READ, PROFILE_RESOLVING, PROFILE_RESOLVED } state;
	struct read_profile *next;
};

/** Read the shipped documents into the load, before all others. */
void profile_load_shipped(struct load *l);

/** The keys of `map`, a document or a `device:`, over `out`; `keys` is its
 *  table. A finding for what does not go together. */
void profile_read(const struct yaml_ctx *c, struct yaml_node *map,
    const struct yaml_keys *keys, struct policy_profile *out);

/**
 * When all documents are there: give every profile what it is based on, every
 * policy its device, and every correction that of its own.
 */
void profile_resolve(struct load *l);

/** The same for one policy more, when all profiles are resolved. */
void profile_resolve_policy(struct load *l, struct read_policy *d);

/** "senml-cbor": the name of a Content-Format in the grammar; NULL: it has
 *  none, and is written as its number. */
const char *profile_format_name(unsigned content_format);

#endif
