/**
 * doctor_source.h - the keys that a device may have in place of its own, as
 * what they are derived from: for doctor.c.
 */
#ifndef ISSUE_DOCTOR_SOURCE_H
#define ISSUE_DOCTOR_SOURCE_H

#include "issue/doctor.h"

enum {
	SOURCES_MAX = 96, /**< questions to the token, at most */
	NAMES_MAX = 6, /**< ways to write an endpoint */
	NAME_LEN_MAX = HSM_ENDPOINT_MAX,
};

enum source_kind {
	SOURCE_OWN, /**< an accepted epoch: in every form */
	SOURCE_ENDED, /**< one that was accepted once: likewise */
	SOURCE_PUBLIC, /**< keys that need no token */
	SOURCE_EPOCH, /**< an epoch that is not accepted */
	SOURCE_NAME, /**< for the endpoint written otherwise */
	SOURCE_ACCOUNT, /**< of an account at a LwM2M server */
	SOURCE_OTHER_MASTER,
	SOURCE_MASTER, /**< a master in place of a key */
};

struct source {
	enum source_kind kind;
	const struct name *name; /**< SOURCE_NAME */
	int64_t until_s; /**< SOURCE_ENDED: when it did, UTC */
	struct hsm_derivation derivation; /**< SOURCE_MASTER: its master */
};

/** An endpoint written otherwise. */
struct name {
	const char *code, *phrase; /**< "in lower case"; static */
	uint8_t bytes[NAME_LEN_MAX];
	size_t len;
};

struct sources {
	struct source all[SOURCES_MAX];
	size_t count;
	struct name names[NAMES_MAX];
	size_t name_count;
};

/** In the order in which they are tried, as of `now_s`. Borrows from `set`,
 *  `id` and the spans. */
void sources_list(struct sources *s, const struct policy_set *set,
    const struct identity *id, struct span psk_identity, struct span endpoint,
    int64_t now_s);

#endif
