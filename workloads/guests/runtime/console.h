/* Text out, a line at a time. */
#pragma once

#include <stdint.h>

/* Held until a line is complete, or 128 bytes. */
void print(const char *text);
void print_decimal(uint64_t value);
/* 0x and 16 digits. */
void print_hexadecimal(uint64_t value);
