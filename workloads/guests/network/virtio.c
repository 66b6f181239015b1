#include "virtio.h"

#define STATUS_ACKNOWLEDGE 1u
#define STATUS_DRIVER 2u
#define STATUS_DRIVER_OK 4u
#define STATUS_FEATURES_OK 8u
#define STATUS_NEEDS_RESET 64u

#define FEATURE_VERSION_1 (1ul << 32)
#define AVAILABLE_NO_INTERRUPT 1u
#define USED_NO_NOTIFY 1u

static uint64_t offered_features(volatile uint32_t *registers) {
  registers[VIRTIO_DEVICE_FEATURES_SELECT] = 0;
  uint64_t low = registers[VIRTIO_DEVICE_FEATURES];
  registers[VIRTIO_DEVICE_FEATURES_SELECT] = 1;
  return (uint64_t)registers[VIRTIO_DEVICE_FEATURES] << 32 | low;
}

void virtio_begin(struct virtio_device *device, uint64_t features) {
  volatile uint32_t *registers = device->registers;
  registers[VIRTIO_STATUS] = 0;
  while (registers[VIRTIO_STATUS] != 0) continue;
  registers[VIRTIO_STATUS] = STATUS_ACKNOWLEDGE;
  registers[VIRTIO_STATUS] = STATUS_ACKNOWLEDGE | STATUS_DRIVER;
  uint64_t agreed = offered_features(registers) & (features | FEATURE_VERSION_1);
  if (agreed != (features | FEATURE_VERSION_1)) fail("a device does not offer what its driver needs");
  registers[VIRTIO_DRIVER_FEATURES_SELECT] = 0;
  registers[VIRTIO_DRIVER_FEATURES] = (uint32_t)agreed;
  registers[VIRTIO_DRIVER_FEATURES_SELECT] = 1;
  registers[VIRTIO_DRIVER_FEATURES] = (uint32_t)(agreed >> 32);
  registers[VIRTIO_STATUS] = STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK;
  if ((registers[VIRTIO_STATUS] & STATUS_FEATURES_OK) == 0) fail("a device refused its own features");
}

static void write_address(volatile uint32_t *at, const void *address) {
  at[0] = (uint32_t)(uint64_t)address;
  at[1] = (uint32_t)((uint64_t)address >> 32);
}

void virtio_add_queue(struct virtio_device *device, struct queue *queue, uint32_t number) {
  volatile uint32_t *registers = device->registers;
  registers[VIRTIO_QUEUE_SELECT] = number;
  if (registers[VIRTIO_QUEUE_READY] != 0) fail("a device's queue is in use after its reset");
  if (registers[VIRTIO_QUEUE_SIZE_MAXIMUM] < QUEUE_SIZE) fail("a device's queue is too short");
  registers[VIRTIO_QUEUE_SIZE] = QUEUE_SIZE;
  write_address(registers + VIRTIO_QUEUE_DESCRIPTORS, &queue->descriptors);
  write_address(registers + VIRTIO_QUEUE_AVAILABLE, &queue->available);
  write_address(registers + VIRTIO_QUEUE_USED, &queue->used);
  queue->registers = registers;
  queue->number = (uint16_t)number;
  queue->available.flags = AVAILABLE_NO_INTERRUPT;
  registers[VIRTIO_QUEUE_READY] = 1;
}

void virtio_start(struct virtio_device *device) {
  device->registers[VIRTIO_STATUS] = STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK | STATUS_DRIVER_OK;
}

void virtio_acknowledge(struct virtio_device *device) {
  uint32_t reasons = device->registers[VIRTIO_INTERRUPT_STATUS];
  device->registers[VIRTIO_INTERRUPT_ACKNOWLEDGE] = reasons;
  if ((reasons & VIRTIO_INTERRUPT_CONFIGURATION) != 0 && (device->registers[VIRTIO_STATUS] & STATUS_NEEDS_RESET) != 0)
    fail("a device needs a reset");
}

void queue_publish(struct queue *queue) {
  if (queue->available.index == queue->put) return;
  __atomic_store_n(&queue->available.index, queue->put, __ATOMIC_RELEASE);
  __atomic_thread_fence(__ATOMIC_SEQ_CST); /* 2.7.13.4.1: the index before the device's flag is read */
  if ((__atomic_load_n(&queue->used.flags, __ATOMIC_RELAXED) & USED_NO_NOTIFY) == 0) {
    __asm__ volatile("fence w, o" : : : "memory");
    queue->registers[VIRTIO_QUEUE_NOTIFY] = queue->number;
  }
}

void queue_interrupts(struct queue *queue, bool wanted) {
  __atomic_store_n(&queue->available.flags, wanted ? 0 : AVAILABLE_NO_INTERRUPT, __ATOMIC_RELAXED);
  if (wanted) __atomic_thread_fence(__ATOMIC_SEQ_CST);
}
