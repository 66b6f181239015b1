// Address kinds that must never be mixed. All are plain numbers below 2^53 at run time.

declare const kind: unique symbol;

/** Address in the machine's physical map (RAM from 0x8000_0000, devices below). */
export type PhysicalAddress = number & { readonly [kind]: "physical" };
/** Address as a guest with a second stage sees it. */
export type GuestPhysicalAddress = number & { readonly [kind]: "guest-physical" };
/** Byte offset into the WebAssembly.Memory that holds the machine. */
export type HostOffset = number & { readonly [kind]: "host-offset" };

export type HartId = number & { readonly [kind]: "hart" };
/** The machine's cycle counter: nanoseconds under the wall clock. */
export type Cycles = number & { readonly [kind]: "cycles" };
/** Ticks of the `time` CSR, 10 MHz. */
export type Ticks = number & { readonly [kind]: "ticks" };

export const physical = (value: number): PhysicalAddress => value as PhysicalAddress;
export const guestPhysical = (value: number): GuestPhysicalAddress => value as GuestPhysicalAddress;
export const hartId = (value: number): HartId => value as HartId;
export const cycles = (value: number): Cycles => value as Cycles;
export const ticks = (value: number): Ticks => value as Ticks;
