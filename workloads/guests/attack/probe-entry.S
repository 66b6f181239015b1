# Trap entry of a guest that goes on behind whatever traps, or at its caller where it cannot be fetched; on the stack that it
# interrupted.

  .text
  .globl probe_entry
  .hidden probe_entry
  .type probe_entry, @function
  .balign 4
probe_entry:
  addi sp, sp, -16
  sd t0, 0(sp)
  sd t1, 8(sp)
  csrr t0, scause
  bltz t0, .Linterrupt
  lla t0, probe_traps
  ld t1, 0(t0)
  addi t1, t1, 1
  sd t1, 0(t0)
  csrr t0, scause
  li t1, 1 # instruction access fault
  beq t0, t1, .Lnot_fetched
  li t1, 12 # instruction page fault
  beq t0, t1, .Lnot_fetched
  csrr t0, sepc
  addi t0, t0, 4
  csrw sepc, t0
.Lreturn:
  ld t0, 0(sp)
  ld t1, 8(sp)
  addi sp, sp, 16
  sret
.Lnot_fetched:
  csrw sepc, ra
  j .Lreturn
.Linterrupt:
  andi t0, t0, 63
  li t1, 1
  sll t1, t1, t0
  csrc sie, t1
  j .Lreturn
  .size probe_entry, . - probe_entry
