/* Boot arguments: words `name=value`. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* The value of `name`, or `fallback` where the word is missing. Fails on what is not decimal. */
uint64_t argument_number(const char *name, uint64_t fallback);
/* Whether the word `name=value` is there. */
bool argument_is(const char *name, const char *value);
