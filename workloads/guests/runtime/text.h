/* Zero-terminated text. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

bool text_equal(const char *left, const char *right);
bool text_starts(const char *text, const char *prefix);
uint64_t text_length(const char *text);
