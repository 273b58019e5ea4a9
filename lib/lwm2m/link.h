/**
 * link.h - what a Bootstrap-Discover brings back: CoRE Link Format (RFC 6690)
 * as LwM2M clients really write it.
 *
 * Tolerated because the standard's own examples and real clients do it: a bare
 * `lwm2m="1.0"` in first place, white space after commas, `</0/1/>`, quoted
 * and unquoted numbers, unknown parameters, a missing `</>` or `uri`. A link
 * that cannot be understood is skipped and counted; it does not spoil others.
 */
#ifndef LWM2M_LINK_H
#define LWM2M_LINK_H

#include "lwm2m/path.h"

struct lwm2m_link {
	struct lwm2m_path path; /**< "/" to /o/i */
	bool has_ssid;
	uint16_t ssid; /**< 0 counts as present: see has_ssid */
	struct span uri; /**< raw text inside the quotes; may be empty */
	struct span version; /**< `ver` or `lwm2m`, quotes off; may be empty */
};

struct link_reader {
	struct span rest;
	unsigned skipped; /**< links that made no sense */
};

void link_reader_init(struct link_reader *r, struct span body);

/** The next link that makes sense; spans borrow from the body. False: end. */
bool link_next(struct link_reader *r, struct lwm2m_link *out);

#endif
