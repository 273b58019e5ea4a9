/**
 * papers.h - what a peer has shown of itself, a certificate with its chain or a
 * raw public key: kept as long as its association or a bootstrap needs it, so
 * that the keeper can verify it once more.
 */
#ifndef BOOTSTRAPD_PAPERS_H
#define BOOTSTRAPD_PAPERS_H

#include "base/rc.h"
#include "base/span.h"

/** Bytes of all papers of one worker. */
struct papers_room {
	size_t used, max;
};

struct papers; /* counted by who uses them */

/** Copies both. NULL: no memory, or no room. `room` is borrowed as long as
 *  they are there. */
struct papers *papers_new(
    struct papers_room *room, struct span peer, struct span chain);
struct papers *papers_ref(struct papers *p);
/** NULL is harmless. */
void papers_unref(struct papers *p);

/** Borrowed as long as they are there; empty without papers. */
struct span papers_peer(const struct papers *p);
struct span papers_chain(const struct papers *p);

#endif
