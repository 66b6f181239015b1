/* A packet filter: the first rule that a packet matches decides. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "packet.h"

#define FILTER_MAXIMUM_RULES 1024

/* Addresses and ports as numbers, not as bytes of a packet. */
struct filter_rule {
  uint32_t source, destination;
  uint8_t source_bits, destination_bits; /* lengths of the prefixes */
  uint8_t protocol;                      /* 0: any */
  uint8_t allow;
  uint16_t source_ports[2], destination_ports[2]; /* first and last */
};

struct filter_header {
  uint32_t source, destination;
  uint16_t source_port, destination_port; /* 0 where the protocol has none */
  uint8_t protocol;
};

/* What filter_allows looks things up in: recursive flow classification (Gupta, McKeown: Packet
   classification on multiple fields, 1999). Values of a field that match the same rules are one class.
   A first look-up turns 16 bits of the packet into their class; each further one takes two classes to
   the class of the pair, until one is left, whose answer is the rules'. A packet costs 13 loads that no
   branch depends on, however many rules there are; the price is memory and the time to build. */
enum filter_chunk { SOURCE_HIGH, SOURCE_LOW, DESTINATION_HIGH, DESTINATION_LOW, SOURCE_PORT, DESTINATION_PORT, CHUNKS };

struct filter_pairs {
  const uint16_t *table; /* class of the first * `columns` + class of the second */
  uint64_t columns;
};

struct filter {
  uint16_t chunk[0x10000][8]; /* by the two bytes as a packet has them; CHUNKS of 8 in use */
  uint8_t protocol[0x100];
  struct filter_pairs source, destination, ports, transport, addresses;
  bool unmatched; /* the answer for a packet that matches no rule */
  const uint8_t *answer;
  uint64_t answer_columns;
};

extern struct filter filter __attribute__((visibility("hidden")));

/* Builds `filter`. `unmatched`: whether a packet that matches no rule is allowed. */
void filter_build(const struct filter_rule *rules, uint32_t count, bool unmatched);
/* The answer of the rules themselves, one after another. */
bool filter_search(const struct filter_rule *rules, uint32_t count, const struct filter_header *header);
/* For how many of `samples` headers near the rules filter_allows answers otherwise than the rules. */
uint64_t filter_check(const struct filter_rule *rules, uint32_t count, uint64_t samples);

static inline uint64_t filter_pair(const struct filter_pairs *pairs, uint64_t first, uint64_t second) {
  return pairs->table[first * pairs->columns + second];
}

/* `ports`: those of the packet, source first, as it has them; 0 where its protocol has none. */
static inline bool filter_allows(const struct packet *packet, uint32_t ports) {
  const uint16_t(*chunk)[8] = filter.chunk;
  uint64_t source = filter_pair(&filter.source, chunk[packet->source[0]][SOURCE_HIGH], chunk[packet->source[1]][SOURCE_LOW]);
  uint64_t destination = filter_pair(&filter.destination, chunk[packet->destination[0]][DESTINATION_HIGH],
                                     chunk[packet->destination[1]][DESTINATION_LOW]);
  uint64_t pair = filter_pair(&filter.ports, chunk[ports & 0xffff][SOURCE_PORT], chunk[ports >> 16][DESTINATION_PORT]);
  uint64_t transport = filter_pair(&filter.transport, pair, filter.protocol[packet->protocol]);
  uint64_t addresses = filter_pair(&filter.addresses, source, destination);
  return filter.answer[addresses * filter.answer_columns + transport];
}
