/**
 * image_expect.h - does an image lie where it should? What somebody has said of
 * its geometry, against what a reader has found.
 */
#ifndef TOOL_IMAGE_EXPECT_H
#define TOOL_IMAGE_EXPECT_H

#include "image_reader.h"

/** Append what was found, in words: "address 0x000fc000, partition 4096
 *  bytes". Nothing where the formats have nothing of it. */
void image_expect_print(const struct image_reader *m, struct writer *w);

/**
 * The next option of `given` (enum image_option) of which `want` says something
 * else than was found, from the i-th on; `w` receives how. False: there is no
 * more. What the formats that were found have no use for is passed over.
 */
bool image_expect_differs(const struct image_reader *m, unsigned given,
    const struct image_geometry *want, unsigned *i, struct writer *w);

#endif
