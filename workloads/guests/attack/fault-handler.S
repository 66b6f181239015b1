# A trap handler that faults.

  .text
  .globl fault_handler
  .hidden fault_handler
  .type fault_handler, @function
  .balign 4
fault_handler:
  li t0, 0xdeadbee0
  ld t0, 0(t0)
  j fault_handler
  .size fault_handler, . - fault_handler
