// Where the wire keeps its state in the machine's shared memory: byte offsets. All of it is hardware outside the
// machine's physical map, as the tester at the other end of a network cable is.

/** Header, then one block for each port, then what the blocks point to. */
export const WIRE = {
  /** i32: how many ports are connected. */
  ports: 0x00,
} as const;
export const WIRE_HEADER_BYTES = 0x40;
export const MAXIMUM_PORTS = 4;

/** One port: what arrives at it (source) and what departs from it (sink). `f64` unless said otherwise. */
export const PORT = {
  // ---- source: the schedule -------------------------------------------------------------------
  /** Frame `first + i` arrives at `start + i * interval`. */
  start: 0x000,
  first: 0x008,
  interval: 0x010,
  /** Number of the next frame that has not arrived, and when it will; Infinity: never. */
  arrived: 0x018,
  due: 0x020,
  // ---- source: what became of the frames that arrived -----------------------------------------
  taken: 0x028,
  takenBytes: 0x030,
  /** Taken, and to be forwarded. */
  takenForward: 0x038,
  /** Found the port's FIFO full, or did not fit the buffer. */
  dropped: 0x040,
  droppedForward: 0x048,
  // ---- source: what whoever steers it asks for, taken up at the source's next turn --------------
  askedInterval: 0x050,
  /** i32: number of the request, and of the last one taken up. */
  asked: 0x058,
  obeyed: 0x05c,
  /** i32: one of OFFER: asked for, and in force. */
  askedOffer: 0x060,
  offer: 0x064,
  // ---- source: i32 ------------------------------------------------------------------------------
  /** Entry of the trace that arrives next. */
  position: 0x068,
  fifoHead: 0x06c,
  fifoCount: 0x070,
  fifoFrames: 0x074,
  /** Host offset of the FIFO: RECORD by RECORD. */
  fifo: 0x078,
  /** The trace: ENTRY by ENTRY. */
  trace: 0x07c,
  traceFrames: 0x080,
  /** 1: frames carry a stamp. 0: they are those of a capture. */
  stamped: 0x084,
  /** The frames taken last, RECORD by RECORD, by sequence number modulo OUTSTANDING. */
  outstanding: 0x088,
  /** FLOW by FLOW. */
  flows: 0x08c,
  /** Captures only: table of KIND, a power of two of them. */
  kinds: 0x090,
  kindMask: 0x094,
  /** Captures only: of each outstanding frame, i32, the number of the next one of its kind. */
  links: 0x098,
  /** Captures only, 1: a hart works on the chains of their kinds. */
  lock: 0x09c,
  // ---- sink -------------------------------------------------------------------------------------
  /** Good frames that departed. */
  forwarded: 0x100,
  forwardedBytes: 0x108,
  latencyMaximum: 0x110,
  /** i32: frames by what was wrong with them, by FAULT number. */
  faults: 0x120,
  /** i32: the first of them: FAULT number + 1, and the bytes of the frame. */
  firstFault: 0x140,
  firstBytes: 0x144,
  /** First bytes of that frame. */
  firstHeader: 0x148,
  // ---- sink: the log, i32 -----------------------------------------------------------------------
  log: 0x1c0,
  logBytes: 0x1c4,
  logUsed: 0x1c8,
  /** f64 for each bucket. */
  histogram: 0x200,
} as const;
export const PORT_BYTES = 0x1000;
export const FIRST_HEADER_BYTES = 64;

export const OFFER = { nothing: 0, rate: 1, asTaken: 2 } as const;

/** What can be wrong with a frame that departs. */
export const FAULTS = [
  "foreign", // nothing that arrived looks like it
  "duplicate", // departed before
  "corrupt", // contents, length, header checksum, or a rewriting that changes within its flow
  "reordered", // a later frame of its flow departed before it
  "forbidden", // the filter should have dropped it
] as const;
export type Fault = (typeof FAULTS)[number];

/** A frame that has arrived. 16 bytes. */
export const RECORD = {
  arrival: 0, // f64
  sequence: 8, // i32, once it is taken: its number among those, modulo 2^32
  entry: 12, // i32: of the trace; its complement once it has departed
} as const;
export const RECORD_SHIFT = 4;

/** Frames that may be between arrival and departure: more than rings and channels of a guest hold. */
export const OUTSTANDING = 8192;

/** One frame of a trace, which is followed by one more entry that has `forwardBefore` only. 32 bytes, i32 each. */
export const ENTRY = {
  offset: 0, // host offset of its bytes
  bytes: 4,
  flow: 8,
  forward: 12, // 1, or 0: the filter drops it
  forwardBefore: 16, // entries before it that are forwarded
  kind: 20, // captures only: host offset of its KIND
} as const;
export const ENTRY_SHIFT = 5;

/** What a flow did so far. 32 bytes, i32 each. */
export const FLOW = {
  seen: 0, // 1 after the first departure
  sequence: 4, // of the last departure
  source: 8, // addresses and ports it departed with
  destination: 12,
  ports: 16,
} as const;
export const FLOW_SHIFT = 5;

/** Frames of a capture that look alike in all that must not change. 16 bytes, i32 each. */
export const KIND = {
  hash: 0,
  entry: 4, // an entry of this kind, -1: the place is free
  oldest: 8, // numbers of the first and the last that are outstanding; of none, the first is one beyond the last
  newest: 12,
} as const;
export const KIND_SHIFT = 4;

/** One frame of the log; the frame follows, padded to 8 bytes. */
export const LOGGED = { departure: 0, bytes: 8 } as const; // f64, i32
export const LOGGED_HEADER_BYTES = 16;

/** The stamp, in the first bytes of the UDP payload. */
export const STAMP = { mark: 0, sequence: 4 } as const; // u32 each
export const STAMP_BYTES = 8;
/** "tcb" and the number of the port where the frame arrived. */
export const STAMP_MARK = 0x0062_6374;
