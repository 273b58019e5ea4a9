/**
 * rehearse_limits.h - what the options of `image rehearse` are held to.
 */
#ifndef TOOL_REHEARSE_LIMITS_H
#define TOOL_REHEARSE_LIMITS_H

enum {
	REHEARSE_AT_A_TIME_MAX = 500, /**< devices at once, a socket each */
};

#endif
