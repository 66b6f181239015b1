#include "queues.h"

#include "../runtime/device-tree.h"
#include "attack.h"

#define MAXIMUM_DEVICES 8
#define PATIENCE 8u
#define BETWEEN_LOOKS 200u

struct finding {
  uint32_t kind;
  unsigned count;
  volatile uint32_t *found[MAXIMUM_DEVICES];
};

static void look(const struct tree_node *node, void *data) {
  struct finding *finding = data;
  if (!tree_compatible(node, "virtio,mmio") || finding->count == MAXIMUM_DEVICES) return;
  volatile uint32_t *registers = (volatile uint32_t *)cells(tree_property(node, "reg", 0));
  if (registers[VIRTIO_MAGIC] != VIRTIO_MAGIC_VALUE || registers[VIRTIO_VERSION] != 2 || registers[VIRTIO_DEVICE] != finding->kind) return;
  unsigned at = finding->count++;
  for (; at != 0 && finding->found[at - 1] > registers; at--) finding->found[at] = finding->found[at - 1];
  finding->found[at] = registers;
}

volatile uint32_t *device_found(uint32_t kind, unsigned number) {
  struct finding finding = {.kind = kind};
  device_tree_visit(look, &finding);
  return number < finding.count ? finding.found[number] : 0;
}

struct rings rings_of(const struct queue *queue) {
  return (struct rings){(uint64_t)&queue->descriptors, (uint64_t)&queue->available, (uint64_t)&queue->used};
}

void device_reset(volatile uint32_t *device) {
  struct virtio_device driven = {.registers = device};
  virtio_begin(&driven, 0);
}

static void tell_address(volatile uint32_t *at, uint64_t address) {
  at[0] = (uint32_t)address;
  at[1] = (uint32_t)(address >> 32);
}

void device_queue(volatile uint32_t *device, struct queue *queue, uint32_t number, struct rings rings) {
  queue->available.flags = 1; /* no interrupts: this driver looks by itself */
  queue->available.index = 0;
  queue->used.index = 0;
  device[VIRTIO_QUEUE_SELECT] = number;
  device[VIRTIO_QUEUE_SIZE] = QUEUE_SIZE;
  tell_address(device + VIRTIO_QUEUE_DESCRIPTORS, rings.descriptors);
  tell_address(device + VIRTIO_QUEUE_AVAILABLE, rings.available);
  tell_address(device + VIRTIO_QUEUE_USED, rings.used);
  device[VIRTIO_QUEUE_READY] = 1;
}

void device_start(volatile uint32_t *device) {
  struct virtio_device driven = {.registers = device};
  virtio_start(&driven);
}

void device_offer(volatile uint32_t *device, struct queue *queue, uint32_t number, uint32_t head) {
  queue->available.ring[queue->available.index % QUEUE_SIZE] = (uint16_t)head;
  __atomic_store_n(&queue->available.index, queue->available.index + 1, __ATOMIC_RELEASE);
  __asm__ volatile("fence rw, o" : : : "memory");
  device[VIRTIO_QUEUE_NOTIFY] = number;
}

bool device_answers(const struct queue *queue) {
  for (unsigned look = 0; look < PATIENCE; look++) {
    if (__atomic_load_n(&queue->used.index, __ATOMIC_ACQUIRE) != 0) return true;
    compute(BETWEEN_LOOKS);
  }
  return false;
}
