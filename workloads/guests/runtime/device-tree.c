#include "device-tree.h"

#include "power.h"
#include "text.h"

/* Devicetree Specification 0.4, chapter 5: header words, tokens; everything is big-endian. */
#define MAGIC 0xd00dfeedu
#define HEADER_STRUCTURE 2
#define HEADER_STRINGS 3
#define TOKEN_BEGIN_NODE 1u
#define TOKEN_END_NODE 2u
#define TOKEN_PROPERTY 3u
#define TOKEN_NOP 4u
#define TOKEN_END 9u

struct platform platform = {.boot_arguments = ""};

/* What has been seen of the node that is being read. Properties come before child nodes. */
struct node {
  const char *name;
  const uint32_t *reg; /* two address and two size cells; a CPU's: one address cell */
  const char *compatible;
  uint32_t id;
  uint32_t end;
};

static uint32_t cell(const uint32_t *at) {
  const uint8_t *byte = (const uint8_t *)at;
  return (uint32_t)byte[0] << 24 | (uint32_t)byte[1] << 16 | (uint32_t)byte[2] << 8 | byte[3];
}
static uint64_t cells(const uint32_t *at) { return (uint64_t)cell(at) << 32 | cell(at + 1); }

static void read_property(struct node *node, const char *name, const uint32_t *value) {
  if (text_equal(name, "bootargs")) platform.boot_arguments = (const char *)value;
  else if (text_equal(name, "timebase-frequency")) platform.timebase = cell(value);
  else if (text_equal(name, "reg")) node->reg = value;
  else if (text_equal(name, "compatible")) node->compatible = (const char *)value;
  else if (text_equal(name, "tcbench,id")) node->id = cell(value);
  else if (text_equal(name, "tcbench,end")) node->end = cell(value);
}

static void finish_node(const struct node *node) {
  if (node->reg == 0) return;
  if (text_starts(node->name, "memory@") && platform.memory_bytes == 0) {
    platform.memory_base = cells(node->reg);
    platform.memory_bytes = cells(node->reg + 2);
  } else if (text_starts(node->name, "cpu@") && platform.harts < MAXIMUM_HARTS) {
    platform.hart[platform.harts++] = cell(node->reg);
  } else if (node->compatible != 0 && text_equal(node->compatible, "tcbench,channel")) {
    if (platform.channels == MAXIMUM_CHANNELS) fail("too many channels in the device tree");
    platform.channel[platform.channels++] = (struct channel){
        .window = (volatile void *)cells(node->reg), .window_bytes = cells(node->reg + 2), .id = node->id, .end = node->end};
  }
}

void device_tree_read(const void *tree) {
  const uint32_t *header = tree;
  if (cell(header) != MAGIC) fail("no device tree");
  const char *strings = (const char *)tree + cell(header + HEADER_STRINGS);
  const uint32_t *at = (const uint32_t *)((const char *)tree + cell(header + HEADER_STRUCTURE));
  struct node node = {.name = ""};
  for (;;) {
    uint32_t token = cell(at++);
    if (token == TOKEN_BEGIN_NODE) {
      finish_node(&node);
      node = (struct node){.name = (const char *)at};
      at += text_length(node.name) / 4 + 1;
    } else if (token == TOKEN_END_NODE) {
      finish_node(&node);
      node = (struct node){.name = ""};
    } else if (token == TOKEN_PROPERTY) {
      uint32_t bytes = cell(at);
      read_property(&node, strings + cell(at + 1), at + 2);
      at += 2 + (bytes + 3) / 4;
    } else if (token == TOKEN_END) {
      return;
    } else if (token != TOKEN_NOP) {
      fail("bad device tree");
    }
  }
}
