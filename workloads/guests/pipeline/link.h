/* A link between two guests: buffers in a channel's window that change hands by number. Packets go from
   end 0 to end 1, and buffers come back. Each direction is a ring with one producer and one consumer. A
   doorbell is rung only for a peer that said it sleeps. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "../network/packet.h"
#include "../runtime/device-tree.h"

#define LINK_BUFFERS 256u /* a power of two: a ring never runs over */
#define LINK_HEADER_BYTES 8192u
#define LINK_WINDOW_BYTES (LINK_HEADER_BYTES + LINK_BUFFERS * BUFFER_BYTES)

/* Positions count from 0 and never wrap; each has a line of its own. */
struct link_ring {
  uint64_t produced;
  uint64_t fill_the_line[7];
  uint64_t consumed;
  uint64_t fill_the_next_line[7];
  uint64_t entries[LINK_BUFFERS];
};

struct link_window {
  struct {
    uint64_t asleep; /* taken back by the peer when it rings */
    uint64_t fill_the_line[7];
  } ends[2];
  struct link_ring packets; /* buffer, and bytes in it << 32 */
  struct link_ring freed;   /* buffer */
};
_Static_assert(sizeof(struct link_window) <= LINK_HEADER_BYTES, "the rings lie before the buffers");

/* One end. Positions are its own; what it has not published, the peer does not see. */
struct link {
  const struct channel *channel;
  struct link_window *window;
  struct link_ring *out, *in;
  uint64_t produced, published; /* of `out` */
  uint64_t consumed, seen;      /* of `in`: taken, and known to be there */
};

/* Fails where the channel is not the end that is wanted, or its window too small. */
struct link link_open(const struct channel *channel, uint32_t end);

static inline struct packet *link_packet(const struct link *link, uint64_t buffer) {
  return (struct packet *)((uint8_t *)link->window + LINK_HEADER_BYTES + buffer * BUFFER_BYTES);
}

/* How many entries wait. Looks at the peer's position only when those known of are taken. */
static inline uint64_t link_waiting(struct link *link) {
  if (link->seen == link->consumed) link->seen = __atomic_load_n(&link->in->produced, __ATOMIC_ACQUIRE);
  return link->seen - link->consumed;
}
static inline uint64_t link_take(struct link *link) { return link->in->entries[link->consumed++ % LINK_BUFFERS]; }
static inline void link_put(struct link *link, uint64_t entry) { link->out->entries[link->produced++ % LINK_BUFFERS] = entry; }

/* Publishes what was put and taken. Packets wake a peer that sleeps; buffers do once half of them wait:
   fewer are of no use to a peer that sleeps for want of them. */
void link_publish(struct link *link);

/* Sleeping: link_doze, then a last look for work, then waiting, then link_wake. */
void link_doze(struct link *link);
void link_wake(struct link *link);
/* Waits for an interrupt, of a device or of a doorbell, and answers it. */
void link_wait(void);
