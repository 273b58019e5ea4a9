/**
 * entry.h - values of one instance as a policy writes them: resource numbers,
 * and behind them what the object tables make of it.
 *
 * A value may be the instance that is chosen for a server of the same policy,
 * `{instance_of: SERVER}`: as the Object Instance ID of an access control
 * (/2/x/1), and in object links, there with `object: 0`, 1 or 21.
 */
#ifndef POLICY_ENTRY_H
#define POLICY_ENTRY_H

#include "policy/load.h"

/** A value, and what it waits for. */
struct entry {
	struct lwm2m_entry value;
	const struct yaml_node *node; /**< for findings; NULL: none */
	int server; /**< index of an account; -1: the value is what it is */
	uint16_t object; /**< of the server's instance */
};

/** The values of an instance while they are read. */
struct entries {
	struct load *load;
	const struct yaml_ctx *ctx;
	const struct policy *policy; /**< whose servers may be named */
	const struct lwm2m_object *object;
	struct lwm2m_path path; /**< of the instance */
	struct entry *list; /**< of POLICY_ENTRIES_MAX */
	size_t count;
	bool full; /**< that was said */
};

/** Begin; the one before has ended. `policy` NULL: no server can be named.
 *  False: memory. */
bool entries_init(struct entries *e, struct load *l, const struct yaml_ctx *c,
    const struct policy *policy, const struct lwm2m_object *object,
    struct lwm2m_path path);

/** Read `n`, whose key is the number of a resource. */
void entries_read(struct entries *e, struct yaml_node *n);

/** Read `n` as the value of a resource (and its instance, or LWM2M_ID_NONE)
 *  that has a name of its own. */
void entries_read_as(struct entries *e, struct yaml_node *n, uint16_t resource,
    uint16_t resource_instance);

/** Put a value that `n` stands for. */
void entries_put(struct entries *e, const struct yaml_node *n,
    uint16_t resource, struct lwm2m_value value);

/** The number of a resource or an instance that is a key; a finding if not. */
bool entries_id(const struct yaml_ctx *c, const struct yaml_node *n,
    const char *what, uint16_t *out);

/** The values, sorted, in the set; those that wait for an instance beside
 *  them. `links` may be NULL where no server can be named. */
void entries_end(struct entries *e, const struct lwm2m_entry **out,
    size_t *count, const struct policy_account_of **links, size_t *link_count);

#endif
