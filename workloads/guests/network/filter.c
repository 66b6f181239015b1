#include "filter.h"

#include "../runtime/power.h"

#define SET_WORDS (FILTER_MAXIMUM_RULES / 64)
#define ARENA_BYTES 0x180000
#define HASH_SLOTS 0x4000
#define MAXIMUM_CLASSES (HASH_SLOTS / 2)

/* The rules that a class of values matches: bit = number of the rule. */
struct rule_set {
  uint64_t words[SET_WORDS];
};

struct classes {
  uint32_t count;
  struct rule_set *sets;
};

struct filter filter;

static uint8_t arena[ARENA_BYTES] __attribute__((aligned(16)));
static uint64_t arena_used;
static uint16_t hash_slots[HASH_SLOTS]; /* class + 1; 0: free */
static uint32_t used_words;             /* of a set, with so many rules */

static void *take(uint64_t bytes) {
  if (bytes > ARENA_BYTES - arena_used) fail("the filter's rules need more memory than it has");
  void *taken = arena + arena_used;
  arena_used += (bytes + 15) & ~15ul;
  return taken;
}

static void begin_classes(struct classes *classes) {
  classes->count = 0;
  classes->sets = (struct rule_set *)(arena + arena_used);
  for (uint32_t i = 0; i < HASH_SLOTS; i++) hash_slots[i] = 0;
}

/* The class of the values that match just `set`: the one there is, or a new one. */
static uint16_t class_of(struct classes *classes, const struct rule_set *set) {
  uint64_t hash = 0;
  for (uint32_t i = 0; i < used_words; i++) hash = (hash ^ set->words[i]) * 0x9e3779b97f4a7c15u;
  for (uint64_t slot = hash >> 40;; slot++) {
    uint16_t found = hash_slots[slot % HASH_SLOTS];
    if (found == 0) {
      if (classes->count == MAXIMUM_CLASSES) fail("the filter's rules make too many classes");
      struct rule_set *added = take(sizeof *set);
      *added = *set;
      hash_slots[slot % HASH_SLOTS] = (uint16_t)++classes->count;
      return (uint16_t)(classes->count - 1);
    }
    const struct rule_set *known = &classes->sets[found - 1];
    uint32_t i = 0;
    while (i < used_words && known->words[i] == set->words[i]) i++;
    if (i == used_words) return (uint16_t)(found - 1);
  }
}

/* The values of one chunk that a rule matches are always a range: of a prefix, the high half is a
   range, and where it is just one value, the low half is. */
struct range {
  uint32_t first, last;
};

static struct range half_of(uint32_t address, uint32_t bits, bool high) {
  uint32_t free = high ? (bits < 16 ? 16 - bits : 0) : (bits < 16 ? 16 : 32 - bits);
  uint32_t first = (high ? address >> 16 : address & 0xffff) >> free << free;
  return (struct range){first, first + (1u << free) - 1};
}

static struct range range_of(const struct filter_rule *rule, unsigned chunk) {
  switch (chunk) {
    case SOURCE_HIGH: return half_of(rule->source, rule->source_bits, true);
    case SOURCE_LOW: return half_of(rule->source, rule->source_bits, false);
    case DESTINATION_HIGH: return half_of(rule->destination, rule->destination_bits, true);
    case DESTINATION_LOW: return half_of(rule->destination, rule->destination_bits, false);
    case SOURCE_PORT: return (struct range){rule->source_ports[0], rule->source_ports[1]};
    case DESTINATION_PORT: return (struct range){rule->destination_ports[0], rule->destination_ports[1]};
    default: return rule->protocol == 0 ? (struct range){0, 255} : (struct range){rule->protocol, rule->protocol};
  }
}

static struct rule_set rules_of_value(const struct filter_rule *rules, uint32_t count, unsigned chunk, uint32_t value) {
  struct rule_set set = {{0}};
  for (uint32_t i = 0; i < count; i++) {
    struct range range = range_of(&rules[i], chunk);
    if (range.first <= value && value <= range.last) set.words[i / 64] |= 1ul << i % 64;
  }
  return set;
}

