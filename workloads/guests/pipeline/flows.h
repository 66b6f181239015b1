/* The flows that addresses are translated for (RFC 3022): a table of fixed size. The place that a flow
   has in it is its port on the outside, so that no two flows share one. */
#pragma once

#include <stdint.h>

#define FLOW_WAYS 8u
#define FLOW_SETS 4096u
#define FLOW_FIRST_PORT 32768u
#define FLOW_NONE 0xffffffffu
_Static_assert(FLOW_FIRST_PORT + FLOW_WAYS * FLOW_SETS == 0x10000, "every place has a port");

/* The place of the flow with this source, destination and ports, as the packet has them, and protocol:
   the one it has had, or a new one where one of the places it may have is free or was not used in the
   last `FLOW_IDLE_TICKS`; else FLOW_NONE. */
uint32_t flow_place(uint32_t source, uint32_t destination, uint32_t ports, uint32_t protocol, uint64_t now);
