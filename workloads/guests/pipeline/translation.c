/* Gives packets one source address, routes them, and sends them from the link's buffers out of a port.
   A unit is a packet that the port says it has sent. Boot argument: port=N is the number of its network. */
#include "../network/addresses.h"
#include "../network/port.h"
#include "../runtime/arguments.h"
#include "../runtime/csr.h"
#include "../runtime/power.h"
#include "../runtime/units.h"
#include "flows.h"
#include "link.h"
#include "role.h"

static uint16_t neighbour[3];

/* A UDP checksum of 0 means that there is none, so one that comes to 0 is sent as all ones (RFC 768). */
static void update_transport(struct packet *packet, uint64_t removed, uint64_t added) {
  if (packet->protocol == PROTOCOL_TCP) {
    packet->tcp_checksum = checksum_update(packet->tcp_checksum, removed, added);
  } else if (packet->udp_checksum != 0) {
    uint16_t updated = checksum_update(packet->udp_checksum, removed, added);
    packet->udp_checksum = updated == 0 ? 0xffff : updated;
  }
}

static bool translate(struct packet *packet, uint64_t now) {
  if (!has_ports(packet)) return false;
  uint32_t source = packet->source[0] | (uint32_t)packet->source[1] << 16;
  uint32_t place = flow_place(source, packet->destination_address, packet->ports, packet->protocol, now);
  if (place == FLOW_NONE) return false;
  uint16_t port = (uint16_t)network_order(FLOW_FIRST_PORT + place);
  uint64_t removed = (uint64_t)packet->source[0] + packet->source[1];
  uint64_t added = (uint64_t)PUBLIC_ADDRESS_HIGH + PUBLIC_ADDRESS_LOW;
  packet->checksum = checksum_update(packet->checksum, removed, added);
  update_transport(packet, removed + packet->source_port, added + port);
  packet->source[0] = PUBLIC_ADDRESS_HIGH;
  packet->source[1] = PUBLIC_ADDRESS_LOW;
  packet->source_port = port;
  return true;
}

static bool work(struct port *port, struct link *in) {
  uint16_t sent = queue_used(&port->sent);
  for (uint16_t i = 0; i < sent; i++) {
    uint32_t bytes;
    link_put(in, queue_take(&port->sent, &bytes));
  }
  uint64_t count = link_waiting(in);
  if (count > BURST) count = BURST;
  uint64_t now = time_now();
  for (uint64_t i = 0; i < count; i++) {
    uint64_t entry = link_take(in), buffer = entry % LINK_BUFFERS, bytes = entry >> 32;
    struct packet *packet = link_packet(in, buffer);
    if (bytes <= BUFFER_BYTES - BUFFER_OFFSET && translate(packet, now)) {
      packet_forward(packet, port->mac, neighbour);
      port_send(port, packet, (uint32_t)buffer, (uint32_t)bytes);
    } else {
      link_put(in, buffer);
    }
  }
  queue_publish(&port->sent);
  link_publish(in);
  if (sent != 0) units_done(sent);
  return count != 0 || sent != 0;
}

_Noreturn void translation(void) {
  if (platform.channels == 0) fail("the translation needs a channel");
  struct link in = link_open(&platform.channel[0], 1);
  const uint16_t mac[3] = NEIGHBOUR_MAC(argument_number("port", 0));
  for (unsigned i = 0; i < 3; i++) neighbour[i] = mac[i];
  struct port *port = &ports[0];
  ports_begin(1);
  port_buffers(&port->sent, link_packet(&in, 0), false);
  units_begin("pipeline");
  port_start(port);
  for (;;) {
    if (work(port, &in)) continue;
    link_doze(&in);
    queue_interrupts(&port->sent, port_sends_many(port));
    if (link_waiting(&in) == 0 && (!port_sends_many(port) || queue_used(&port->sent) == 0)) link_wait();
    queue_interrupts(&port->sent, false);
    link_wake(&in);
  }
}
