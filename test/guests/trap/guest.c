/* A guest that runs into an instruction that there is not (all zeroes: ISA manual, 1.5). */
#include "guest.h"

_Noreturn void guest_main(void) {
  __asm__ volatile(".global the_illegal_instruction\nthe_illegal_instruction: .word 0");
  for (;;) continue;
}
