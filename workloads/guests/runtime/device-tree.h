/* The part of the flattened device tree that guests need. */
#pragma once

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

/* Fills `platform`. */
void device_tree_read(const void *tree);
