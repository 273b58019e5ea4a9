/**
 * profile.h - how the shipped client families behave toward a bootstrap
 * server, as data. A policy names one and makes its exceptions.
 */
#ifndef POLICY_PROFILE_H
#define POLICY_PROFILE_H

#include "policy/set.h"

enum { PROFILE_COUNT = 7 };

/** [0] is "default". */
extern const struct policy_profile profiles[PROFILE_COUNT];

#endif
