// The packet filter's rules: what guests are built with, and what their results are compared with. The
// shape follows what ClassBench found in firewalls of providers (Taylor, Turner: ClassBench, a packet
// classification benchmark, 2007): prefixes shared by many rules, exact ports or a few ranges, protocols
// mostly named, specific rules before general ones.

import { Generator } from "./generator.ts";

/** Addresses and ports are numbers in the order in which people write them. */
export interface Header {
  readonly source: number;
  readonly destination: number;
  readonly protocol: number;
  /** 0 where the protocol has no ports. */
  readonly sourcePort: number;
  readonly destinationPort: number;
}

export interface Prefix {
  readonly address: number;
  /** 0 to 32. */
  readonly bits: number;
}

/** From the first to the second, both included. */
export type PortRange = readonly [number, number];

export interface Rule {
  readonly source: Prefix;
  readonly destination: Prefix;
  readonly sourcePorts: PortRange;
  readonly destinationPorts: PortRange;
  /** PROTOCOL.any, or the number in the IPv4 header. */
  readonly protocol: number;
  readonly allow: boolean;
}

export const PROTOCOL = { any: 0, tcp: 6, udp: 17 } as const;
export const RULE_COUNT = 1000;

const SEED = 1000;
const ANYWHERE: Prefix = { address: 0, bits: 0 };
const ALL_PORTS: PortRange = [0, 0xffff];
const CLIENT_PORTS: PortRange = [1024, 0xffff];
const SERVICES = [20, 21, 22, 25, 53, 67, 80, 88, 110, 119, 123, 135, 137, 143, 161, 179, 389, 443, 445, 500,
  514, 587, 636, 993, 995, 1433, 1521, 1812, 3128, 3306, 3389, 4500, 5060, 5432, 8080, 8443];
const SERVICE_RANGES: readonly PortRange[] = [CLIENT_PORTS, [0, 1023], [135, 139], [6000, 6063], [5000, 5100], [8000, 8999], [33434, 33523], [49152, 0xffff]];

/** Of drawHeader. */
const DRAW_ATTEMPTS = 100_000;

const SITES = 12;
const SUBNETS = 4;
const HOSTS = 3;
const PARTNERS = 36;

/** Who talks to whom. */
interface Networks {
  /** /16 inside. */
  readonly sites: readonly Prefix[];
  /** /24 in the sites. */
  readonly subnets: readonly Prefix[];
  /** Servers in the subnets. */
  readonly hosts: readonly Prefix[];
  /** /8 to /24 outside. */
  readonly partners: readonly Prefix[];
}

/** The first `count` rules; the first one that a packet matches decides. */
export function filterRules(count: number): readonly Rule[] {
  return RULES.slice(0, count);
}

/** What the rules say of a packet, and `unmatched` of one that matches none. */
export function allows(rules: readonly Rule[], header: Header, unmatched = false): boolean {
  return rules.find((rule) => matches(rule, header))?.allow ?? unmatched;
}

export function matches(rule: Rule, header: Header): boolean {
  return within(rule.source, header.source) && within(rule.destination, header.destination)
    && inRange(rule.sourcePorts, header.sourcePort) && inRange(rule.destinationPorts, header.destinationPort)
    && (rule.protocol === PROTOCOL.any || rule.protocol === header.protocol);
}

/** A UDP header that the rules allow, or deny, drawn near one of them as ClassBench draws its traces. Throws RangeError where it finds none. */
export function drawHeader(rules: readonly Rule[], generator: Generator, allow: boolean): Header {
  for (let attempt = 0; attempt < DRAW_ATTEMPTS; attempt++) {
    const rule = generator.pick(rules);
    if (rule.allow !== allow || rule.protocol === PROTOCOL.tcp) continue;
    const header: Header = {
      source: drawAddress(rule.source, generator),
      destination: drawAddress(rule.destination, generator),
      protocol: PROTOCOL.udp,
      sourcePort: drawPort(rule.sourcePorts, generator),
      destinationPort: drawPort(rule.destinationPorts, generator),
    };
    if (allows(rules, header) === allow) return header;
  }
  throw new RangeError(`among ${rules.length} rules none that ${allow ? "allows" : "denies"} UDP was found`);
}

