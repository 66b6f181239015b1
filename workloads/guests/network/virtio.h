/* Driver of virtio devices over MMIO with split queues: virtio 1.2, sections 2.7, 3.1 and 4.2, register
   layout version 2. One buffer is one descriptor, always with the same number in the table. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "../runtime/power.h"

#define QUEUE_SIZE 256u /* a power of two */

#define VIRTIO_NETWORK 1

/* Registers, as indexes of 32-bit words. */
enum {
  VIRTIO_MAGIC = 0x000 / 4,
  VIRTIO_VERSION = 0x004 / 4,
  VIRTIO_DEVICE = 0x008 / 4,
  VIRTIO_DEVICE_FEATURES = 0x010 / 4,
  VIRTIO_DEVICE_FEATURES_SELECT = 0x014 / 4,
  VIRTIO_DRIVER_FEATURES = 0x020 / 4,
  VIRTIO_DRIVER_FEATURES_SELECT = 0x024 / 4,
  VIRTIO_QUEUE_SELECT = 0x030 / 4,
  VIRTIO_QUEUE_SIZE_MAXIMUM = 0x034 / 4,
  VIRTIO_QUEUE_SIZE = 0x038 / 4,
  VIRTIO_QUEUE_READY = 0x044 / 4,
  VIRTIO_QUEUE_NOTIFY = 0x050 / 4,
  VIRTIO_INTERRUPT_STATUS = 0x060 / 4,
  VIRTIO_INTERRUPT_ACKNOWLEDGE = 0x064 / 4,
  VIRTIO_STATUS = 0x070 / 4,
  VIRTIO_QUEUE_DESCRIPTORS = 0x080 / 4,
  VIRTIO_QUEUE_AVAILABLE = 0x090 / 4,
  VIRTIO_QUEUE_USED = 0x0a0 / 4,
  VIRTIO_CONFIGURATION = 0x100 / 4,
};
#define VIRTIO_MAGIC_VALUE 0x74726976u /* "virt" */
#define VIRTIO_INTERRUPT_CONFIGURATION 2u

#define DESCRIPTOR_WRITE 2u /* by the device */

struct descriptor {
  uint64_t address;
  uint32_t bytes;
  uint16_t flags;
  uint16_t next;
};

struct queue {
  struct descriptor descriptors[QUEUE_SIZE]; /* first: aligned to 16 bytes as it must be */
  struct {
    uint16_t flags;
    uint16_t index;
    uint16_t ring[QUEUE_SIZE];
    uint16_t used_event;
  } available;
  struct {
    uint16_t flags;
    uint16_t index;
    struct {
      uint32_t id;
      uint32_t bytes;
    } ring[QUEUE_SIZE];
    uint16_t available_event;
  } used __attribute__((aligned(8)));
  /* From here on the driver's own. */
  uint16_t put;   /* buffers made available so far, those not yet published too */
  uint16_t taken; /* used buffers taken back so far */
  uint16_t number;
  volatile uint32_t *registers;
} __attribute__((aligned(64)));

struct virtio_device {
  volatile uint32_t *registers;
  uint32_t interrupt;
};

/* Resets the device and agrees on `features` where it offers them, and on those of version 1; fails
   where the device has not these. Then queues are added, and the device started. */
void virtio_begin(struct virtio_device *device, uint64_t features);
void virtio_add_queue(struct virtio_device *device, struct queue *queue, uint32_t number);
void virtio_start(struct virtio_device *device);
/* Answers an interrupt of the device; fails where the device says that it needs a reset. */
void virtio_acknowledge(struct virtio_device *device);

/* Buffers that the device has used and the driver has not taken back: what they hold is visible. */
static inline uint16_t queue_used(const struct queue *queue) {
  return (uint16_t)(__atomic_load_n(&queue->used.index, __ATOMIC_ACQUIRE) - queue->taken);
}

/* Buffers that the device has. */
static inline uint16_t queue_outstanding(const struct queue *queue) { return (uint16_t)(queue->put - queue->taken); }

/* Takes back one that queue_used counted; answers its number, and in `bytes` how many the device wrote. */
static inline uint32_t queue_take(struct queue *queue, uint32_t *bytes) {
  uint32_t slot = queue->taken++ % QUEUE_SIZE;
  uint32_t id = queue->used.ring[slot].id;
  if (id >= QUEUE_SIZE) fail("a device used a buffer that it was not given");
  *bytes = queue->used.ring[slot].bytes;
  return id;
}

/* The device sees it from queue_publish on. */
static inline void queue_put(struct queue *queue, uint32_t id) { queue->available.ring[queue->put++ % QUEUE_SIZE] = (uint16_t)id; }

/* Publishes what was put, and notifies the device where it wants to be: once for many buffers. */
void queue_publish(struct queue *queue);

/* Wants interrupts of the queue, or not (2.7.7). After wanting them the queue has to be looked at once more. */
void queue_interrupts(struct queue *queue, bool wanted);
