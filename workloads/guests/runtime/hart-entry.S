# Where SBI's HSM starts the other harts: a0 = hart id, a1 = what harts.c has prepared, satp = 0.

  .text
  .globl hart_entry
  .hidden hart_entry
  .type hart_entry, @function
  .balign 4
hart_entry:
  csrw sie, zero
  lla t0, trap_entry
  csrw stvec, t0
  ld t0, 32(a1)
  csrw satp, t0
  sfence.vma
  ld sp, 0(a1)
  li t0, 1
  sd t0, 24(a1)               # entered
  ld a0, 8(a1)
  ld t0, 16(a1)
  jr t0                       # does not come back
  .size hart_entry, . - hart_entry
