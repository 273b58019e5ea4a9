/**
 * replace.h - a file that gets another content whole or not at all: written
 * beside it, with its mode and owner, and renamed. A symbolic link stays one,
 * and what it leads to is replaced.
 */
#ifndef TOOL_REPLACE_H
#define TOOL_REPLACE_H

#include "base/rc.h"
#include "base/span.h"

#include <sys/stat.h>

/**
 * Give `path` the content `bytes`. `was` is what stat(2) said when it was read:
 * a file that was written since stays as it is. What fails was said on stderr.
 * Returns an exit code: EX_OK, EX_CANTCREAT, EX_IOERR, EX_SOFTWARE.
 */
MUST_CHECK int replace_file(
    const char *path, const struct stat *was, struct span bytes);

#endif
