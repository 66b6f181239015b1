#include "device-tree.h"

#include "power.h"
#include "text.h"

/* Devicetree Specification 0.4, chapter 5: header words, tokens. */
#define MAGIC 0xd00dfeedu
#define HEADER_STRUCTURE 2
#define HEADER_STRINGS 3
#define TOKEN_BEGIN_NODE 1u
#define TOKEN_END_NODE 2u
#define TOKEN_PROPERTY 3u
#define TOKEN_NOP 4u
#define TOKEN_END 9u
#define MAXIMUM_DEPTH 8

struct platform platform = {.boot_arguments = ""};

static const char *part_of_tree(unsigned header_word) {
  return (const char *)platform.tree + cell((const uint32_t *)platform.tree + header_word);
}

/* The token behind a property; `at` is its own. */
static const uint32_t *behind_property(const uint32_t *at) { return at + 3 + (cell(at + 1) + 3) / 4; }

void device_tree_visit(void (*visit)(const struct tree_node *node, void *data), void *data) {
  const uint32_t *at = (const uint32_t *)part_of_tree(HEADER_STRUCTURE);
  struct tree_node path[MAXIMUM_DEPTH];
  uint32_t depth = 0;
  for (;;) {
    uint32_t token = cell(at);
    if (token == TOKEN_BEGIN_NODE) {
      const char *name = (const char *)(at + 1);
      at += 2 + text_length(name) / 4;
      if (depth == MAXIMUM_DEPTH) fail("the device tree is too deep");
      path[depth] = (struct tree_node){name, at, depth == 0 ? 0 : &path[depth - 1]};
      visit(&path[depth++], data);
    } else if (token == TOKEN_PROPERTY) {
      at = behind_property(at);
    } else if (token == TOKEN_END_NODE && depth != 0) {
      depth--;
      at++;
    } else if (token == TOKEN_NOP) {
      at++;
    } else if (token == TOKEN_END) {
      return;
    } else {
      fail("bad device tree");
    }
  }
}

const uint32_t *tree_find(const struct tree_node *node, const char *property, uint32_t *bytes) {
  const char *strings = part_of_tree(HEADER_STRINGS);
  for (const uint32_t *at = node->properties;; at++) {
    while (cell(at) == TOKEN_PROPERTY) {
      if (text_equal(strings + cell(at + 2), property)) {
        if (bytes != 0) *bytes = cell(at + 1);
        return at + 3;
      }
      at = behind_property(at);
    }
    if (cell(at) != TOKEN_NOP) return 0; /* properties come before child nodes */
  }
}

const uint32_t *tree_property(const struct tree_node *node, const char *property, uint32_t *bytes) {
  const uint32_t *value = tree_find(node, property, bytes);
  if (value == 0) fail("a property is missing in the device tree");
  return value;
}

bool tree_compatible(const struct tree_node *node, const char *model) {
  uint32_t bytes = 0;
  const char *text = (const char *)tree_find(node, "compatible", &bytes);
  for (const char *end = text + bytes; text < end; text += text_length(text) + 1)
    if (text_equal(text, model)) return true;
  return false;
}

static void read_node(const struct tree_node *node, void *data) {
  (void)data;
  const uint32_t *value;
  if ((value = tree_find(node, "bootargs", 0)) != 0) platform.boot_arguments = (const char *)value;
  if ((value = tree_find(node, "timebase-frequency", 0)) != 0) platform.timebase = cell(value);
  if (text_starts(node->name, "memory@") && platform.memory_bytes == 0) {
    const uint32_t *reg = tree_property(node, "reg", 0);
    platform.memory_base = cells(reg);
    platform.memory_bytes = cells(reg + 2);
  } else if (text_starts(node->name, "cpu@") && platform.harts < MAXIMUM_HARTS) {
    platform.hart[platform.harts++] = cell(tree_property(node, "reg", 0));
  } else if (tree_compatible(node, "tcbench,channel")) {
    if (platform.channels == MAXIMUM_CHANNELS) fail("too many channels in the device tree");
    const uint32_t *reg = tree_property(node, "reg", 0);
    platform.channel[platform.channels++] = (struct channel){
        .window = (volatile void *)cells(reg), .window_bytes = cells(reg + 2),
        .id = cell(tree_property(node, "tcbench,id", 0)), .end = cell(tree_property(node, "tcbench,end", 0))};
  }
}

void device_tree_read(const void *tree) {
  if (cell(tree) != MAGIC) fail("no device tree");
  platform.tree = tree;
  device_tree_visit(read_node, 0);
}
