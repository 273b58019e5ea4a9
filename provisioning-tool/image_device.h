/**
 * image_device.h - the one device that --endpoint or --serial names.
 */
#ifndef TOOL_IMAGE_DEVICE_H
#define TOOL_IMAGE_DEVICE_H

#include "image_mint.h"
#include "options.h"

/** Is one device named, and only one? EX_OK, EX_USAGE (said). */
MUST_CHECK int image_device_given(const struct options *o);

/** Its endpoint, which borrows from the options or from `room`. EX_OK,
 *  EX_DATAERR (said). */
MUST_CHECK int image_device_endpoint(const struct options *o,
    const struct image_recipe *r, char room[static POLICY_ENDPOINT_MAX + 1],
    struct span *endpoint);

#endif
