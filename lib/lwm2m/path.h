/**
 * path.h - object / instance / resource / resource instance (LwM2M Core 6.1,
 * "/0/1/16/0"), from "/" (nothing set) to four levels.
 */
#ifndef LWM2M_PATH_H
#define LWM2M_PATH_H

#include "base/cursor.h"

enum {
	LWM2M_ID_NONE = 0xffff, /**< level not present (65535 is reserved) */
	LWM2M_PATH_TEXT_MAX = 28, /**< "/65534/65534/65534/65534" and NUL */
};

struct lwm2m_path {
	uint16_t object, instance, resource, resource_instance;
};

#define LWM2M_ROOT \
	((struct lwm2m_path){ \
	    LWM2M_ID_NONE, LWM2M_ID_NONE, LWM2M_ID_NONE, LWM2M_ID_NONE})
#define LWM2M_OBJECT(o) \
	((struct lwm2m_path){(o), LWM2M_ID_NONE, LWM2M_ID_NONE, LWM2M_ID_NONE})
#define LWM2M_INSTANCE(o, i) \
	((struct lwm2m_path){(o), (i), LWM2M_ID_NONE, LWM2M_ID_NONE})
#define LWM2M_RESOURCE(o, i, r) \
	((struct lwm2m_path){(o), (i), (r), LWM2M_ID_NONE})

/** Levels present, 0 ("/") to 4. */
unsigned path_depth(struct lwm2m_path p);

/** The first `depth` levels of `p`. */
struct lwm2m_path path_upper(struct lwm2m_path p, unsigned depth);

/** Parse "/", "/0", "/0/1" ...: decimal, no leading zeros, no empty segment,
 *  each <= 65534. Errors: RC_MALFORMED. */
MUST_CHECK enum rc path_parse(struct span text, struct lwm2m_path *out);

/** Append the text form. */
void path_print(struct writer *w, struct lwm2m_path p);

/** True when `p` is `base` or below it. */
bool path_within(struct lwm2m_path p, struct lwm2m_path base);

/** Order: object, instance, resource, resource instance; absent first. */
int path_compare(struct lwm2m_path a, struct lwm2m_path b);

#endif
