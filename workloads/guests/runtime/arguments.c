#include "arguments.h"

#include "device-tree.h"
#include "power.h"
#include "text.h"

static bool ends_word(char character) { return character == 0 || character == ' '; }

/* Where the value of `name` starts, or null. */
static const char *find(const char *name) {
  const char *at = platform.boot_arguments;
  while (*at != 0) {
    while (*at == ' ') at++;
    if (text_starts(at, name) && at[text_length(name)] == '=') return at + text_length(name) + 1;
    while (!ends_word(*at)) at++;
  }
  return 0;
}

uint64_t argument_number(const char *name, uint64_t fallback) {
  const char *at = find(name);
  if (at == 0) return fallback;
  uint64_t value = 0;
  do {
    if (*at < '0' || *at > '9') fail("a boot argument is not a number");
    value = value * 10 + (uint64_t)(*at++ - '0');
  } while (!ends_word(*at));
  return value;
}

bool argument_is(const char *name, const char *value) {
  const char *at = find(name);
  return at != 0 && text_starts(at, value) && ends_word(at[text_length(value)]);
}
