# M-mode entry and traps of the test firmware. One stack a hart, its top in mscratch while the guest runs.

  .section .text.start, "ax"
  .globl _start
_start:
  csrr a0, mhartid
  lla sp, stacks
  addi t0, a0, 1
  slli t0, t0, 12
  add sp, sp, t0
  csrw mscratch, sp
  lla t0, machine_trap
  csrw mtvec, t0
  tail firmware_start

  .balign 4
machine_trap:
  csrrw sp, mscratch, sp
  addi sp, sp, -256
  .irp n, 1,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
  sd x\n, 8*\n(sp)
  .endr
  mv a0, sp
  call firmware_trap
  .irp n, 1,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
  ld x\n, 8*\n(sp)
  .endr
  addi sp, sp, 256
  csrrw sp, mscratch, sp
  mret

  .bss
  .balign 16
stacks:
  .zero 3 * 4096
