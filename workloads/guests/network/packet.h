/* A packet in its buffer: the header of virtio-net, Ethernet, IPv4 without options, UDP or TCP. The
   buffer begins so that the IPv4 header is aligned. Numbers are as on the wire, big-endian. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define BUFFER_BYTES 2048
#define BUFFER_OFFSET 6 /* where the device's part of a buffer begins */
#define NET_HEADER_BYTES 12u /* virtio 1.2, 5.1.6: without mergeable buffers too */
#define ETHERNET_BYTES 14u
#define IPV4_BYTES 20u
#define UDP_BYTES 8u
#define TCP_BYTES 20u

#define PROTOCOL_TCP 6
#define PROTOCOL_UDP 17
#define TYPE_IPV4 0x0008u    /* 0x0800 as a little-endian half */
#define MAC_MASK 0xffffffffffffu

struct packet {
  uint16_t unused[3];
  uint16_t net_flags;
  uint64_t net_offload;
  uint16_t net_buffers;
  uint16_t destination_mac[3];
  union {
    struct {
      uint16_t source_mac[3];
      uint16_t type;
    };
    uint64_t source_mac_and_type;
  };
  union {
    struct {
      uint8_t version_and_words;
      uint8_t service;
      uint16_t total_bytes;
      uint16_t identification;
      uint16_t fragment;
      uint8_t time_to_live;
      uint8_t protocol;
      uint16_t checksum;
      uint16_t source[2];
      uint16_t destination[2];
      uint16_t source_port, destination_port;
      union {
        struct {
          uint16_t udp_bytes, udp_checksum;
        };
        struct {
          uint16_t tcp_sequence[2], tcp_acknowledgement[2];
          uint8_t tcp_words, tcp_flags;
          uint16_t tcp_window, tcp_checksum, tcp_urgent;
        };
      };
    };
    struct {
      uint64_t word[2];
      uint32_t destination_address;
      uint32_t ports;
    };
  };
};
_Static_assert(__builtin_offsetof(struct packet, version_and_words) == 32, "the IPv4 header is aligned");
_Static_assert(__builtin_offsetof(struct packet, tcp_urgent) == 70, "TCP's fields lie as RFC 9293 has them");

static inline uint32_t network_order(uint32_t half) { return (half & 0xff) << 8 | (half >> 8 & 0xff); }

/* One's complement sum of 16 bits, of a sum that still holds its carries (RFC 1071). */
static inline uint32_t checksum_fold(uint64_t sum) {
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  return (uint32_t)((sum & 0xffff) + (sum >> 16));
}

/* A checksum after `removed` left what it sums and `added` came: equation 3 of RFC 1624. Both are sums
   of 16-bit words, at most 32 bits long. */
static inline uint16_t checksum_update(uint16_t checksum, uint64_t removed, uint64_t added) {
  return (uint16_t)~checksum_fold((uint16_t)~checksum + (0xffffffff - removed) + added);
}

static inline bool has_ports(const struct packet *packet) {
  return packet->protocol == PROTOCOL_UDP || packet->protocol == PROTOCOL_TCP;
}

/* The ports as the packet has them, source first; 0 where its protocol has none. */
static inline uint32_t ports_of(const struct packet *packet) { return has_ports(packet) ? packet->ports : 0; }

/* Whether a router may forward the packet (RFC 1812, 5.2.2 and 5.3.1) that was sent to `mac` and fills
   `bytes` of its buffer. It forwards no fragments, whose ports it does not see, and nothing with IP
   options (RFC 7126). */
static inline bool packet_forwardable(const struct packet *packet, uint64_t bytes, uint64_t mac) {
  const uint64_t checked = 0xff3ful << 48 | 0xff; /* fragment but "may fragment"; version and length */
  if (bytes < NET_HEADER_BYTES + ETHERNET_BYTES + IPV4_BYTES + UDP_BYTES) return false;
  uint64_t destination = packet->destination_mac[0] | (uint64_t)packet->destination_mac[1] << 16 | (uint64_t)packet->destination_mac[2] << 32;
  if (destination != mac || packet->type != TYPE_IPV4) return false;
  uint64_t first = packet->word[0], second = packet->word[1];
  if ((first & checked) != 0x45 || (second & 0xff) <= 1) return false;
  uint64_t total = network_order((uint32_t)first >> 16);
  uint64_t least = packet->protocol == PROTOCOL_TCP ? IPV4_BYTES + TCP_BYTES : IPV4_BYTES + UDP_BYTES;
  if (total < least || total > bytes - NET_HEADER_BYTES - ETHERNET_BYTES) return false;
  uint64_t sum = first + second;
  sum += sum < first;
  sum += packet->destination_address;
  sum += sum < packet->destination_address;
  return checksum_fold(sum) == 0xffff;
}

/* What a router changes (RFC 1812, 5.3.1): time to live, and the Ethernet addresses. */
static inline void packet_forward(struct packet *packet, uint64_t own_mac, const uint16_t *neighbour_mac) {
  /* The time to live is the low byte of a little-endian word: one less is ~m + m' = 0xfffe in equation 3. */
  uint32_t sum = (uint16_t)~packet->checksum + 0xfffeu;
  packet->checksum = (uint16_t)~((sum & 0xffff) + (sum >> 16));
  packet->time_to_live--;
  packet->source_mac_and_type = own_mac | (uint64_t)TYPE_IPV4 << 48;
  for (unsigned i = 0; i < 3; i++) packet->destination_mac[i] = neighbour_mac[i];
}
