/* The patterns of workloads/network/patterns.ts. */
#pragma once

#define PATTERN_COUNT 200

extern const char *const patterns[PATTERN_COUNT];
