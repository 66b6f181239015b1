/* What the guest does with its address spaces. */
#pragma once

_Noreturn void switch_spaces(void);
_Noreturn void take_faults(void);
_Noreturn void walk_tables(void);
