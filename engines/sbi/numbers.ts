// Numbers of the RISC-V Supervisor Binary Interface 2.0, and of the vendor extension.

export const EXTENSION = {
  legacySetTimer: 0x0, legacyPutCharacter: 0x1, legacyGetCharacter: 0x2, legacyClearInterrupt: 0x3,
  legacySendInterrupt: 0x4, legacyFenceInstructions: 0x5, legacyFenceAddresses: 0x6, legacyFenceSpace: 0x7,
  legacyShutdown: 0x8,
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
export const HART_STATE = { start: 0, stop: 1, status: 2, suspend: 3 } as const;
export const REMOTE_FENCE = { instructions: 0, addresses: 1, space: 2 } as const;
export const CONSOLE = { write: 0, read: 1, writeByte: 2 } as const;
export const VENDOR = { registerUnits: 0, channelNotify: 1, channelPending: 2, yield: 3 } as const;

/** Values of HSM's status. */
export const STATUS = { started: 0, stopped: 1, startPending: 2, suspended: 4 } as const;
/** Types of HSM's suspend that are neither reserved nor a platform's own. */
export const SUSPEND_RETENTIVE = 0;
export const SUSPEND_NON_RETENTIVE = 0x8000_0000;

export const RESET_SHUTDOWN = 0;
/** reset_reason of SRST. */
export const SYSTEM_FAILURE = 1;

export const SUCCESS = 0;
export const ERROR = {
  failed: -1, notSupported: -2, invalidParameter: -3, denied: -4, invalidAddress: -5, alreadyAvailable: -6,
  alreadyStarted: -7,
} as const;

/** Argument registers. */
export const A0 = 10;
export const A1 = 11;
export const A2 = 12;
export const A3 = 13;
export const A6 = 16;
export const A7 = 17;
