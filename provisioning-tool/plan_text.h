/**
 * plan_text.h - a plan for people: step by step, key bytes as their labels.
 */
#ifndef TOOL_PLAN_TEXT_H
#define TOOL_PLAN_TEXT_H

#include "bootstrap/plan.h"

/** All steps on stdout. Instances that the session will choose stand as x. */
void plan_print(const struct plan *p);

#endif
