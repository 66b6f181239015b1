#include "flows.h"

/* Five minutes at 10 MHz (RFC 4787, REQ-5). */
#define FLOW_IDLE_TICKS 3000000000u

struct flow {
  uint64_t addresses;
  uint64_t ports_and_protocol; /* 0: the place is free */
  uint64_t used;
};

static struct flow flows[FLOW_SETS][FLOW_WAYS];

uint32_t flow_place(uint32_t source, uint32_t destination, uint32_t ports, uint32_t protocol, uint64_t now) {
  uint64_t addresses = (uint64_t)source << 32 | destination;
  uint64_t key = (uint64_t)protocol << 32 | ports;
  uint64_t hash = (addresses ^ (key << 13 | key >> 51)) * 0x9e3779b97f4a7c15u;
  uint32_t set = (uint32_t)((hash ^ hash >> 32) % FLOW_SETS);
  struct flow *ways = flows[set];
  for (uint32_t way = 0; way < FLOW_WAYS; way++)
    if (ways[way].addresses == addresses && ways[way].ports_and_protocol == key) {
      ways[way].used = now;
      return set * FLOW_WAYS + way;
    }
  for (uint32_t way = 0; way < FLOW_WAYS; way++)
    if (ways[way].ports_and_protocol == 0 || now - ways[way].used > FLOW_IDLE_TICKS) {
      ways[way] = (struct flow){addresses, key, now};
      return set * FLOW_WAYS + way;
    }
  return FLOW_NONE;
}
