/* Has devices read and write memory that is not this guest's: a disk, a network port, or two interfaces on the engine's own
   switch. Queues lie where they should not either, and hold what they should not. */
#include "../runtime/device-tree.h"
#include "../runtime/power.h"
#include "attack.h"
#include "probe.h"
#include "queues.h"

#define SECTOR_BYTES 512u
#define PAGE_BYTES 4096u
#define DISK_READ 0
#define DISK_WRITE 1
#define SCRATCH_SECTOR 64u /* those below hold the pattern */
#define QUEUE_RECEIVE 0
#define QUEUE_SEND 1
#define ETHERNET_BYTES 14u
#define HEADER_BYTES (12u + ETHERNET_BYTES) /* the device's and Ethernet's */
#define MAC_BYTES 6u
#define WITHIN_BYTES 64u
#define COUNT(table) (sizeof(table) / sizeof(table)[0])

/* What one interface does for all attempts. */
struct vehicle {
  /* Has the device read a buffer, and takes what comes back of it. */
  void (*send)(struct rings rings, uint64_t address, uint32_t bytes);
  /* Has the device write its header and then the pattern into a buffer. */
  void (*receive)(struct rings rings, uint64_t address, uint32_t bytes);
  struct queue *sends, *receives;
  uint32_t send_number;
  uint32_t header_bytes;
};

static struct queue sending, receiving;
static volatile uint32_t *first, *second;
static uint8_t buffer[PAGE_BYTES] __attribute__((aligned(64)));
static struct {
  uint32_t type, reserved;
  uint64_t sector;
} request;
static uint8_t status;
static uint8_t header[HEADER_BYTES];
static uint64_t pattern[SECTOR_BYTES / sizeof(uint64_t)];

/* ---- disk: one queue; what is written can be read again ------------------------------------------- */

static void disk_request(struct rings rings, uint32_t type, uint64_t sector, uint64_t address, uint32_t bytes) {
  request.type = type;
  request.sector = sector;
  device_reset(first);
  device_queue(first, &sending, 0, rings);
  sending.descriptors[CHAIN] = buffer_of(&request, sizeof request, DESCRIPTOR_NEXT, NEXT);
  sending.descriptors[NEXT] = (struct descriptor){address, bytes, (uint16_t)(DESCRIPTOR_NEXT | (type == DISK_READ ? DESCRIPTOR_WRITE : 0)), LAST};
  sending.descriptors[LAST] = buffer_of(&status, sizeof status, DESCRIPTOR_WRITE, 0);
  device_start(first);
  device_offer(first, &sending, 0, CHAIN);
  device_answers(&sending);
}

static void disk_send(struct rings rings, uint64_t address, uint32_t bytes) {
  disk_request(rings, DISK_WRITE, SCRATCH_SECTOR, address, bytes);
  disk_request(rings_of(&sending), DISK_READ, SCRATCH_SECTOR, (uint64_t)buffer, SECTOR_BYTES);
  take_secret(buffer, SECTOR_BYTES);
}

static void disk_receive(struct rings rings, uint64_t address, uint32_t bytes) { disk_request(rings, DISK_READ, 0, address, bytes); }

/* ---- network: a header of its own, then the buffer; or the buffer alone ----------------------------- */

static void network_queue(volatile uint32_t *device, uint32_t number, struct rings rings) {
  device_reset(device);
  device_queue(device, number == QUEUE_SEND ? &sending : &receiving, number, rings);
}

static void send_chain(struct rings rings, uint64_t address, uint32_t bytes) {
  network_queue(first, QUEUE_SEND, rings);
  sending.descriptors[CHAIN] = buffer_of(header, sizeof header, DESCRIPTOR_NEXT, NEXT);
  sending.descriptors[NEXT] = (struct descriptor){address, bytes, 0, 0};
  device_start(first);
  device_offer(first, &sending, QUEUE_SEND, CHAIN);
}

