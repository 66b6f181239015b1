/* Searches payloads for patterns, and passes on the packets that have none. What it passes on is a copy of
   its own, the one it searched: what the guest before it writes to its buffer later changes nothing.
   A unit is a packet passed on. */
#include "../runtime/power.h"
#include "../runtime/units.h"
#include "link.h"
#include "patterns.h"
#include "role.h"
#include "search.h"

#define BURST 64

static uint64_t copy[BUFFER_BYTES / 8];

/* Of the frame, in words; where it begins, a word of the buffer begins. */
#define FIRST_WORD 2
static uint64_t words_of(uint64_t bytes) { return (BUFFER_OFFSET + bytes + 7) / 8; }

static bool clean(const struct packet *packet) {
  uint64_t header = packet->protocol == PROTOCOL_TCP ? IPV4_BYTES + (packet->tcp_words >> 4) * 4u : IPV4_BYTES + UDP_BYTES;
  uint64_t total = network_order(packet->total_bytes);
  return total <= header || !search_finds(&packet->version_and_words + header, total - header);
}

/* The packet in the other link's buffer; answers whether it may go on. */
static bool inspect(const struct packet *from, struct packet *to, uint64_t bytes) {
  const uint64_t *source = (const uint64_t *)from;
  uint64_t *target = (uint64_t *)to;
  uint64_t end = words_of(bytes);
  for (uint64_t i = FIRST_WORD; i < end; i++) copy[i] = source[i];
  const struct packet *packet = (const struct packet *)copy;
  if (network_order(packet->total_bytes) + NET_HEADER_BYTES + ETHERNET_BYTES > bytes || !clean(packet)) return false;
  for (uint64_t i = FIRST_WORD; i < end; i++) target[i] = copy[i];
  return true;
}

_Noreturn void inspection(void) {
  if (platform.channels < 2) fail("the inspection needs two channels");
  struct link in = link_open(&platform.channel[0], 1);
  struct link out = link_open(&platform.channel[1], 0);
  uint64_t spare[LINK_BUFFERS], spares = 0;
  for (uint64_t i = 0; i < LINK_BUFFERS; i++) spare[spares++] = LINK_BUFFERS - 1 - i;
  search_build(patterns, PATTERN_COUNT);
  units_begin("pipeline");
  for (;;) {
    uint64_t freed = link_waiting(&out);
    for (uint64_t i = 0; i < freed; i++) spare[spares++] = link_take(&out) % LINK_BUFFERS;
    uint64_t count = link_waiting(&in);
    if (count > BURST) count = BURST;
    if (count > spares) count = spares;
    uint64_t passed = 0;
    for (uint64_t i = 0; i < count; i++) {
      uint64_t entry = link_take(&in), buffer = entry % LINK_BUFFERS, bytes = entry >> 32;
      if (bytes <= BUFFER_BYTES - BUFFER_OFFSET && inspect(link_packet(&in, buffer), link_packet(&out, spare[spares - 1]), bytes)) {
        link_put(&out, spare[--spares] | bytes << 32);
        passed++;
      }
      link_put(&in, buffer);
    }
    link_publish(&out);
    link_publish(&in);
    if (passed != 0) units_done(passed);
    if (count != 0 || freed != 0) continue;
    link_doze(&in);
    link_doze(&out);
    if ((link_waiting(&in) == 0 || spares == 0) && link_waiting(&out) == 0) link_wait();
    link_wake(&in);
    link_wake(&out);
  }
}
