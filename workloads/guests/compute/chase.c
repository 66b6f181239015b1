/* Pointer chasing round one random cycle through 256 KiB: every load waits for the one before it. */
#include "../runtime/mix.h"
#include "../runtime/units.h"
#include "kernel.h"

#define NODES 4096
#define ROUNDS 16

struct node {
  struct node *next;
  uint64_t value;
  uint64_t fill_the_line[6];
};

static struct node nodes[NODES];
static uint16_t order[NODES];

/* Sattolo's algorithm: a permutation that is a single cycle. */
static void link_nodes(void) {
  uint64_t seed = 7;
  for (unsigned i = 0; i < NODES; i++) order[i] = (uint16_t)i;
  for (unsigned i = NODES - 1; i > 0; i--) {
    uint64_t other = generate_below(&seed, i);
    uint16_t held = order[i];
    order[i] = order[other];
    order[other] = held;
  }
  for (unsigned i = 0; i < NODES; i++) {
    nodes[i].next = &nodes[order[i]];
    nodes[i].value = i * 0x9e3779b97f4a7c15u;
  }
}

uint64_t chase_unit(void) {
  link_nodes();
  const struct node *at = nodes;
  uint64_t digest = 0;
  for (unsigned i = 0; i < NODES * ROUNDS; i++) {
    digest = (digest << 1 | digest >> 63) + at->value;
    at = at->next;
  }
  if (at != nodes) unit_failed();
  return mix(digest);
}
