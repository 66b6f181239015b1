/* Serves requests of a client that it does not trust, and works for itself in between. A request is copied out of the window
   once; what is checked and what is used is the copy. With `reader=careless` it looks at the window again after its check: what
   becomes of guests that do. A unit is a turn of its own work; its digest says whether its memory is as it left it. */
#include <stdbool.h>

#include "../runtime/arguments.h"
#include "../runtime/device-tree.h"
#include "../runtime/guest.h"
#include "../runtime/mix.h"
#include "../runtime/power.h"
#include "../runtime/think.h"
#include "../runtime/units.h"
#include "requests.h"

#define BURST 8 /* requests served before its own work has its turn */
#define THINK 4000
#define GUARD 0x5afe5afe5afe5afeul
#define GUARD_WORDS 512 /* as far as a request of a whole page reaches */

static struct {
  uint64_t before;
  uint8_t buffer[MOST_BYTES];
  uint64_t behind[GUARD_WORDS];
} own __attribute__((aligned(64)));

static uint64_t value, copy; /* both take the same steps */

static bool untouched(void) {
  if (own.before != GUARD) return false;
  for (unsigned i = 0; i < GUARD_WORDS; i++)
    if (own.behind[i] != GUARD) return false;
  return true;
}

/* Every byte is loaded once: where the client writes meanwhile, the echo is of both. */
static void copy_in(const volatile uint8_t *from, uint64_t bytes) {
  for (uint64_t i = 0; i < bytes; i++) own.buffer[i] = from[i];
}

static void echo(volatile struct requests_window *window, uint64_t position, uint64_t bytes) {
  volatile uint8_t *to = window->echoes[position % ECHOES];
  for (uint64_t i = 0; i < bytes; i++) to[i] = own.buffer[i];
}

/* Neither sum can wrap: what is too large has been refused before it is added. */
static bool is_inside(struct request request) {
  return request.bytes <= MOST_BYTES && request.offset <= REQUEST_DATA_BYTES && request.bytes <= REQUEST_DATA_BYTES - request.offset;
}

static void serve(volatile struct requests_window *window, uint64_t position) {
  const volatile struct request *at = &window->requests[position % REQUESTS];
  struct request request = {at->offset, at->bytes};
  if (!is_inside(request)) return;
  copy_in(window->data + request.offset, request.bytes);
  echo(window, position, request.bytes);
}

/* As many do it: numbers have signs, and what was checked is loaded again. */
static void serve_carelessly(volatile struct requests_window *window, uint64_t position) {
  const volatile struct request *at = &window->requests[position % REQUESTS];
  if ((int64_t)at->bytes > MOST_BYTES || (int64_t)(at->offset + at->bytes) > REQUEST_DATA_BYTES) return;
  for (uint64_t i = 0; i < at->bytes && i < sizeof own - sizeof own.before; i++) own.buffer[i] = (window->data + at->offset)[i];
  echo(window, position, at->bytes < MOST_BYTES ? at->bytes : MOST_BYTES);
}

static uint64_t work(void) {
  value = mix(value + 1);
  think(THINK);
  copy = mix(copy + 1);
  return value == copy && untouched();
}

_Noreturn void guest_main(void) {
  if (platform.channels == 0 || platform.channel[0].window_bytes < sizeof(struct requests_window)) fail("no channel for requests in the device tree");
  volatile struct requests_window *window = (volatile struct requests_window *)platform.channel[0].window;
  bool careless = argument_is("reader", "careless");
  own.before = GUARD;
  for (unsigned i = 0; i < GUARD_WORDS; i++) own.behind[i] = GUARD;
  units_begin("reader");
  for (uint64_t consumed = 0;;) {
    uint64_t produced = __atomic_load_n(&window->produced, __ATOMIC_ACQUIRE);
    if (produced - consumed > REQUESTS) consumed = produced; /* more than there is room for: none of them is one */
    for (unsigned i = 0; i < BURST && consumed != produced; i++, consumed++) {
      if (careless) serve_carelessly(window, consumed);
      else serve(window, consumed);
    }
    __atomic_store_n(&window->consumed, consumed, __ATOMIC_RELEASE);
    uint64_t right = work();
    if (right == 0) unit_failed();
    unit_done(mix(right));
  }
}
