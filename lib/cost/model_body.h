/**
 * model_body.h - the bodies that the device of the model answers with. Internal
 * to lib/cost.
 */
#ifndef COST_MODEL_BODY_H
#define COST_MODEL_BODY_H

#include "cost/model.h"

/** Append what it answers to a Discover of `path`. */
void model_discover(
    const struct model *m, struct lwm2m_path path, struct writer *w);

/** What it has before anything is written, and which account is its own. Errors:
 *  RC_MEMORY. */
MUST_CHECK enum rc model_furnish(struct model *m);

#endif
