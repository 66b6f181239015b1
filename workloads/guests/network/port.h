/* Network ports: virtio-net (virtio 1.2, 5.1), polled while there is work, with interrupts only to wake
   a guest that sleeps. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "packet.h"
#include "virtio.h"

#define MAXIMUM_PORTS 2
#define BURST 64 /* packets that are taken from a queue before others have their turn */

struct port {
  struct queue received, sent;
  struct virtio_device device;
  uint64_t mac; /* as a little-endian number */
};

extern struct port ports[MAXIMUM_PORTS] __attribute__((visibility("hidden")));

/* Finds the ports in the device tree, in the order of their addresses, and the interrupt controller.
   Fails unless there are `count`. */
void ports_begin(uint32_t count);
/* Gives one of a port's queues its buffers, one descriptor each: device writes those of `received`. The
   same buffers may be those of one port's `received` and another's `sent`, and then move between the two
   by their number alone. */
void port_buffers(struct queue *queue, struct packet *first, bool device_writes);
/* Makes every buffer available for packets to come in. */
void port_fill(struct port *port);
/* When queues have their buffers: from here on packets come in. */
void port_start(struct port *port);
/* With external interrupts enabled in sie: answers one that is pending. */
void ports_serve(void);

static inline void port_send(struct port *port, struct packet *packet, uint32_t id, uint32_t bytes) {
  packet->net_flags = 0;
  packet->net_offload = 0;
  packet->net_buffers = 0;
  port->sent.descriptors[id].bytes = bytes;
  queue_put(&port->sent, id);
}

/* Whether the queue's owner should hear of buffers that were sent: there are few others left. */
static inline bool port_sends_many(const struct port *port) { return queue_outstanding(&port->sent) >= QUEUE_SIZE / 2; }
