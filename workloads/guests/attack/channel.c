/* The hostile end of a channel to a guest that serves requests. */
#include <stdbool.h>

#include "../reader/requests.h"
#include "../runtime/arguments.h"
#include "../runtime/csr.h"
#include "../runtime/device-tree.h"
#include "../runtime/mix.h"
#include "../runtime/power.h"
#include "../runtime/timer.h"
#include "attack.h"
#include "probe.h"

#define PAGE_BYTES 4096u
#define PATIENCE 200u /* looks at what the reader has done, before it is given up */
#define BETWEEN_LOOKS 400u
#define DEFAULT_TICK 10000u
#define GOOD_BYTES 64u
#define GOOD_PHASE 1024u
#define BAD_PHASE 16384u

static volatile struct requests_window *window;
static uint64_t produced;

static void open_window(void) {
  if (platform.channels == 0 || platform.channel[0].window_bytes < sizeof(struct requests_window)) fail("no channel for requests in the device tree");
  window = (volatile struct requests_window *)platform.channel[0].window;
  produced = window->produced;
}

static volatile struct request *request_next(void) { return &window->requests[produced % REQUESTS]; }

static void publish(void) { __atomic_store_n(&window->produced, ++produced, __ATOMIC_RELEASE); }

static bool is_consumed(void) { return __atomic_load_n(&window->consumed, __ATOMIC_ACQUIRE) == produced; }

static void await_echoes(void) {
  for (unsigned look = 0; look < PATIENCE && !is_consumed(); look++) compute(BETWEEN_LOOKS);
  for (unsigned i = 0; i < ECHOES; i++) take_secret(window->echoes[i], MOST_BYTES);
}

/* Where, from the data of the window on, the reader has what lies at `physical`: guests with a second stage all see their memory
   and their first window at the same addresses, others where they are. */
static uint64_t distance(uint64_t physical) {
  bool flat = argument_number("own", 0) == platform.memory_base;
  uint64_t seen = flat ? physical : physical - argument_number("victim", 0) + platform.memory_base;
  return seen - (uint64_t)window->data;
}

static void ask(uint64_t offset, uint64_t bytes) {
  volatile struct request *request = request_next();
  request->offset = offset;
  request->bytes = bytes;
  publish();
}

/* Loads and stores of its own, on both sides of the window. */
static void reach_around(void) {
  uint64_t first = (uint64_t)window, behind = first + platform.channel[0].window_bytes;
  for (uint64_t at = first - PAGE_BYTES; at < first && probe_store(at, PATTERN); at += 8) continue;
  for (uint64_t at = behind; at < behind + PAGE_BYTES && probe_store(at, PATTERN); at += 8) continue;
}

/* Outside the data, wrapped around it, and more of them than there can be. */
_Noreturn void attack_channel_reach(void) {
  open_window();
  uint64_t secret = distance(target_numbered(0).base);
  probe_begin();
  for (;;) {
    ask(secret, MOST_BYTES);
    await_echoes();
    ask(REQUEST_DATA_BYTES, MOST_BYTES);
    ask(REQUEST_DATA_BYTES - 1, MOST_BYTES);
    ask(-1ul, 2);
    ask(-(uint64_t)PAGE_BYTES, MOST_BYTES);
    ask(0, MOST_BYTES + 1);
    ask(0, REQUEST_DATA_BYTES);
    ask(GOOD_BYTES, -(uint64_t)GOOD_BYTES);
    ask(1ul << 63, 1ul << 63);
    await_echoes();
    produced += 3 * REQUESTS;
    publish();
    await_echoes();
    produced = -2ul;
    publish();
    await_echoes();
    produced = 0;
    publish();
    await_echoes();
    reach_around();
    round_done();
  }
}

/* What all requests ask for, and data that comes with it. */
static void rewrite(uint64_t offset, uint64_t bytes) {
  for (unsigned i = 0; i < REQUESTS; i++) {
    window->requests[i].bytes = bytes;
    window->requests[i].offset = offset;
    window->data[i]++;
  }
}

/* Good requests that are no longer good when they are looked at again, for as long as it takes to copy what they ask for. Sleeps in
   between for a time of its own: guests that do the same on all harts would be in step, and never run while their readers do. */
_Noreturn void attack_channel_change(void) {
  uint64_t seed = argument_number("own", 0);
  uint64_t tick = argument_number("tick", DEFAULT_TICK);
  open_window();
  uint64_t secret = distance(target_numbered(0).base);
  for (;;) {
    timer_sleep_until(time_now() + generate_below(&seed, tick / 2));
    for (unsigned i = 0; i < ECHOES; i++) ask(0, GOOD_BYTES);
    for (unsigned turn = 0; turn < PATIENCE && !is_consumed(); turn++) {
      rewrite(0, GOOD_BYTES);
      compute(generate_below(&seed, GOOD_PHASE));
      rewrite(secret, PAGE_BYTES);
      compute(generate_below(&seed, BAD_PHASE));
    }
    await_echoes();
    round_done();
  }
}
