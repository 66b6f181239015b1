/* Supervisor binary interface: extension numbers, functions, and the call. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SBI_LEGACY_PUTCHAR 0x01
#define SBI_BASE 0x10
#define SBI_BASE_SPECIFICATION 0
#define SBI_BASE_PROBE 3
#define SBI_TIME 0x54494d45
#define SBI_TIME_SET 0
#define SBI_INTERRUPT 0x735049
#define SBI_INTERRUPT_SEND 0
#define SBI_FENCE 0x52464e43
#define SBI_FENCE_INSTRUCTIONS 0
#define SBI_HART 0x48534d
#define SBI_HART_START 0
#define SBI_HART_STOP 1
#define SBI_HART_STATUS 2
#define SBI_HART_SUSPEND 3
#define SBI_RESET 0x53525354
#define SBI_RESET_SYSTEM 0
#define SBI_CONSOLE 0x4442434e
#define SBI_CONSOLE_WRITE 0

/* The experimental extension between guests and the engine. */
#define SBI_TCBENCH 0x08544342
#define SBI_TCBENCH_REGISTER_UNITS 0
#define SBI_TCBENCH_CHANNEL_NOTIFY 1
#define SBI_TCBENCH_CHANNEL_PENDING 2
#define SBI_TCBENCH_YIELD 3

struct sbi_result {
  int64_t error;
  uint64_t value;
};

/* All registers but a0 and a1 are kept by the callee (SBI 2.0, chapter 3). */
static inline struct sbi_result sbi_call(uint64_t extension, uint64_t function, uint64_t first,
                                         uint64_t second, uint64_t third) {
  register uint64_t a0 __asm__("a0") = first;
  register uint64_t a1 __asm__("a1") = second;
  register uint64_t a2 __asm__("a2") = third;
  register uint64_t a6 __asm__("a6") = function;
  register uint64_t a7 __asm__("a7") = extension;
  __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a6), "r"(a7) : "memory");
  return (struct sbi_result){(int64_t)a0, a1};
}

static inline bool sbi_has(uint64_t extension) {
  struct sbi_result probe = sbi_call(SBI_BASE, SBI_BASE_PROBE, extension, 0, 0);
  return probe.error == 0 && probe.value != 0;
}
