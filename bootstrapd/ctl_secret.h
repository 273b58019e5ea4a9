/**
 * ctl_secret.h - the Authorization of a trigger: one line of a file.
 */
#ifndef BOOTSTRAPD_CTL_SECRET_H
#define BOOTSTRAPD_CTL_SECRET_H

#include "base/secret.h"

enum { CTL_SECRET_MAX = 4096 /**< bytes */ };

/**
 * Its one line, of visible characters, without the end of line. The file is a
 * regular one, of root or of who runs this, that others cannot read and nobody
 * else can write.
 * NULL when `out` has it, else why not: static, and says nothing of what is in
 * the file.
 */
const char *ctl_secret_read(const char *path, struct secret *out);

#endif
