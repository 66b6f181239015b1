/* Binary search tree: 2048 insertions, then 4096 look-ups of which every other one misses. */
#include "../runtime/mix.h"
#include "../runtime/units.h"
#include "kernel.h"

#define NODES 2048
#define LOOKUPS 4096

struct node {
  uint64_t key;
  uint64_t order; /* of insertion */
  struct node *smaller;
  struct node *larger;
};

static struct node nodes[NODES];
static struct node *root;

/* Where the pointer to the node of `key` is, or would be. */
static struct node **place_of(uint64_t key) {
  struct node **at = &root;
  while (*at != 0 && (*at)->key != key) at = key < (*at)->key ? &(*at)->smaller : &(*at)->larger;
  return at;
}

/* Keys in the tree are even. */
static uint64_t key_of(uint64_t draw) { return draw & ~1ul; }

uint64_t search_unit(void) {
  const uint64_t inserted = 3;
  uint64_t seed = inserted;
  root = 0;
  for (unsigned i = 0; i < NODES; i++) {
    uint64_t key = key_of(generate(&seed));
    nodes[i] = (struct node){.key = key, .order = i};
    *place_of(key) = &nodes[i];
  }
  uint64_t digest = 0;
  for (unsigned i = 0; i < LOOKUPS; i++) {
    if (i % NODES == 0) seed = inserted;
    uint64_t key = key_of(generate(&seed)) | (i & 1);
    const struct node *found = *place_of(key);
    if ((found != 0) != ((i & 1) == 0)) unit_failed();
    digest = digest * 31 + (found != 0 ? found->order : NODES);
  }
  return mix(digest);
}
