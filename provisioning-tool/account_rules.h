/**
 * account_rules.h - what of an image a device would choke on, or worse, would
 * take: the accounts of /0 and /1 held to what clients ask for at
 * Bootstrap-Finish, and to what some of them should ask for and do not (no key
 * of the server, and they connect to anybody).
 *
 * Findings have a stable code, "account-no-server-key", and name the path.
 */
#ifndef TOOL_ACCOUNT_RULES_H
#define TOOL_ACCOUNT_RULES_H

#include "base/diag.h"
#include "image_format.h"

/**
 * Add a finding for each rule that `image` breaks: errors for what must not be
 * flashed, warnings for the rest. `file` is how they name it.
 * `credentials_only`: of a format that holds /0/x/1 to 5 alone.
 */
void account_rules_check(const struct image *image, bool credentials_only,
    const char *file, struct diag *d);

#endif
