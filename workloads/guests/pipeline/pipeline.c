/* One guest of a chain that packets go through, from port 0 to port 1: firewall, inspection, translation
   of addresses. The way back is not there. The boot argument `role` says which one it is. */
#include "../runtime/arguments.h"
#include "../runtime/guest.h"
#include "../runtime/power.h"
#include "role.h"

_Noreturn void guest_main(void) {
  if (argument_is("role", "firewall")) firewall();
  if (argument_is("role", "inspection")) inspection();
  if (argument_is("role", "translation")) translation();
  fail("role is none of firewall, inspection and translation");
}
