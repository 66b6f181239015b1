// What the readers of capture files have in common.

export interface CapturedFrame {
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  /** What was kept of the frame. */
  readonly bytes: Uint8Array;
  /** Bytes it had. */
  readonly length: number;
}

export type Capture = { readonly kind: "capture"; readonly frames: readonly CapturedFrame[] } | { readonly kind: "unreadable"; readonly reason: string };

/** LINKTYPE_ETHERNET of the registry of link types (draft-ietf-opsawg-pcaplinktype). */
export const LINK_ETHERNET = 1;
/** Longer than any frame that a capture has: a length above it is not one. */
export const LONGEST_FRAME = 0x4_0000;

export const unreadable = (reason: string): Capture => ({ kind: "unreadable", reason });

export const linkTypeReason = (linkType: number, withFcs: boolean): string => (
  linkType === LINK_ETHERNET && withFcs ? "its frames carry their FCS; capture without it" : `its link type is ${linkType}, not Ethernet (${LINK_ETHERNET})`);

export const cutOff = (frames: readonly CapturedFrame[]): string => `it is cut off after frame ${frames.length}`;
