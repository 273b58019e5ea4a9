/**
 * differ.h - in what two policies differ, as far as devices notice: for who has
 * to know what a change of policies does before it does it.
 *
 * Both are as devices get them (policy_decided.given): servers chosen,
 * overrides applied; they may be of two sets. Names of policies, descriptions,
 * `match:`, triggers and budgets are nothing that a device is given.
 */
#ifndef POLICY_DIFFER_H
#define POLICY_DIFFER_H

#include "policy/set.h"

enum policy_change {
	CHANGE_SERVER_ADDED, /**< after: its URI */
	CHANGE_SERVER_REMOVED, /**< before: its URI */
	CHANGE_SERVER_MOVED, /**< another server, or another URI */
	CHANGE_SSID, /**< Short Server ID */
	CHANGE_MODE, /**< security mode */
	CHANGE_KEY_EPOCH,
	CHANGE_KEY, /**< of another source, master or collection, or length */
	CHANGE_PSK_IDENTITY,
	CHANGE_CERTIFICATE, /**< how the device's is made */
	CHANGE_SERVER_KEY, /**< what it is to expect of the server */
	CHANGE_OSCORE,
	CHANGE_SERVER_SETTINGS, /**< lifetime, binding, other resources */
	CHANGE_SERVER_ORDER,
	CHANGE_ACCOUNT, /**< what becomes of its bootstrap account */
	CHANGE_OBJECTS, /**< other instances and resources */
	CHANGE_CLEAN, /**< what is deleted first */
	CHANGE_DEVICE, /**< how this kind of client is written */
	CHANGE_VERIFY,
	CHANGE_ON_FAILURE,
	CHANGE_CORRECTION, /**< what follows a refused Finish */
};
enum { POLICY_CHANGES = CHANGE_CORRECTION + 1 };

/** "server-moved": for machines. */
const char *policy_change_name(enum policy_change c);

/**
 * One difference. `what` is whose: a server by its name, a path, a setting;
 * `before` and `after` are how it stands in the two, NULL where there is
 * nothing to say. Printable as far as policies are; borrowed until it returns.
 */
struct policy_difference {
	enum policy_change kind;
	const char *what, *before, *after;
};

typedef void (*policy_differ_fn)(void *ctx, const struct policy_difference *d);

/** Call `each` for every difference, in an order that is always the same. */
void policy_differ(const struct policy *before, const struct policy *after,
    policy_differ_fn each, void *ctx);

#endif
