/* A router with two ports and a packet filter: what comes in at one goes out of the other. A unit is a
   packet that a port says it has sent.
   Boot arguments: rules=N uses the first N rules; unmatched=allow lets through what matches none; port=N is the
   number of the first port's network. */
#include "../network/addresses.h"
#include "../network/port.h"
#include "../network/rules.h"
#include "../runtime/arguments.h"
#include "../runtime/csr.h"
#include "../runtime/guest.h"
#include "../runtime/units.h"

#define CHECKED_HEADERS 2000

/* Of the packets that come in at a port. Buffer i is number i in the rings on both sides. */
static uint8_t buffers[2][QUEUE_SIZE][BUFFER_BYTES] __attribute__((aligned(8)));
static uint16_t neighbours[2][3];

/* Buffers that were sent go back to where packets come in; answers how many. */
static uint64_t take_back(struct port *from, struct port *to) {
  uint16_t count = queue_used(&to->sent);
  for (uint16_t i = 0; i < count; i++) {
    uint32_t bytes;
    queue_put(&from->received, queue_take(&to->sent, &bytes));
  }
  return count;
}

/* Answers whether there was anything to do. */
static bool forward(unsigned side) {
  struct port *from = &ports[side], *to = &ports[1 - side];
  uint64_t sent = take_back(from, to);
  uint16_t count = queue_used(&from->received);
  if (count > BURST) count = BURST;
  for (uint16_t i = 0; i < count; i++) {
    uint32_t bytes;
    uint32_t id = queue_take(&from->received, &bytes);
    struct packet *packet = (struct packet *)buffers[side][id];
    if (packet_forwardable(packet, bytes, from->mac) && filter_allows(packet, ports_of(packet))) {
      packet_forward(packet, to->mac, neighbours[1 - side]);
      port_send(to, packet, id, bytes);
    } else {
      queue_put(&from->received, id);
    }
  }
  queue_publish(&to->sent);
  queue_publish(&from->received);
  if (sent != 0) units_done(sent);
  return count != 0 || sent != 0;
}

static bool anything_used(void) {
  for (struct port *port = ports; port != ports + 2; port++)
    if (queue_used(&port->received) != 0 || (port_sends_many(port) && queue_used(&port->sent) != 0)) return true;
  return false;
}

static void want_interrupts(bool wanted) {
  for (struct port *port = ports; port != ports + 2; port++) {
    queue_interrupts(&port->received, wanted);
    queue_interrupts(&port->sent, wanted && port_sends_many(port));
  }
}

static void sleep(void) {
  want_interrupts(true);
  if (!anything_used()) {
    wait_for_interrupt();
    ports_serve();
  }
  want_interrupts(false);
}

_Noreturn void guest_main(void) {
  uint32_t count = (uint32_t)argument_number("rules", RULE_COUNT);
  if (count > RULE_COUNT) count = RULE_COUNT;
  uint16_t first = (uint16_t)argument_number("port", 0);
  filter_build(rules, count, argument_is("unmatched", "allow"));
  uint64_t wrong = filter_check(rules, count, CHECKED_HEADERS);
  ports_begin(2);
  for (unsigned side = 0; side < 2; side++) {
    const uint16_t neighbour[3] = NEIGHBOUR_MAC(first + side);
    for (unsigned i = 0; i < 3; i++) neighbours[side][i] = neighbour[i];
    port_buffers(&ports[side].received, (struct packet *)buffers[side], true);
    port_buffers(&ports[1 - side].sent, (struct packet *)buffers[side], false);
    port_fill(&ports[side]);
  }
  units_begin("forward");
  for (uint64_t i = 0; i < wrong; i++) unit_failed();
  for (unsigned side = 0; side < 2; side++) port_start(&ports[side]);
  for (;;) {
    bool first_worked = forward(0);
    bool second_worked = forward(1);
    if (!first_worked && !second_worked) sleep();
  }
}
