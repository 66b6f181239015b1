/* An interrupt from hart 0 to hart 1 of the same guest, and one back. Each carries a value in memory. */
#include "../runtime/csr.h"
#include "../runtime/guest.h"
#include "../runtime/harts.h"
#include "../runtime/mix.h"
#include "../runtime/units.h"

#define REQUEST 12

struct message {
  uint64_t sequence; /* counts from 1 */
  uint64_t value;
} __attribute__((aligned(64)));

static volatile struct message request, reply;

static void send(volatile struct message *message, uint64_t sequence, uint64_t value, uint32_t hart) {
  message->value = value;
  message->sequence = sequence;
  if (hart_interrupt(hart) != 0) unit_failed();
}

/* Interrupts take turns, so none runs into another. */
static uint64_t receive(const volatile struct message *message, uint64_t sequence) {
  hart_sleep();
  if (message->sequence != sequence) unit_failed();
  return message->value;
}

static void answer(uint32_t number) {
  (void)number;
  csr_set(sie, INTERRUPT_SOFTWARE);
  for (uint64_t sequence = 1;; sequence++) send(&reply, sequence, mix(receive(&request, sequence)), 0);
}

_Noreturn void guest_main(void) {
  csr_set(sie, INTERRUPT_SOFTWARE);
  harts_start(2, answer);
  units_begin("ipi");
  for (uint64_t sequence = 1;; sequence++) {
    uint64_t begun = cycle_now();
    reply.value = 0; /* so that the last reply cannot pass for this one */
    send(&request, sequence, REQUEST, 1);
    uint64_t value = receive(&reply, sequence);
    histogram_record(cycle_now() - begun);
    unit_done(value);
  }
}
