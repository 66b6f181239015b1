// Guests that do nothing but leave for the engine, always for the same reason: a few instructions of machine code each.

import { PLIC_BASE, UART_BASE, VIRTIO_BASE } from "../../engines/machine/layout.ts";
import { A0, A1, A2, A6, A7, BASE, CONSOLE, EXTENSION, VENDOR } from "../../engines/sbi/numbers.ts";
import { REGISTER } from "../../engines/virtio/numbers.ts";

/** Why a guest leaves, again and again. */
export interface ExitLoop {
  readonly name: string;
  /** A flat binary. */
  readonly image: Uint8Array;
  /** Instructions of a round, in all of which it leaves once. */
  readonly instructions: number;
  /** Whether its guest needs an emulated network device. */
  readonly nic?: boolean;
}

/** Where flat binaries are entered; the guest has at least so much memory below and a page behind. */
const ENTRY = 0x8020_0000;
const T0 = 5;
const T1 = 6;
const ECALL = 0x0000_0073;

const lui = (target: number, upper: number): number => ((upper << 12) | (target << 7) | 0x37) >>> 0;
const addiw = (target: number, source: number, value: number): number => (((value & 0xfff) << 20) | (source << 15) | (target << 7) | 0x1b) >>> 0;
const load = (width: number, target: number, base: number): number => ((base << 15) | (width << 12) | (target << 7) | 0x03) >>> 0;
const storeZero = (base: number, offset: number): number => (((offset >> 5) << 25) | (base << 15) | (2 << 12) | ((offset & 0x1f) << 7) | 0x23) >>> 0;
const LBU = 4;
const LW = 2;

/** Two instructions: a 32-bit value, sign-extended. */
function loadImmediate(target: number, value: number): number[] {
  return [lui(target, (value + 0x800) >>> 12), addiw(target, target, value)];
}

/** jal zero, back over `words` instructions. */
function jumpBack(words: number): number {
  const offset = -4 * words;
  const bits = (((offset >> 20) & 1) << 31) | (((offset >> 1) & 0x3ff) << 21) | (((offset >> 11) & 1) << 20) | (((offset >> 12) & 0xff) << 12);
  return (bits | 0x6f) >>> 0;
}

function looping(name: string, round: readonly number[]): ExitLoop {
  const words = [...round, jumpBack(round.length)];
  return { name, image: new Uint8Array(Uint32Array.from(words).buffer), instructions: words.length };
}

const calling = (name: string, extension: number, operation: number, ...values: readonly number[]): ExitLoop => looping(name, [
  ...[A0, A1, A2].flatMap((register, index) => loadImmediate(register, values[index] ?? 0)),
  ...loadImmediate(A6, operation), ...loadImmediate(A7, extension), ECALL,
]);

const reading = (name: string, width: number, address: number): ExitLoop => looping(name, [...loadImmediate(T0, address), load(width, T1, T0)]);

/** The guest needs a serial console and a channel to itself. */
export const EXIT_LOOPS: readonly ExitLoop[] = [
  calling("version", EXTENSION.base, BASE.specification),
  calling("timer", EXTENSION.timer, 0, -1),
  calling("remote fence", EXTENSION.remoteFence, 0, 0, -1),
  calling("doorbell", EXTENSION.vendor, VENDOR.channelNotify),
  calling("console, no text", EXTENSION.console, CONSOLE.write, 0, ENTRY),
  // No driver has set the device up, so that nothing but the register is written.
  { ...looping("virtio doorbell", [...loadImmediate(T0, VIRTIO_BASE), storeZero(T0, REGISTER.queueNotify)]), nic: true },
  reading("read of the PLIC", LW, PLIC_BASE + 4),
  reading("read of the 16550", LBU, UART_BASE + 5),
];
