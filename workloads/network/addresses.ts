// Who is on the networks that the routing guests connect, as the guests' network/addresses.h says it.

/** Bytes of the Ethernet address of the neighbour on the network at port `port`, to whom guests hand everything that leaves there. */
export const neighbourMac = (port: number): readonly number[] => [0x02, 0x00, 0x74, 0x63, 0x00, port];

/** The source address, as a number, that translation gives to everything that leaves the pipeline: 198.51.100.1 (RFC 5737). */
export const PUBLIC_ADDRESS = 0xc633_6401;
