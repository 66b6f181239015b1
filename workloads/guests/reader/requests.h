/* The channel of a guest that serves requests: the window holds requests, which name bytes of the window that are to be
   echoed, and the echoes. The other end is not trusted. */
#pragma once

#include <stdint.h>

#define REQUESTS 32u      /* a power of two */
#define MOST_BYTES 512u   /* of one request */
#define REQUEST_DATA_BYTES 8192u
#define ECHOES 8u         /* a power of two */
#define REQUESTS_WINDOW_BYTES 0x4000u

struct request {
  uint64_t offset; /* in `data` */
  uint64_t bytes;
};

/* Positions count from 0 and never wrap; each has a line of its own. */
struct requests_window {
  uint64_t produced; /* by the client */
  uint64_t fill_the_line[7];
  uint64_t consumed; /* by the reader */
  uint64_t fill_the_next_line[7];
  struct request requests[REQUESTS];
  uint8_t fill_the_page[4096 - 2 * 64 - REQUESTS * sizeof(struct request)];
  uint8_t data[REQUEST_DATA_BYTES];
  uint8_t echoes[ECHOES][MOST_BYTES];
};
_Static_assert(sizeof(struct requests_window) == REQUESTS_WINDOW_BYTES, "the window has four pages");
