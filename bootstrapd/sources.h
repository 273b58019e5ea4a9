/**
 * sources.h - how many things each source has: an IPv4 address, or an IPv6
 * /64, which is one host's.
 */
#ifndef BOOTSTRAPD_SOURCES_H
#define BOOTSTRAPD_SOURCES_H

#include "base/address.h"
#include "base/table.h"

struct sources {
	struct table table;
};

/** There is one only while it has something. */
struct source;

/** Errors: RC_MEMORY. */
MUST_CHECK enum rc sources_init(struct sources *s);
void sources_fini(struct sources *s);

/** One more of `a`'s source, given back with sources_leave. NULL: it has
 *  `max` already, or there is no memory. */
struct source *sources_join(
    struct sources *s, const struct address *a, size_t max);
void sources_leave(struct sources *s, struct source *source);

#endif
