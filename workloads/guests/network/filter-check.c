#include "../runtime/mix.h"
#include "filter.h"

#define SAMPLE_SEED 7

static bool within(uint32_t prefix, uint32_t bits, uint32_t address) {
  return bits == 0 || (prefix ^ address) >> (32 - bits) == 0;
}

static bool in_range(const uint16_t *ports, uint32_t port) { return ports[0] <= port && port <= ports[1]; }

bool filter_search(const struct filter_rule *rules, uint32_t count, const struct filter_header *header) {
  for (const struct filter_rule *rule = rules; rule != rules + count; rule++)
    if (within(rule->source, rule->source_bits, header->source) &&
        within(rule->destination, rule->destination_bits, header->destination) &&
        (rule->protocol == 0 || rule->protocol == header->protocol) &&
        in_range(rule->source_ports, header->source_port) && in_range(rule->destination_ports, header->destination_port))
      return rule->allow;
  return filter.unmatched;
}

static uint32_t draw_address(uint64_t *state, uint32_t prefix, uint32_t bits) {
  uint32_t drawn = (uint32_t)generate(state);
  return bits == 32 ? prefix : prefix | drawn >> bits;
}

static uint16_t draw_port(uint64_t *state, const uint16_t *ports) {
  return (uint16_t)(ports[0] + generate_below(state, ports[1] - ports[0] + 1u));
}

uint64_t filter_check(const struct filter_rule *rules, uint32_t count, uint64_t samples) {
  uint64_t state = SAMPLE_SEED, wrong = 0;
  for (uint64_t i = 0; i < samples && count != 0; i++) {
    /* Source and transport of one rule and the destination of another: near both, and often in neither. */
    const struct filter_rule *rule = &rules[generate_below(&state, count)];
    const struct filter_rule *other = i % 2 == 0 ? rule : &rules[generate_below(&state, count)];
    struct filter_header header = {
        .source = draw_address(&state, rule->source, rule->source_bits),
        .destination = draw_address(&state, other->destination, other->destination_bits),
        .source_port = draw_port(&state, rule->source_ports),
        .destination_port = draw_port(&state, rule->destination_ports),
        .protocol = i % 3 == 0 ? PROTOCOL_TCP : PROTOCOL_UDP,
    };
    struct packet packet = {.protocol = header.protocol};
    packet.source[0] = (uint16_t)network_order(header.source >> 16);
    packet.source[1] = network_order(header.source & 0xffff);
    packet.destination[0] = network_order(header.destination >> 16);
    packet.destination[1] = network_order(header.destination & 0xffff);
    uint32_t ports = network_order(header.source_port) | (uint32_t)network_order(header.destination_port) << 16;
    if (filter_allows(&packet, ports) != filter_search(rules, count, &header)) wrong++;
  }
  return wrong;
}
