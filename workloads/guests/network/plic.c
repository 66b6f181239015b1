#include "plic.h"

#include "../runtime/device-tree.h"
#include "../runtime/power.h"
#include "../runtime/text.h"

/* Byte offsets (chapters 4 to 9). */
#define PRIORITY(interrupt) (4ul * (interrupt))
#define ENABLE(context, interrupt) (0x2000ul + 0x80 * (context) + (interrupt) / 32 * 4)
#define THRESHOLD(context) (0x200000ul + 0x1000 * (context))
#define CLAIM(context) (THRESHOLD(context) + 4)

#define SUPERVISOR_EXTERNAL 9u

static struct {
  uint64_t base;
  uint64_t context;
} plic;

/* What the tree has said so far. */
struct search {
  uint32_t hart_controller; /* phandle; 0 is none */
  const uint32_t *contexts; /* pairs of phandle and interrupt there; all ones for a context without one */
  uint32_t bytes;
};

static void look(const struct tree_node *node, void *data) {
  struct search *search = data;
  if (tree_compatible(node, "riscv,plic0")) {
    plic.base = cells(tree_property(node, "reg", 0));
    search->contexts = tree_property(node, "interrupts-extended", &search->bytes);
  } else if (node->parent != 0 && text_starts(node->parent->name, "cpu@") && tree_compatible(node, "riscv,cpu-intc")) {
    if (cell(tree_property(node->parent, "reg", 0)) == platform.boot_hart) search->hart_controller = cell(tree_property(node, "phandle", 0));
  }
}

static volatile uint32_t *plic_register(uint64_t offset) { return (volatile uint32_t *)(plic.base + offset); }

void plic_begin(void) {
  struct search search = {0};
  device_tree_visit(look, &search);
  if (search.contexts == 0) fail("no interrupt controller in the device tree");
  uint32_t contexts = search.bytes / 8;
  while (plic.context < contexts && (cell(search.contexts + 2 * plic.context) != search.hart_controller ||
                                     cell(search.contexts + 2 * plic.context + 1) != SUPERVISOR_EXTERNAL))
    plic.context++;
  if (plic.context == contexts) fail("the interrupt controller has no context for this hart");
  *plic_register(THRESHOLD(plic.context)) = 0;
}

void plic_enable(uint32_t interrupt) {
  *plic_register(PRIORITY(interrupt)) = 1;
  *plic_register(ENABLE(plic.context, interrupt)) |= 1u << interrupt % 32;
}

uint32_t plic_claim(void) { return *plic_register(CLAIM(plic.context)); }

void plic_complete(uint32_t interrupt) { *plic_register(CLAIM(plic.context)) = interrupt; }