static uint16_t swapped(uint32_t value) { return (uint16_t)(value << 8 | value >> 8); }

/* First look-ups of a chunk. Classes change only where a rule's range begins, or just behind its end. */
static void classify_chunk(const struct filter_rule *rules, uint32_t count, unsigned chunk, struct classes *classes) {
  uint16_t(*table)[8] = filter.chunk;
  for (uint32_t value = 0; value <= 0xffff; value++) table[swapped(value)][chunk] = value == 0;
  for (uint32_t i = 0; i < count; i++) {
    struct range range = range_of(&rules[i], chunk);
    table[swapped(range.first)][chunk] = 1;
    if (range.last != 0xffff) table[swapped(range.last + 1)][chunk] = 1;
  }
  begin_classes(classes);
  uint16_t class = 0;
  for (uint32_t value = 0; value <= 0xffff; value++) {
    if (table[swapped(value)][chunk] != 0) {
      struct rule_set set = rules_of_value(rules, count, chunk, value);
      class = class_of(classes, &set);
    }
    table[swapped(value)][chunk] = class;
  }
}

static void classify_protocol(const struct filter_rule *rules, uint32_t count, struct classes *classes) {
  begin_classes(classes);
  for (uint32_t value = 0; value <= 0xff; value++) {
    struct rule_set set = rules_of_value(rules, count, CHUNKS, value);
    uint16_t class = class_of(classes, &set);
    filter.protocol[value] = (uint8_t)class;
  }
}

/* Further look-ups: of every pair of classes, the rules that both match. */
static struct filter_pairs combine(const struct classes *first, const struct classes *second, struct classes *both) {
  uint16_t *table = take(sizeof *table * first->count * second->count);
  begin_classes(both);
  for (uint32_t i = 0; i < first->count; i++)
    for (uint32_t j = 0; j < second->count; j++) {
      struct rule_set set;
      for (uint32_t k = 0; k < SET_WORDS; k++) set.words[k] = first->sets[i].words[k] & second->sets[j].words[k];
      table[i * second->count + j] = class_of(both, &set);
    }
  return (struct filter_pairs){table, second->count};
}

static uint8_t answer_of(const struct rule_set *first, const struct rule_set *second, const struct rule_set *allowing) {
  for (uint32_t i = 0; i < used_words; i++) {
    uint64_t matching = first->words[i] & second->words[i];
    if (matching != 0) return (allowing->words[i] & (matching & -matching)) != 0;
  }
  return filter.unmatched;
}

void filter_build(const struct filter_rule *rules, uint32_t count, bool unmatched) {
  if (count > FILTER_MAXIMUM_RULES) fail("too many rules for the filter");
  filter.unmatched = unmatched;
  used_words = (count + 63) / 64;
  struct classes chunk[CHUNKS], protocol, source, destination, ports, transport, addresses;
  for (unsigned i = 0; i < CHUNKS; i++) classify_chunk(rules, count, i, &chunk[i]);
  classify_protocol(rules, count, &protocol);
  filter.source = combine(&chunk[SOURCE_HIGH], &chunk[SOURCE_LOW], &source);
  filter.destination = combine(&chunk[DESTINATION_HIGH], &chunk[DESTINATION_LOW], &destination);
  filter.ports = combine(&chunk[SOURCE_PORT], &chunk[DESTINATION_PORT], &ports);
  filter.transport = combine(&ports, &protocol, &transport);
  filter.addresses = combine(&source, &destination, &addresses);
  struct rule_set allowing = {{0}};
  for (uint32_t i = 0; i < count; i++)
    if (rules[i].allow != 0) allowing.words[i / 64] |= 1ul << i % 64;
  uint8_t *answer = take((uint64_t)addresses.count * transport.count);
  for (uint32_t i = 0; i < addresses.count; i++)
    for (uint32_t j = 0; j < transport.count; j++)
      answer[i * transport.count + j] = answer_of(&addresses.sets[i], &transport.sets[j], &allowing);
  filter.answer = answer;
  filter.answer_columns = transport.count;
}
