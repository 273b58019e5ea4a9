/**
 * checking.h - a policy against its profile: what check_device.c and
 * check_account.c share.
 */
#ifndef POLICY_CHECKING_H
#define POLICY_CHECKING_H

#include "policy/load.h"

/** A policy, and the profile that it is held against: its own, or that of its
 *  correction. */
struct checking {
	const struct read_policy *doc;
	const struct yaml_ctx *c;
	const struct policy *p;
	const struct policy_profile *device;
};

/** check_device.c: can the device use the URI and the `security:` that the map
 *  `n` says, of a server or of a bootstrap server? */
void check_device_account(const struct checking *k, struct yaml_node *n,
    const struct policy_server *s);

/** server_entry.c: where the server `n` says a resource of /0 or /1; `n` if
 *  nowhere. */
struct yaml_node *server_entry_node(
    struct yaml_node *n, uint16_t object, uint16_t resource);

#endif
