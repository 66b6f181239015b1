#include "port.h"

#include "../runtime/csr.h"
#include "../runtime/device-tree.h"
#include "plic.h"

#define FEATURE_MAC (1ul << 5)
#define QUEUE_RECEIVE 0
#define QUEUE_SEND 1

struct port ports[MAXIMUM_PORTS];
static uint32_t port_count;

/* Nodes may come in any order: keeps the ports sorted by address. */
static void look(const struct tree_node *node, void *data) {
  (void)data;
  if (!tree_compatible(node, "virtio,mmio")) return;
  volatile uint32_t *registers = (volatile uint32_t *)cells(tree_property(node, "reg", 0));
  if (registers[VIRTIO_MAGIC] != VIRTIO_MAGIC_VALUE || registers[VIRTIO_VERSION] != 2 || registers[VIRTIO_DEVICE] != VIRTIO_NETWORK) return;
  if (port_count == MAXIMUM_PORTS) fail("too many network ports in the device tree");
  uint32_t at = port_count++;
  for (; at != 0 && ports[at - 1].device.registers > registers; at--) ports[at].device = ports[at - 1].device;
  ports[at].device = (struct virtio_device){registers, cell(tree_property(node, "interrupts", 0))};
}

void ports_begin(uint32_t count) {
  plic_begin();
  device_tree_visit(look, 0);
  if (port_count != count) fail("the device tree has not as many network ports as the guest needs");
  for (struct port *port = ports; port != ports + count; port++) {
    virtio_begin(&port->device, FEATURE_MAC);
    virtio_add_queue(&port->device, &port->received, QUEUE_RECEIVE);
    virtio_add_queue(&port->device, &port->sent, QUEUE_SEND);
    const volatile uint8_t *mac = (const volatile uint8_t *)(port->device.registers + VIRTIO_CONFIGURATION);
    for (unsigned i = 0; i < 6; i++) port->mac |= (uint64_t)mac[i] << 8 * i;
    plic_enable(port->device.interrupt);
  }
  csr_set(sie, INTERRUPT_EXTERNAL); /* wakes WFI; sstatus.SIE stays 0, so it is never taken */
}

void port_buffers(struct queue *queue, struct packet *first, bool device_writes) {
  for (uint32_t i = 0; i < QUEUE_SIZE; i++)
    queue->descriptors[i] = (struct descriptor){
        .address = (uint64_t)first + i * BUFFER_BYTES + BUFFER_OFFSET,
        .bytes = BUFFER_BYTES - BUFFER_OFFSET,
        .flags = device_writes ? DESCRIPTOR_WRITE : 0,
    };
}

void port_fill(struct port *port) {
  for (uint32_t i = 0; i < QUEUE_SIZE; i++) queue_put(&port->received, i);
}

void port_start(struct port *port) {
  virtio_start(&port->device);
  queue_publish(&port->received);
}

void ports_serve(void) {
  uint32_t interrupt = plic_claim();
  for (struct port *port = ports; port != ports + port_count; port++)
    if (port->device.interrupt == interrupt) virtio_acknowledge(&port->device);
  if (interrupt != 0) plic_complete(interrupt);
}
