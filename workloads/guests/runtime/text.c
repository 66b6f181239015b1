#include "text.h"

bool text_starts(const char *text, const char *prefix) {
  while (*prefix != 0)
    if (*text++ != *prefix++) return false;
  return true;
}

bool text_equal(const char *left, const char *right) {
  return text_starts(left, right) && left[text_length(right)] == 0;
}

uint64_t text_length(const char *text) {
  uint64_t length = 0;
  while (text[length] != 0) length++;
  return length;
}
