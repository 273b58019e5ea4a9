/**
 * held.h - what a device holds: resource values by path, in order, with the
 * rules of the Bootstrap-Server Account (LwM2M Core 6.1.7: the /0 instance
 * whose resource 1 is true, and the OSCORE instance it links to).
 *
 * Text and opaque values live in secrets, since keys are among them.
 */
#ifndef DEVICE_HELD_H
#define DEVICE_HELD_H

#include "base/secret.h"
#include "lwm2m/object.h"

struct held_value {
	struct lwm2m_entry entry; /**< its bytes borrow from `bytes` */
	struct secret bytes;
};

/** Zero is empty. */
struct held {
	struct held_value *values; /**< owned; ascending by path */
	size_t count, cap;
};

void held_fini(struct held *s);

/** Put or replace one value. Copies. Errors: RC_MEMORY. */
MUST_CHECK enum rc held_put(struct held *s, const struct lwm2m_entry *e);

/** NULL: none. Borrowed until the store changes. */
const struct lwm2m_value *held_get(
    const struct held *s, struct lwm2m_path path);

/** True when there is a value at or below `path`. */
bool held_has(const struct held *s, struct lwm2m_path path);

/** Remove everything at or below `path`. */
void held_remove(struct held *s, struct lwm2m_path path);

/** The first instance of `object` from `*instance` on. False: none. */
bool held_instance(const struct held *s, uint16_t object, uint16_t *instance);

/** Short forms; false (and `*out` untouched) when there is no such value. */
bool held_integer(const struct held *s, struct lwm2m_path path, int64_t *out);
bool held_unsigned(const struct held *s, struct lwm2m_path path, uint64_t *out);
bool held_boolean(const struct held *s, struct lwm2m_path path, bool *out);
struct span held_bytes(const struct held *s, struct lwm2m_path path);

/** The Short Server ID of /0/i or /1/i; false: it has none. */
bool held_ssid(
    const struct held *s, uint16_t object, uint16_t instance, uint16_t *ssid);

/** The instance of the Bootstrap-Server Account. False: none. */
bool held_account(const struct held *s, uint16_t *instance);
size_t held_accounts(const struct held *s);

/** True for an instance that no Delete may touch: the account's, and /3/0. */
bool held_protected(const struct held *s, uint16_t object, uint16_t instance);

#endif
