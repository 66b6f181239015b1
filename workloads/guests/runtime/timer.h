/* Sleeping on the S-mode timer. */
#pragma once

#include <stdint.h>

struct wake {
  uint64_t cycle;      /* `cycle` and `time` when the handler ran */
  uint64_t time;
  uint64_t interrupts; /* taken since the timer was set */
};

/* Sets the timer to `deadline` (ticks) and waits until its interrupt has been taken. */
struct wake timer_sleep_until(uint64_t deadline);

/* Called by the trap dispatch. */
void timer_interrupt(void);