function drawAddress({ address, bits }: Prefix, generator: Generator): number {
  if (bits === 0) return (generator.pick([64, 128]) << 24 | generator.word() >>> 8) >>> 0;
  return bits === 32 ? address : (address | generator.word() >>> bits) >>> 0;
}

const drawPort = ([low, high]: PortRange, generator: Generator): number => low + generator.below(high - low + 1);

function within({ address, bits }: Prefix, value: number): boolean {
  return bits === 0 || address >>> (32 - bits) === value >>> (32 - bits);
}

const inRange = ([low, high]: PortRange, port: number): boolean => low <= port && port <= high;

function makeRules(): readonly Rule[] {
  const generator = new Generator(SEED);
  const networks = makeNetworks(generator);
  const rules = Array.from({ length: RULE_COUNT }, () => makeRule(generator, networks));
  // Specific ones first, as people write them; a stable sort, so the order is the same everywhere.
  return rules.sort((a, b) => prefixBits(b) - prefixBits(a));
}

const prefixBits = ({ source, destination }: Rule): number => source.bits + destination.bits;

function makeNetworks(generator: Generator): Networks {
  const sites = Array.from({ length: SITES }, (_, site): Prefix => ({ address: (10 << 24) | ((site * 16 + generator.below(16)) << 16), bits: 16 }));
  const subnets = sites.flatMap(({ address }) => Array.from({ length: SUBNETS }, (_, subnet): Prefix => (
    { address: address | ((subnet * 64 + generator.below(64)) << 8), bits: 24 })));
  const hosts = subnets.flatMap(({ address }) => Array.from({ length: HOSTS }, (_, host): Prefix => (
    { address: address | (1 + host * 80 + generator.below(80)), bits: 32 })));
  const partners = Array.from({ length: PARTNERS }, (): Prefix => {
    const bits = generator.pick([8, 16, 16, 20, 24, 24]);
    const address = (generator.pick([64, 128]) + generator.below(63)) * 0x100_0000 + (generator.word() >>> 8); // not 127
    return { address: Math.floor(address / 2 ** (32 - bits)) * 2 ** (32 - bits), bits };
  });
  return { sites, subnets, hosts, partners };
}

function makeRule(generator: Generator, { sites, subnets, hosts, partners }: Networks): Rule {
  const service = generator.pick(SERVICES);
  const exact: PortRange = [service, service];
  const range = generator.pick(SERVICE_RANGES);
  const named = generator.below(5) < 3 ? PROTOCOL.tcp : PROTOCOL.udp;
  const kind = generator.below(100);
  if (kind < 35) { // a service of one server, for everyone or for a partner
    const source = generator.below(4) === 0 ? ANYWHERE : generator.pick(partners);
    return { source, destination: generator.pick(hosts), sourcePorts: generator.below(3) === 0 ? CLIENT_PORTS : ALL_PORTS, destinationPorts: exact, protocol: named, allow: true };
  }
  if (kind < 60) { // what a subnet may use of another
    return { source: generator.pick(subnets), destination: generator.pick(subnets), sourcePorts: ALL_PORTS, destinationPorts: generator.below(2) === 0 ? exact : range, protocol: named, allow: true };
  }
  if (kind < 75) { // the way out
    return { source: generator.pick([...sites, ...subnets]), destination: generator.pick(partners), sourcePorts: CLIENT_PORTS, destinationPorts: range, protocol: named, allow: true };
  }
  if (kind < 90) { // what a site keeps out
    return { source: generator.pick(partners), destination: generator.pick(sites), sourcePorts: ALL_PORTS, destinationPorts: generator.below(2) === 0 ? exact : range, protocol: generator.below(3) === 0 ? PROTOCOL.any : named, allow: false };
  }
  // a partner or a server that is cut off
  const [source, destination] = generator.below(2) === 0 ? [generator.pick(partners), generator.pick(subnets)] : [generator.pick(sites), generator.pick(hosts)];
  return { source, destination, sourcePorts: ALL_PORTS, destinationPorts: ALL_PORTS, protocol: PROTOCOL.any, allow: false };
}

const RULES = makeRules();
