// Numbers of the RISC-V Supervisor Binary Interface 2.0, and of the vendor extension.

export const EXTENSION = {
  legacySetTimer: 0x0, legacyPutCharacter: 0x1, legacyGetCharacter: 0x2, legacyShutdown: 0x8,
  base: 0x10,
  timer: 0x5449_4d45,
  interrupt: 0x73_5049,
  remoteFence: 0x5246_4e43,
  hartState: 0x48_534d,
  reset: 0x5352_5354,
  console: 0x4442_434e,
  /** Doorbells and units; in the experimental range. */
  vendor: 0x0854_4342,
} as const;

export const BASE = {
  specification: 0, implementation: 1, implementationVersion: 2, probe: 3, vendorId: 4, architectureId: 5, machineId: 6,
} as const;
export const HART_STATE = { start: 0, stop: 1, status: 2 } as const;
export const CONSOLE = { write: 0, writeByte: 2 } as const;
export const VENDOR = { registerUnits: 0, channelNotify: 1, channelPending: 2, yield: 3 } as const;

/** Values of HSM's status. */
export const STARTED = 0;
export const STOPPED = 1;

export const RESET_SHUTDOWN = 0;

export const SUCCESS = 0;
export const ERROR = {
  failed: -1, notSupported: -2, invalidParameter: -3, denied: -4, invalidAddress: -5, alreadyAvailable: -6,
  alreadyStarted: -7,
} as const;

/** Argument registers. */
export const A0 = 10;
export const A1 = 11;
export const A2 = 12;
export const A6 = 16;
export const A7 = 17;
