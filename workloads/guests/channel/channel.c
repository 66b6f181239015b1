/* One end of a channel to another guest. */
#include "../runtime/arguments.h"
#include "../runtime/csr.h"
#include "../runtime/guest.h"
#include "../runtime/power.h"
#include "mode.h"

_Noreturn void guest_main(void) {
  if (platform.channels == 0) fail("no channel in the device tree");
  csr_set(sie, INTERRUPT_SOFTWARE); /* wakes WFI; sstatus.SIE stays 0, so it is never taken */
  if (argument_is("mode", "pingpong")) pingpong(&platform.channel[0]);
  if (argument_is("mode", "stream")) stream(&platform.channel[0]);
  fail("mode is neither pingpong nor stream");
}
