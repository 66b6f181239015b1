#include "guest.h"

#include <stdint.h>

#include "arguments.h"
#include "device-tree.h"
#include "paging.h"
#include "power.h"

extern char _start[];
extern char image_end[];

/* Entered from start.S on the guest's own stack. */
_Noreturn void guest_start(uint64_t hart, const void *tree);

_Noreturn void guest_start(uint64_t hart, const void *tree) {
  platform.boot_hart = hart;
  device_tree_read(tree);
  if ((uint64_t)_start < platform.memory_base ||
      (uint64_t)image_end > platform.memory_base + platform.memory_bytes)
    fail("the image does not lie in the memory of the device tree");
  if (argument_number("paging", 0) != 0) paging_enable();
  guest_main();
}