static void offer_buffer(volatile uint32_t *device, struct rings rings, uint64_t address, uint32_t bytes) {
  network_queue(device, QUEUE_RECEIVE, rings);
  receiving.descriptors[CHAIN] = (struct descriptor){address, bytes, DESCRIPTOR_WRITE, 0};
  device_start(device);
  device_offer(device, &receiving, QUEUE_RECEIVE, CHAIN);
}

/* What is sent leaves the machine, and what arrives holds the pattern. */
static void port_send(struct rings rings, uint64_t address, uint32_t bytes) {
  send_chain(rings, address, bytes);
  device_answers(&sending);
}

static void port_receive(struct rings rings, uint64_t address, uint32_t bytes) {
  offer_buffer(first, rings, address, bytes);
  device_answers(&receiving);
}

/* What one interface sends, the other receives. */
static void switch_send(struct rings rings, uint64_t address, uint32_t bytes) {
  offer_buffer(second, rings_of(&receiving), (uint64_t)buffer, sizeof buffer);
  send_chain(rings, address, bytes);
  if (device_answers(&receiving)) take_secret(buffer, sizeof buffer);
}

static void switch_receive(struct rings rings, uint64_t address, uint32_t bytes) {
  offer_buffer(second, rings, address, bytes);
  send_chain(rings_of(&sending), (uint64_t)pattern, SECTOR_BYTES);
  device_answers(&receiving);
}

/* ---- what is tried --------------------------------------------------------------------------------- */

static void receive_to(const struct vehicle *vehicle, uint64_t address) {
  vehicle->receive(rings_of(vehicle->receives), address - vehicle->header_bytes, SECTOR_BYTES + vehicle->header_bytes);
}

/* A target under every address that might mean it. */
static void reach_for(const struct vehicle *vehicle, struct target target) {
  const uint64_t addresses[] = {target.base, unlimited(target.base), target.base | ~0ul << 32, target.base | 1ul << 63, target.base | 1ul << 32};
  for (unsigned i = 0; i < COUNT(addresses); i++) {
    vehicle->send(rings_of(vehicle->sends), addresses[i], SECTOR_BYTES);
    for (uint64_t at = 0; at < target.bytes; at += PAGE_BYTES) receive_to(vehicle, addresses[i] + at);
  }
}

/* Each of a queue's parts in turn where the target is; used entries begin a word behind the ring they are in. */
static void place_rings(const struct vehicle *vehicle, struct target target) {
  const uint64_t addresses[] = {target.base, unlimited(target.base)};
  for (unsigned i = 0; i < COUNT(addresses); i++) {
    for (unsigned part = 0; part < 3; part++) {
      struct rings sends = rings_of(vehicle->sends), receives = rings_of(vehicle->receives);
      if (part == 0) sends.descriptors = receives.descriptors = addresses[i];
      if (part == 1) sends.available = receives.available = addresses[i];
      if (part == 2) sends.used = receives.used = addresses[i] + 4;
      vehicle->send(sends, (uint64_t)pattern, SECTOR_BYTES);
      vehicle->receive(receives, (uint64_t)buffer, SECTOR_BYTES + vehicle->header_bytes);
    }
  }
}

/* Buffers that begin in this guest's memory and end outside it, or wrap around the end of all addresses. The first is as long as what
   is received, most of it outside. */
static void stretch(const struct vehicle *vehicle) {
  uint64_t begin = platform.memory_base, end = begin + platform.memory_bytes, last = -(uint64_t)SECTOR_BYTES;
  receive_to(vehicle, end - WITHIN_BYTES);
  const struct {
    uint64_t address;
    uint32_t bytes;
  } buffers[] = {
      {end - SECTOR_BYTES, 2 * SECTOR_BYTES}, {end - SECTOR_BYTES, 0x7ffffe00}, {end - SECTOR_BYTES, 0x80000000}, {end - SECTOR_BYTES, 0xfffffe00},
      {begin - SECTOR_BYTES, 2 * SECTOR_BYTES}, {last, 2 * SECTOR_BYTES}, {last, 0x80000200}, {last, (uint32_t)begin + 2 * SECTOR_BYTES},
      {0, 0xfffffe00}, {(uint64_t)buffer, 0},
  };
  for (unsigned i = 0; i < COUNT(buffers); i++) {
    vehicle->send(rings_of(vehicle->sends), buffers[i].address, buffers[i].bytes);
    vehicle->receive(rings_of(vehicle->receives), buffers[i].address, buffers[i].bytes);
  }
}

