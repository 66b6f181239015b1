/* The rules of workloads/network/rules.ts. */
#pragma once

#include "filter.h"

#define RULE_COUNT 1000

extern const struct filter_rule rules[RULE_COUNT];
