/* Request and reply: end 0 asks, end 1 answers. Every message has one ring of the doorbell, and they
   take turns, so rings never run together. */
#include "../runtime/doorbell.h"
#include "../runtime/mix.h"
#include "../runtime/power.h"
#include "../runtime/units.h"
#include "mode.h"

#define REQUEST 12

/* Each end writes one line of the window. */
struct message {
  uint64_t sequence; /* counts from 1 */
  uint64_t value;
  uint64_t fill_the_line[6];
};
struct window {
  volatile struct message request;
  volatile struct message reply;
};

static void send(const struct channel *channel, volatile struct message *message, uint64_t sequence, uint64_t value) {
  message->value = value;
  message->sequence = sequence;
  if (doorbell_ring(channel->id) != 0) unit_failed();
}

/* Waits for the ring, after which the message must be there. */
static uint64_t receive(const struct channel *channel, const volatile struct message *message, uint64_t sequence) {
  while ((doorbell_sleep() >> channel->id & 1) == 0) continue;
  if (message->sequence != sequence) unit_failed();
  return message->value;
}

_Noreturn void pingpong(const struct channel *channel) {
  struct window *window = (struct window *)channel->window;
  if (channel->window_bytes < sizeof *window) fail("the channel's window is too small");
  units_begin("channel-pingpong");
  for (uint64_t sequence = 1;; sequence++) {
    uint64_t value;
    if (channel->end == 0) {
      uint64_t begun = cycle_now();
      window->reply.value = 0; /* so that the last reply cannot pass for this one */
      send(channel, &window->request, sequence, REQUEST);
      value = receive(channel, &window->reply, sequence);
      histogram_record(cycle_now() - begun);
    } else {
      value = mix(receive(channel, &window->request, sequence));
      send(channel, &window->reply, sequence, value);
    }
    unit_done(value);
  }
}
