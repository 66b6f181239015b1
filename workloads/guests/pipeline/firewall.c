/* Takes packets from a port straight into the link's buffers, and passes on those that the filter allows.
   A unit is a packet passed on. Boot arguments: rules=N uses the first N rules; unmatched=allow
   lets through what matches none. */
#include "../network/filter.h"
#include "../network/port.h"
#include "../network/rules.h"
#include "../runtime/arguments.h"
#include "../runtime/power.h"
#include "../runtime/units.h"
#include "link.h"
#include "role.h"

_Static_assert(LINK_BUFFERS == QUEUE_SIZE, "buffer i of the link is buffer i of the port");

#define CHECKED_HEADERS 2000

static bool work(struct port *port, struct link *out) {
  uint64_t freed = link_waiting(out);
  for (uint64_t i = 0; i < freed; i++) queue_put(&port->received, (uint32_t)link_take(out) % QUEUE_SIZE);
  uint16_t count = queue_used(&port->received);
  if (count > BURST) count = BURST;
  uint64_t passed = 0;
  for (uint16_t i = 0; i < count; i++) {
    uint32_t bytes;
    uint32_t id = queue_take(&port->received, &bytes);
    const struct packet *packet = link_packet(out, id);
    if (packet_forwardable(packet, bytes, port->mac) && filter_allows(packet, ports_of(packet))) {
      link_put(out, id | (uint64_t)bytes << 32);
      passed++;
    } else {
      queue_put(&port->received, id);
    }
  }
  link_publish(out);
  queue_publish(&port->received);
  if (passed != 0) units_done(passed);
  return count != 0 || freed != 0;
}

_Noreturn void firewall(void) {
  uint32_t count = (uint32_t)argument_number("rules", RULE_COUNT);
  if (count > RULE_COUNT) count = RULE_COUNT;
  if (platform.channels == 0) fail("the firewall needs a channel");
  struct link out = link_open(&platform.channel[0], 0);
  filter_build(rules, count, argument_is("unmatched", "allow"));
  uint64_t wrong = filter_check(rules, count, CHECKED_HEADERS);
  struct port *port = &ports[0];
  ports_begin(1);
  port_buffers(&port->received, link_packet(&out, 0), true);
  port_fill(port);
  units_begin("pipeline");
  for (uint64_t i = 0; i < wrong; i++) unit_failed();
  port_start(port);
  for (;;) {
    if (work(port, &out)) continue;
    link_doze(&out);
    queue_interrupts(&port->received, true);
    if (queue_used(&port->received) == 0 && link_waiting(&out) == 0) link_wait();
    queue_interrupts(&port->received, false);
    link_wake(&out);
  }
}