/* A chain as it is given, in the queue that the device reads from. */
static void try_chain(const struct vehicle *vehicle, struct descriptor chain, uint32_t head) {
  device_reset(first);
  device_queue(first, vehicle->sends, vehicle->send_number, rings_of(vehicle->sends));
  vehicle->sends->descriptors[CHAIN] = chain;
  device_start(first);
  device_offer(first, vehicle->sends, vehicle->send_number, head);
  device_answers(vehicle->sends);
}

/* Chains that loop, leave the table, lie in a table elsewhere, or are in no order; and more of them than a ring holds. */
static void tangle(const struct vehicle *vehicle, struct target target) {
  try_chain(vehicle, buffer_of(buffer, sizeof buffer, DESCRIPTOR_NEXT, CHAIN), CHAIN);
  try_chain(vehicle, buffer_of(buffer, sizeof buffer, DESCRIPTOR_NEXT | DESCRIPTOR_WRITE, CHAIN), CHAIN);
  try_chain(vehicle, buffer_of(buffer, sizeof buffer, DESCRIPTOR_NEXT, QUEUE_SIZE), CHAIN);
  try_chain(vehicle, buffer_of(buffer, sizeof buffer, DESCRIPTOR_NEXT, 0xffff), CHAIN);
  try_chain(vehicle, buffer_of(buffer, sizeof buffer, 0, 0), QUEUE_SIZE);
  try_chain(vehicle, buffer_of(buffer, sizeof buffer, 0, 0), 0xffff);
  try_chain(vehicle, buffer_of((void *)target.base, PAGE_BYTES, DESCRIPTOR_INDIRECT, 0), CHAIN);
  try_chain(vehicle, buffer_of((void *)unlimited(target.base), PAGE_BYTES, DESCRIPTOR_INDIRECT | DESCRIPTOR_NEXT, CHAIN), CHAIN);
  vehicle->sends->available.index += QUEUE_SIZE + 1;
  device_offer(first, vehicle->sends, vehicle->send_number, CHAIN);
}

static _Noreturn void drive(const struct vehicle *vehicle) {
  for (unsigned i = 0; i < COUNT(pattern); i++) pattern[i] = PATTERN;
  for (unsigned i = 0; i < MAC_BYTES; i++) header[HEADER_BYTES - ETHERNET_BYTES + i] = 0xff; /* to everybody */
  probe_begin();
  for (;;) {
    struct target target;
    for (unsigned number = 0; (target = target_numbered(number)).bytes != 0; number++) {
      round_done();
      reach_for(vehicle, target);
      place_rings(vehicle, target);
      tangle(vehicle, target);
    }
    stretch(vehicle);
  }
}

static volatile uint32_t *own_device(uint32_t kind, unsigned number) {
  volatile uint32_t *device = device_found(kind, number);
  if (device == 0) attack_schedule_spin(); /* there are fewer devices than hostile guests */
  return device;
}

_Noreturn void attack_dma_disk(void) {
  static const struct vehicle disk = {disk_send, disk_receive, &sending, &sending, 0, 0};
  first = own_device(VIRTIO_BLOCK, 0);
  drive(&disk);
}

_Noreturn void attack_dma_port(void) {
  static const struct vehicle port = {port_send, port_receive, &sending, &receiving, QUEUE_SEND, HEADER_BYTES};
  first = own_device(VIRTIO_NETWORK, 0);
  drive(&port);
}

_Noreturn void attack_dma_switch(void) {
  static const struct vehicle interfaces = {switch_send, switch_receive, &sending, &receiving, QUEUE_SEND, HEADER_BYTES};
  first = own_device(VIRTIO_NETWORK, 0);
  second = own_device(VIRTIO_NETWORK, 1);
  drive(&interfaces);
}
