#include "link.h"

#include "../network/port.h"
#include "../runtime/csr.h"
#include "../runtime/doorbell.h"
#include "../runtime/power.h"
#include "../runtime/units.h"

struct link link_open(const struct channel *channel, uint32_t end) {
  if (channel->end != end) fail("the role has the other end of the channel");
  if (channel->window_bytes < LINK_WINDOW_BYTES) fail("the channel's window is too small");
  struct link_window *window = (struct link_window *)channel->window;
  csr_set(sie, INTERRUPT_SOFTWARE); /* wakes WFI; sstatus.SIE stays 0, so it is never taken */
  return (struct link){
      .channel = channel, .window = window,
      .out = end == 0 ? &window->packets : &window->freed, .in = end == 0 ? &window->freed : &window->packets,
  };
}

/* Publishing comes before looking at `asleep`, as link_doze comes before the last look for work: one of
   the two sees the other, so no wake-up is lost. */
void link_publish(struct link *link) {
  __atomic_store_n(&link->in->consumed, link->consumed, __ATOMIC_RELAXED);
  if (link->produced == link->published) return;
  link->published = link->produced;
  __atomic_store_n(&link->out->produced, link->produced, __ATOMIC_RELEASE);
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  uint64_t *asleep = &link->window->ends[1 - link->channel->end].asleep;
  if (__atomic_load_n(asleep, __ATOMIC_RELAXED) == 0) return;
  uint64_t waiting = link->produced - __atomic_load_n(&link->out->consumed, __ATOMIC_RELAXED);
  if (link->channel->end == 1 && waiting < LINK_BUFFERS / 2) return;
  if (__atomic_exchange_n(asleep, 0, __ATOMIC_ACQ_REL) != 0 && doorbell_ring(link->channel->id) != 0) unit_failed();
}

void link_doze(struct link *link) {
  __atomic_store_n(&link->window->ends[link->channel->end].asleep, 1, __ATOMIC_RELAXED);
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void link_wake(struct link *link) {
  __atomic_store_n(&link->window->ends[link->channel->end].asleep, 0, __ATOMIC_RELAXED);
}

void link_wait(void) {
  wait_for_interrupt();
  uint64_t pending = csr_read(sip) & csr_read(sie); /* without a port, a neighbour's interrupt may show */
  if ((pending & INTERRUPT_EXTERNAL) != 0) ports_serve();
  if ((pending & INTERRUPT_SOFTWARE) != 0) {
    csr_clear(sip, INTERRUPT_SOFTWARE);
    doorbells_rung();
  }
}
