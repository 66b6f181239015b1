/* Linked list of 1024 nodes, scattered in memory: merge sort, reversal, searches. */
#include "../runtime/mix.h"
#include "../runtime/units.h"
#include "kernel.h"

#define NODES 1024
#define SEARCHES 64
#define STRIDE 389 /* odd, so that i * STRIDE mod NODES visits every node */

struct node {
  struct node *next;
  uint64_t key;
};

static struct node nodes[NODES];

/* Cuts the list after `length` nodes; answers the rest. */
static struct node *cut(struct node *list, unsigned length) {
  while (list != 0 && --length != 0) list = list->next;
  if (list == 0) return 0;
  struct node *rest = list->next;
  list->next = 0;
  return rest;
}

/* Merges two sorted lists behind `tail`; answers the new tail. */
static struct node *merge(struct node *tail, struct node *left, struct node *right) {
  while (left != 0 && right != 0) {
    struct node **least = left->key <= right->key ? &left : &right;
    tail->next = *least;
    tail = *least;
    *least = tail->next;
  }
  tail->next = left != 0 ? left : right;
  while (tail->next != 0) tail = tail->next;
  return tail;
}

/* Merge sort from the bottom up: runs of 1, 2, 4, ... nodes. */
static struct node *sort(struct node *list) {
  for (unsigned run = 1; run < NODES; run *= 2) {
    struct node head = {.next = 0};
    struct node *tail = &head;
    while (list != 0) {
      struct node *left = list;
      struct node *right = cut(left, run);
      list = cut(right, run);
      tail = merge(tail, left, right);
    }
    list = head.next;
  }
  return list;
}

static struct node *reverse(struct node *list) {
  struct node *reversed = 0;
  while (list != 0) {
    struct node *rest = list->next;
    list->next = reversed;
    reversed = list;
    list = rest;
  }
  return reversed;
}

uint64_t list_unit(void) {
  uint64_t seed = 9;
  struct node *list = 0;
  for (unsigned i = 0; i < NODES; i++) {
    struct node *node = &nodes[i * STRIDE % NODES];
    *node = (struct node){.next = list, .key = generate(&seed)};
    list = node;
  }
  list = reverse(sort(list));
  uint64_t digest = 0;
  unsigned length = 0;
  for (const struct node *at = list; at != 0; at = at->next, length++) {
    if (at->next != 0 && at->key < at->next->key) unit_failed();
    digest = digest * 31 + at->key;
  }
  if (length != NODES) unit_failed();
  for (unsigned i = 0; i < SEARCHES; i++) {
    uint64_t key = generate(&seed);
    uint64_t position = 0;
    for (const struct node *at = list; at != 0 && at->key > key; at = at->next) position++;
    digest = digest * 31 + position;
  }
  return mix(digest);
}
