/* Uses what belongs to the hypervisor: its registers, its instructions, its timer, the hart itself. */
#include "../runtime/arguments.h"
#include "../runtime/csr.h"
#include "../runtime/sbi.h"
#include "attack.h"
#include "probe.h"

#define CSR_NUMBERS 4096u
/* Bits 9:8 of a CSR number: the lowest privilege that may use it; 2 is the hypervisor's and VS-mode's own. */
#define CSR_LEVEL(number) ((number) >> 8 & 3)
#define LEVEL_HYPERVISOR 2u
#define BETWEEN_PASSES 2000000
/* csrrw a0, number, a0 and csrrs a0, number, zero. */
#define CSRRW(number) ((number) << 20 | 10u << 15 | 1u << 12 | 10u << 7 | 0x73u)
#define CSRRS(number) ((number) << 20 | 0u << 15 | 2u << 12 | 10u << 7 | 0x73u)

/* RISC-V Privileged, "Instruction Set Listings"; operands are a0, or none. */
static const uint32_t instructions[] = {
    0x30200073, /* mret */
    0x7b200073, /* dret */
    0x70200073, /* mnret */
    0x22000073, /* hfence.vvma */
    0x62000073, /* hfence.gvma */
    0x26000073, /* hinval.vvma */
    0x66000073, /* hinval.gvma */
    0x60054573, /* hlv.b a0, (a0) */
    0x64354573, /* hlvx.hu a0, (a0) */
    0x68054573, /* hlv.w a0, (a0) */
    0x6c054573, /* hlv.d a0, (a0) */
    0x6ea54073, /* hsv.d a0, (a0) */
};

#define COUNT (sizeof instructions / sizeof instructions[0])

#define ACLINT_MSWI 0x02000000ul
#define ACLINT_MTIMECMP 0x02004000ul
#define HARTS 128
#define NEVER (~0ul)
#define STIMECMP 0x14du
#define VSTIMECMP 0x24du

#define PLIC 0x0c000000ul
#define PLIC_ENABLES 0x2000u
#define PLIC_THRESHOLDS 0x200000u
#define PLIC_CONTEXTS 16

_Noreturn void attack_privilege_csrs(void) {
  static struct probe reads[CSR_NUMBERS];
  static struct probe writes[CSR_NUMBERS];
  for (uint32_t number = 0; number < CSR_NUMBERS; number++) {
    reads[number] = probe_of(CSRRS(number));
    writes[number] = probe_of(CSRRW(number));
  }
  probe_begin();
  for (;;) {
    for (uint32_t number = 0; number < CSR_NUMBERS; number++) {
      if (CSR_LEVEL(number) < LEVEL_HYPERVISOR) continue;
      evidence()->done += probe_execute(&reads[number], 0);
      evidence()->done += probe_execute(&writes[number], 0);
      evidence()->done += probe_execute(&writes[number], ~0ul);
      if (number % 64 == 0) round_done();
    }
    compute(BETWEEN_PASSES);
  }
}

_Noreturn void attack_privilege_instructions(void) {
  static struct probe probes[COUNT];
  uint64_t target = argument_number("target", 0);
  for (uint64_t i = 0; i < COUNT; i++) probes[i] = probe_of(instructions[i]);
  probe_begin();
  for (;;) {
    for (uint64_t i = 0; i < COUNT; i++) evidence()->done += probe_execute(&probes[i], target);
    round_done();
  }
}

_Noreturn void attack_privilege_timer(void) {
  static struct probe timers[2];
  timers[0] = probe_of(CSRRW(STIMECMP));
  timers[1] = probe_of(CSRRW(VSTIMECMP));
  probe_begin();
  csr_write(sie, 0);
  for (;;) {
    for (uint64_t hart = 0; hart < HARTS; hart++) {
      probe_store(ACLINT_MTIMECMP + 8 * hart, NEVER);
      probe_store_word(ACLINT_MSWI + 4 * hart, 0);
    }
    for (unsigned i = 0; i < 2; i++) probe_execute(&timers[i], NEVER);
    compute(10000);
    round_done();
  }
}

_Noreturn void attack_privilege_mask(void) {
  probe_begin();
  for (uint64_t context = 0; context < PLIC_CONTEXTS; context++) {
    probe_store_word(PLIC + PLIC_ENABLES + 0x80 * context, 0);
    probe_store_word(PLIC + PLIC_THRESHOLDS + 0x1000 * context, 7);
  }
  for (;;) {
    csr_write(sie, 0);
    csr_clear(sstatus, SSTATUS_SIE);
    compute(10000);
    round_done();
  }
}

_Noreturn void attack_privilege_halt(void) {
  probe_begin();
  csr_write(sie, 0);
  for (;;) {
    round_done();
    wait_for_interrupt();
    sbi_call(SBI_HART, SBI_HART_SUSPEND, 0, 0, 0);
  }
}
