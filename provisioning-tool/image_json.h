/**
 * image_json.h - the two halves of the format json: what image_json.c writes,
 * image_json_read.c reads. White space between the parts is free, their names
 * are not: none twice, none besides.
 */
#ifndef TOOL_IMAGE_JSON_H
#define TOOL_IMAGE_JSON_H

#include "image_format.h"

/** See image_format.read. */
MUST_CHECK enum rc image_json_read(struct span bytes, struct image_reading *r);

#endif
