# A hart executes the operations of its lane, one after another. Whatever traps ends one, and the next begins: nothing that an
# operation does to registers outlives it. It reaches its lane by pc alone, since an operation may have changed any register.

#include "lane.h"

#define STIE 0x20
#define SSIP 0x2
#define SPP 0x100
#define SPIE 0x20
#define WAIT_TICKS 200

  .macro lane number
  .text
  .balign 4
# An operation has trapped, or its time is over.
fuzz_trap_\number:
  lla x31, fuzz_lanes + \number * LANE_BYTES
  sd a0, LANE_SAVED(x31)
  ld a0, LANE_CURRENT(x31)
  sd a1, RECORD_A1(a0)
  ld a1, LANE_SAVED(x31)
  sd a1, RECORD_A0(a0)
  csrr a1, scause
  sd a1, RECORD_CAUSE(a0)
  csrr a1, sepc
  sd a1, RECORD_EPC(a0)
  csrr a1, stval
  sd a1, RECORD_VALUE(a0)
# Where SBI's HSM starts the hart, too.
  .globl fuzz_next_\number
  .hidden fuzz_next_\number
fuzz_next_\number:
  csrw satp, zero
  sfence.vma
  csrw sie, zero
  csrci sstatus, 2
  csrci sip, SSIP
  lla t0, fuzz_trap_\number
  csrw stvec, t0
  lla s0, fuzz_lanes + \number * LANE_BYTES
.Lwait_\number:
  ld s1, LANE_BEGUN(s0)
  ld t1, LANE_GIVEN(s0)
  bne s1, t1, .Lbegin_\number
# Nothing is left: sleeps until the timer, whose interrupt stays disabled.
  rdtime a0
  addi a0, a0, WAIT_TICKS
  li a7, 0
  ecall
  li t0, STIE
  csrw sie, t0
  wfi
  csrw sie, zero
  j .Lwait_\number
.Lbegin_\number:
  andi t0, s1, LANE_RECORDS - 1
  addi s1, s1, 1
  sd s1, LANE_BEGUN(s0)
  slli t0, t0, 9
  add s2, s0, t0
  li t0, LANE_RECORDS_AT
  add s2, s2, t0
  sd s2, LANE_CURRENT(s0)
  ld t0, RECORD_FENCE(s2)
  beqz t0, .Lfenced_\number
  fence.i
.Lfenced_\number:
  ld t0, RECORD_TIMER(s2)
  beqz t0, .Ltimed_\number
  rdtime a0
  add a0, a0, t0
  li a7, 0
  ecall
.Ltimed_\number:
  ld t0, RECORD_PC(s2)
  csrw sepc, t0
  li t0, SPP | SPIE
  csrc sstatus, t0
  ld t0, RECORD_STATUS(s2)
  csrs sstatus, t0
  ld t0, RECORD_ENABLED(s2)
  csrw sie, t0
  ld t0, RECORD_SATP(s2)
  csrw satp, t0
  sfence.vma
  mv x31, s2
  .irp n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
  ld x\n, 8 * \n(x31)
  .endr
  sret
  .endm

  lane 0
  lane 1
