/**
 * resolve.h - a Write of a plan with the instances that were chosen for this
 * device: what is encoded, in the order in which it is.
 */
#ifndef BOOTSTRAP_RESOLVE_H
#define BOOTSTRAP_RESOLVE_H

#include "bootstrap/choose.h"
#include "bootstrap/plan.h"

/**
 * Choose every instance that the Write `step` asks for, in `a`. `path` receives
 * what the request goes to, `entries` (room for `step->entry_count`) its
 * entries, sorted by path_compare; they borrow from the plan.
 * Errors: RC_CONFLICT (no instance without risk; or one that the step names by
 * its ID is, or may be, our own account: accounts_may_touch).
 */
MUST_CHECK enum rc resolve_write(const struct plan *plan,
    const struct plan_step *step, struct accounts *a, struct lwm2m_path *path,
    struct lwm2m_entry *entries);

/**
 * One entry as it stands at the device once its step was sent: with the
 * instances that were chosen then. False: they were not.
 */
bool resolve_written(const struct plan *plan, const struct plan_entry *e,
    const struct accounts *a, struct lwm2m_entry *out);

#endif
