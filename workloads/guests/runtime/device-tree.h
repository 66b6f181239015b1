/* The flattened device tree: a walk over its nodes, and the part of it that every guest needs. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define MAXIMUM_CHANNELS 8
#define MAXIMUM_HARTS 64

struct channel {
  volatile void *window;
  uint64_t window_bytes;
  uint32_t id;  /* what the doorbell calls name it by */
  uint32_t end; /* 0 or 1 */
};

struct platform {
  const void *tree;
  const char *boot_arguments; /* "" when there are none */
  uint64_t timebase;          /* ticks of `time` in a second */
  uint64_t memory_base;
  uint64_t memory_bytes;
  uint64_t boot_hart;         /* the one that runs guest_main */
  uint32_t harts;
  uint32_t hart[MAXIMUM_HARTS];
  uint32_t channels;
  struct channel channel[MAXIMUM_CHANNELS];
};

extern struct platform platform;

struct tree_node {
  const char *name;
  const uint32_t *properties;
  const struct tree_node *parent; /* null for the root */
};

/* Fills `platform`. */
void device_tree_read(const void *tree);
/* Calls `visit` for every node, parents before children. */
void device_tree_visit(void (*visit)(const struct tree_node *node, void *data), void *data);
/* The value of a property, and its length where `bytes` is not null; null where the node has no such one. */
const uint32_t *tree_find(const struct tree_node *node, const char *property, uint32_t *bytes);
/* The same; fails where the node has no such one. */
const uint32_t *tree_property(const struct tree_node *node, const char *property, uint32_t *bytes);
/* Whether one of the texts in the node's `compatible` is this one. */
bool tree_compatible(const struct tree_node *node, const char *model);

/* Cells are big-endian and may lie anywhere. */
static inline uint32_t cell(const uint32_t *at) {
  const uint8_t *byte = (const uint8_t *)at;
  return (uint32_t)byte[0] << 24 | (uint32_t)byte[1] << 16 | (uint32_t)byte[2] << 8 | byte[3];
}
static inline uint64_t cells(const uint32_t *at) { return (uint64_t)cell(at) << 32 | cell(at + 1); }
