#include "console.h"

#include "sbi.h"

#define LINE_BYTES 128

static char line[LINE_BYTES];
static uint64_t used;

/* Debug console (DBCN) if the engine has it, else the legacy console, a call a character. */
static void flush(void) {
  uint64_t done = 0;
  if (sbi_has(SBI_CONSOLE)) {
    while (done < used) { /* fewer bytes than asked for may be written: SBI 2.0, 12.1 */
      struct sbi_result wrote = sbi_call(SBI_CONSOLE, SBI_CONSOLE_WRITE, used - done, (uint64_t)(line + done), 0);
      if (wrote.error != 0) break;
      done += wrote.value;
    }
  } else {
    for (; done < used; done++) sbi_call(SBI_LEGACY_PUTCHAR, 0, (uint8_t)line[done], 0, 0);
  }
  used = 0;
}

void print(const char *text) {
  for (; *text != 0; text++) {
    line[used++] = *text;
    if (*text == '\n' || used == LINE_BYTES) flush();
  }
}

void print_decimal(uint64_t value) {
  char digits[21];
  char *first = digits + 20;
  *first = 0;
  do {
    *--first = (char)('0' + value % 10);
    value /= 10;
  } while (value != 0);
  print(first);
}

void print_hexadecimal(uint64_t value) {
  char digits[19] = "0x";
  for (int i = 0; i < 16; i++) {
    uint64_t digit = value >> (60 - 4 * i) & 15;
    digits[2 + i] = (char)(digit < 10 ? '0' + digit : 'a' + digit - 10);
  }
  digits[18] = 0;
  print(digits);
}
