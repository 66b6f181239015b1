/* Tries to reach what whoever measures tells it to, one thing after another, and goes on behind whatever traps. An order is written
   into its units page from outside, while it spins; what came of it is to be seen outside, where the thing is. */
#include "../runtime/csr.h"
#include "../runtime/guest.h"
#include "../runtime/units-page.h"
#include "../runtime/units.h"

#define ORDER_STORE_BYTE 1u /* `value`, to `where` */
#define ORDER_STORE_WORD 4u
#define ORDER_STORE 8u
/* Any other: csrrw of the CSR numbered `where`. */

/* csrrw a0, number, a0; ret */
#define CSRRW(number) ((uint32_t)(number) << 20 | 10u << 15 | 1u << 12 | 10u << 7 | 0x73u)
#define RETURN 0x00008067u

/* In the reserved words of the units page. */
struct orders {
  uint64_t number; /* of the order; a new one is to be carried out */
  uint64_t done;   /* the last that has been */
  uint64_t kind;
  uint64_t where;
  uint64_t value;
};
_Static_assert(sizeof(struct orders) <= sizeof units_page.reserved, "orders fit the units page");

extern char reach_entry[];

#define STORE(instruction) \
  __asm__ volatile(".option push\n.option norvc\n" instruction " %0, 0(%1)\n.option pop" : : "r"(value), "r"(where) : "memory")

static void carry_out(const volatile struct orders *orders) {
  static uint32_t code[2];
  uint64_t where = orders->where;
  register uint64_t value __asm__("a0") = orders->value;
  switch (orders->kind) {
    case ORDER_STORE_BYTE: STORE("sb"); break;
    case ORDER_STORE_WORD: STORE("sw"); break;
    case ORDER_STORE: STORE("sd"); break;
    default:
      code[0] = CSRRW(where);
      code[1] = RETURN;
      __asm__ volatile("fence.i\njalr ra, 0(%1)" : "+r"(value) : "r"(code) : "ra", "memory");
  }
}

_Noreturn void guest_main(void) {
  volatile struct orders *orders = (volatile struct orders *)units_page.reserved;
  csr_write(sie, 0);
  csr_write(stvec, (uint64_t)reach_entry);
  units_begin("reach");
  for (;;) {
    uint64_t number = orders->number;
    if (number == orders->done) continue;
    carry_out(orders);
    orders->done = number;
  }
}
