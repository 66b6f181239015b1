/* The neighbours of the routing guests, as workloads/network/addresses.ts says it. */
#pragma once

#include <stdint.h>

/* 02:00:74:63:00 and the number of the port, as halves in memory. */
#define NEIGHBOUR_MAC(port) {0x0002, 0x6374, (uint16_t)((port) << 8)}

/* 198.51.100.1, as halves in memory. */
#define PUBLIC_ADDRESS_HIGH 0x33c6
#define PUBLIC_ADDRESS_LOW 0x0164
