/* A virtio driver that tells its device whatever its guest wants: rings and buffers anywhere, chains without an end. The queues that
   it says nothing else of lie in this guest's memory, and are in order. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "../network/virtio.h"

#define VIRTIO_BLOCK 2

/* The chain of every request has this number, which the device writes into the used ring: bench/isolation/pattern.ts. */
#define CHAIN 0xadu
#define NEXT (CHAIN + 1)
#define LAST (CHAIN + 2)

#define DESCRIPTOR_NEXT 1u
#define DESCRIPTOR_INDIRECT 4u

/* Where the device is told that a queue lies. */
struct rings {
  uint64_t descriptors, available, used;
};

/* The guest's devices of a kind, in the order of their addresses; null where it has none of that number. */
volatile uint32_t *device_found(uint32_t kind, unsigned number);

/* Where a queue does lie. */
struct rings rings_of(const struct queue *queue);

/* Takes the device from whoever had it, which loses its queues: to be called before every attempt, since one that has been refused
   needs a reset. */
void device_reset(volatile uint32_t *device);
/* Tells the device of a queue, whose contents begin anew. */
void device_queue(volatile uint32_t *device, struct queue *queue, uint32_t number, struct rings rings);
void device_start(volatile uint32_t *device);

/* Makes the chain `head` available, and says so. */
void device_offer(volatile uint32_t *device, struct queue *queue, uint32_t number, uint32_t head);
/* Whether the device has used a chain of the queue within a while. */
bool device_answers(const struct queue *queue);

static inline struct descriptor buffer_of(const volatile void *from, uint32_t bytes, uint16_t flags, uint16_t next) {
  return (struct descriptor){(uint64_t)from, bytes, flags, next};
}
