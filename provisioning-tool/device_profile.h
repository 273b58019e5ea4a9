/**
 * device_profile.h - what the certificate of one device says: a profile of the
 * policies with the device's name in it.
 */
#ifndef TOOL_DEVICE_PROFILE_H
#define TOOL_DEVICE_PROFILE_H

#include "hsm/cert_issue.h"
#include "policy/set.h"

/** The profile that every set has (policy/set.h). */
#define DEVICE_PROFILE_BUILT_IN "device-p256"

/** A profile and the memory that it points into: not to be moved. */
struct device_profile {
	struct cert_profile profile;
	uint8_t room[4096];
};

/**
 * Fill `out` by `from`. A URI that the endpoint does not make is left out.
 * Errors: RC_TOO_LARGE (the names).
 */
MUST_CHECK enum rc device_profile(const struct policy_certificate *from,
    struct span endpoint, struct device_profile *out);

#endif
