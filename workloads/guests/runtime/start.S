# Entry. a0 = hart id, a1 = device tree, satp = 0, interrupts off.
# The image moves itself to where it was loaded: R_RISCV_RELATIVE stores load base + addend, which
# does not read the old word, so it makes no difference whether a loader has done it already.

  .section .text.start, "ax"
  .globl _start
  .hidden _start
  .type _start, @function
_start:
  csrw sie, zero
  lla t0, _start
  li t1, LINK_ADDRESS
  sub t0, t0, t1              # load address - link address
  lla t1, relocations_start
  lla t2, relocations_end
.Lrelocate:                   # Elf64_Rela: offset, info, addend
  bgeu t1, t2, .Lrelocated
  ld t3, 0(t1)
  ld t4, 16(t1)
  add t3, t3, t0
  add t4, t4, t0
  sd t4, 0(t3)
  addi t1, t1, 24
  j .Lrelocate
.Lrelocated:
  lla t1, zeroed_start
  lla t2, zeroed_end
.Lzero:
  bgeu t1, t2, .Lzeroed
  sd zero, 0(t1)
  addi t1, t1, 8
  j .Lzero
.Lzeroed:
  lla sp, stack_end
  lla t0, trap_entry
  csrw stvec, t0
  tail guest_start
  .size _start, . - _start

  .section .bss.stack, "aw", @nobits
  .balign 16
  .zero 16384
stack_end:
