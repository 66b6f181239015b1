/* Manages address spaces of its own. */
#include "../runtime/arguments.h"
#include "../runtime/guest.h"
#include "../runtime/power.h"
#include "mode.h"
#include "space.h"

_Noreturn void guest_main(void) {
  space_begin();
  if (argument_is("mode", "switch")) switch_spaces();
  if (argument_is("mode", "fault")) take_faults();
  if (argument_is("mode", "walk")) walk_tables();
  fail("mode is none of switch, fault and walk");
}
