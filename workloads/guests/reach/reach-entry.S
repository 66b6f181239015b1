# Trap entry of a guest that goes on behind whatever traps: an instruction of 4 bytes. It uses sscratch, and no stack.

  .text
  .globl reach_entry
  .hidden reach_entry
  .type reach_entry, @function
  .balign 4
reach_entry:
  csrw sscratch, t0
  csrr t0, sepc
  addi t0, t0, 4
  csrw sepc, t0
  csrr t0, sscratch
  sret
  .size reach_entry, . - reach_entry
