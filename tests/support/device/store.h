/**
 * store.h - what a device holds: resource values by path, in order, with the
 * rules of the Bootstrap-Server Account (LwM2M Core 6.1.7: the /0 instance
 * whose resource 1 is true, and the OSCORE instance it links to).
 *
 * Text and opaque values live in secrets, since keys are among them.
 */
#ifndef DEVICE_STORE_H
#define DEVICE_STORE_H

#include "base/secret.h"
#include "lwm2m/object.h"

struct store_value {
	struct lwm2m_entry entry; /**< its bytes borrow from `bytes` */
	struct secret bytes;
};

/** Zero is empty. */
struct store {
	struct store_value *values; /**< owned; ascending by path */
	size_t count, cap;
};

void store_fini(struct store *s);

/** Put or replace one value. Copies. Errors: RC_MEMORY. */
MUST_CHECK enum rc store_put(struct store *s, const struct lwm2m_entry *e);

/** NULL: none. Borrowed until the store changes. */
const struct lwm2m_value *store_get(
    const struct store *s, struct lwm2m_path path);

/** True when there is a value at or below `path`. */
bool store_has(const struct store *s, struct lwm2m_path path);

/** Remove everything at or below `path`. */
void store_remove(struct store *s, struct lwm2m_path path);

/** The first instance of `object` from `*instance` on. False: none. */
bool store_instance(const struct store *s, uint16_t object, uint16_t *instance);

/** Short forms; false (and `*out` untouched) when there is no such value. */
bool store_integer(const struct store *s, struct lwm2m_path path, int64_t *out);
bool store_unsigned(
    const struct store *s, struct lwm2m_path path, uint64_t *out);
bool store_boolean(const struct store *s, struct lwm2m_path path, bool *out);
struct span store_bytes(const struct store *s, struct lwm2m_path path);

/** The Short Server ID of /0/i or /1/i; false: it has none. */
bool store_ssid(
    const struct store *s, uint16_t object, uint16_t instance, uint16_t *ssid);

/** The instance of the Bootstrap-Server Account. False: none. */
bool store_account(const struct store *s, uint16_t *instance);
size_t store_accounts(const struct store *s);

/** True for an instance that no Delete may touch: the account's, and /3/0. */
bool store_protected(const struct store *s, uint16_t object, uint16_t instance);

#endif
