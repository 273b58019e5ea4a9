/**
 * preset.h - the links that a bootstrap is measured over. Internal to lib/cost.
 */
#ifndef COST_PRESET_H
#define COST_PRESET_H

#include "cost/air.h"
#include "cost/cost.h"

/** For counting: no rate, and a way that keeps the order of things. */
extern const struct air_link preset_counting;
/** By enum cost_link. */
extern const struct air_link presets[COST_LINKS];

#endif
