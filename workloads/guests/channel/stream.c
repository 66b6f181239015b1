/* A stream of messages of 64 bytes from end 0 to end 1, through a ring with one producer and one
   consumer. A doorbell is rung only for a peer that said it sleeps. A unit is 64 messages. */
#include <stdbool.h>

#include "../runtime/doorbell.h"
#include "../runtime/mix.h"
#include "../runtime/power.h"
#include "../runtime/units.h"
#include "mode.h"

#define SLOTS 128u
#define UNIT_MESSAGES 64
#define PAYLOAD_WORDS 6
#define UNIT_SEED 13

struct message {
  uint64_t sequence;
  uint64_t payload[PAYLOAD_WORDS];
  uint64_t checksum;
};

/* One end's line: only `asleep` is also written by the peer, which takes it back when it rings. */
struct side {
  uint64_t position; /* messages produced or consumed so far */
  uint64_t asleep;
  uint64_t fill_the_line[6];
};

struct window {
  struct side producer;
  struct side consumer;
  struct message slots[SLOTS];
};

static uint64_t position_of(const struct side *side) { return __atomic_load_n(&side->position, __ATOMIC_ACQUIRE); }

/* Publishes progress; rings where the peer sleeps and `worthwhile`. Publishing comes before looking at
   `asleep`, as saying `asleep` comes before the last look at progress in sleep_on: one of the two sees
   the other, so no wake-up is lost. */
static void publish(const struct channel *channel, struct side *own, struct side *peer, uint64_t position, bool worthwhile) {
  __atomic_store_n(&own->position, position, __ATOMIC_RELEASE);
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  if (worthwhile && __atomic_load_n(&peer->asleep, __ATOMIC_RELAXED) != 0 &&
      __atomic_exchange_n(&peer->asleep, 0, __ATOMIC_ACQ_REL) != 0 && doorbell_ring(channel->id) != 0)
    unit_failed();
}

/* Sleeps unless the peer's position is no longer `seen`. */
static void sleep_on(struct side *own, const struct side *peer, uint64_t seen) {
  __atomic_store_n(&own->asleep, 1, __ATOMIC_RELAXED);
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  if (position_of(peer) == seen) doorbell_sleep();
  __atomic_store_n(&own->asleep, 0, __ATOMIC_RELAXED);
}

static uint64_t checksum_of(const struct message *message) {
  uint64_t sum = message->sequence;
  for (unsigned i = 0; i < PAYLOAD_WORDS; i++) sum = (sum << 7 | sum >> 57) + message->payload[i];
  return sum;
}

static _Noreturn void produce(const struct channel *channel, struct window *window) {
  for (uint64_t sequence = 0;;) {
    uint64_t seed = UNIT_SEED;
    uint64_t digest = 0;
    for (unsigned i = 0; i < UNIT_MESSAGES; i++, sequence++) {
      uint64_t consumed;
      while (sequence - (consumed = position_of(&window->consumer)) == SLOTS)
        sleep_on(&window->producer, &window->consumer, consumed);
      struct message *message = &window->slots[sequence % SLOTS];
      message->sequence = sequence;
      for (unsigned j = 0; j < PAYLOAD_WORDS; j++) digest = digest * 31 + (message->payload[j] = generate(&seed));
      message->checksum = checksum_of(message);
      publish(channel, &window->producer, &window->consumer, sequence + 1, true);
    }
    unit_done(mix(digest));
  }
}

static _Noreturn void consume(const struct channel *channel, struct window *window) {
  for (uint64_t sequence = 0;;) {
    uint64_t digest = 0;
    for (unsigned i = 0; i < UNIT_MESSAGES; i++, sequence++) {
      uint64_t produced;
      while ((produced = position_of(&window->producer)) == sequence)
        sleep_on(&window->consumer, &window->producer, produced);
      const struct message *message = &window->slots[sequence % SLOTS];
      if (message->sequence != sequence || message->checksum != checksum_of(message)) unit_failed();
      for (unsigned j = 0; j < PAYLOAD_WORDS; j++) digest = digest * 31 + message->payload[j];
      /* A sleeping producer is worth waking when half the ring is free; the ring runs empty, and so
         passes half, before this end sleeps. */
      publish(channel, &window->consumer, &window->producer, sequence + 1, produced - sequence - 1 <= SLOTS / 2);
    }
    unit_done(mix(digest));
  }
}

_Noreturn void stream(const struct channel *channel) {
  struct window *window = (struct window *)channel->window;
  if (channel->window_bytes < sizeof *window) fail("the channel's window is too small");
  units_begin("channel-stream");
  if (channel->end == 0) produce(channel, window);
  consume(channel, window);
}
