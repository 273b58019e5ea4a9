/**
 * file_name.h - what the files of a device are called: by its serial number, or
 * by its endpoint where it has none.
 */
#ifndef TOOL_FILE_NAME_H
#define TOOL_FILE_NAME_H

#include "base/cursor.h"

/** Append `name` with %XX (RFC 3986 section 2.1) for all but A-Z a-z 0-9 . _
 *  and -, and for a dot in front. */
void file_name(struct writer *w, struct span name);

#endif
