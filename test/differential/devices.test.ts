// The 16550, the PLIC and the virtio disk, register by register, beside QEMU's.

import { describe, expect, test } from "vitest";
import { parseElf } from "../../engines/loader/elf.ts";
import { placeImage } from "../../engines/loader/place.ts";
import { guestPhysical, physical } from "../../engines/machine/address.ts";
import { WallClock } from "../../engines/machine/clock.ts";
import { BLOCK_SLOT, PLIC_BASE, UART_BASE, UART_IRQ, VIRTIO_BASE, VIRTIO_STRIDE } from "../../engines/machine/layout.ts";
import { Machine, prepareMachine } from "../../engines/machine/machine.ts";
import { PhysicalMemory } from "../../engines/machine/memory.ts";
import { Core } from "../../engines/machine/translator/core.ts";
import { DESCRIPTOR_FLAG, REGISTER, STATUS } from "../../engines/virtio/numbers.ts";
import { DeviceProgram } from "./device-program.ts";
import { Firmware } from "./firmware.ts";
import { runUntilHalted } from "./machine.ts";
import { CSR, RAM, RAM_BYTES, RESULTS } from "./program.ts";
import { hasQemu, runInQemu } from "./qemu.ts";
import { Random } from "./random.ts";

const LIMIT = 20_000_000;
const TIER = { hotThreshold: Infinity, slice: 100_000, mode: "machine" } as const;

function runOnOurs(elf: Uint8Array, address: number, bytes: number, disk = new Uint8Array()): Uint8Array {
  const memory = PhysicalMemory.create(RAM_BYTES, 1, disk.length);
  memory.u8.set(disk, memory.deviceArea());
  const media = { at: memory.deviceArea(), bytes: disk.length, readOnly: false };
  prepareMachine(memory, 1, { ports: 0, console: false, ...(disk.length === 0 ? {} : { disk: media }) });
  const slot = { guest: guestPhysical(RAM), physical: physical(RAM), bytes: RAM_BYTES };
  const parsed = parseElf(elf);
  if (!parsed.ok) throw new Error(parsed.error.message);
  const placed = placeImage(memory, parsed.value, slot, guestPhysical(parsed.value.low));
  if (!placed.ok) throw new Error(placed.error.message);
  const machine = new Machine({
    memory, clock: new WallClock(memory), mode: "machine", software: new Firmware(placed.value.entry), thread: 0, harts: [0],
    core: (of, thread, imports) => new Core(of, thread, imports, TIER),
  });
  expect(runUntilHalted(machine, TIER, LIMIT).halted).toBe(true);
  const from = memory.offset(physical(address));
  return memory.u8.slice(from, from + bytes);
}

const words = (bytes: Uint8Array): string[] => Array.from(new Int32Array(bytes.slice().buffer), (word) => (word >>> 0).toString(16));

describe.skipIf(!hasQemu)("as in QEMU", () => {
  const [DATA, IER, FCR, LCR, MCR, LSR, MSR, SCR] = [0, 1, 2, 3, 4, 5, 6, 7];
  const IIR = FCR;
  /** S-mode context of the program's hart. */
  const ENABLES = { at: PLIC_BASE + 0x2080, perHart: 0x100 };
  const THRESHOLD = { at: PLIC_BASE + 0x20_1000, perHart: 0x2000 };
  const CLAIM = { at: PLIC_BASE + 0x20_1004, perHart: 0x2000 };

  test.each([1, 2, 3, 4])("the 16550's registers, in random order: seed %i", (seed) => {
    const random = new Random(seed);
    const program = new DeviceProgram();
    const set = (register: number, value: number) => program.write(UART_BASE + register, 1, value);
    const get = (register: number) => program.read(UART_BASE + register, 1);
    set(LCR, 0x83);
    set(DATA, 1);
    set(IER, 0);
    set(LCR, 3);
    set(IER, 0);
    set(FCR, 7);
    set(MCR, 0);
    let latched = false;
    let loops = false;
    for (let step = 0; step < 300; step++) {
      const value = random.between(0, 255);
      switch (random.between(0, 11)) {
        case 0: set(LCR, value & 0xbf); latched = (value & 0x80) !== 0; break;
        case 1: set(IER, latched ? 0 : value & 7); break;
        case 2: set(FCR, random.pick([0, 1, 3, 5, 7])); break;
        case 3: loops = (value & 0x10) !== 0; set(MCR, value & 0x1f); break;
        case 4: set(SCR, value); break;
        case 5:
          if (latched) { set(DATA, value | 1); break; } // a divisor of zero means nothing
          set(DATA, 0x41 + (value & 15));
          if (loops) { get(LSR); get(DATA); } // IIR would tell how much time has passed
          break;
        case 6: if (latched) get(DATA); break;
        default: get(random.pick([IER, IIR, LCR, MCR, LSR, MSR, SCR]));
      }
    }
    const elf = program.finish();
    const bytes = 4 * program.results;
    expect(words(runOnOurs(elf, RESULTS, bytes))).toEqual(words(runInQemu(elf, RESULTS, bytes)));
  });

  test("its interrupt through the PLIC: pending, masked, claimed, completed", () => {
    const program = new DeviceProgram();
    const state = () => {
      program.readCsr(CSR.sip);
      program.read(PLIC_BASE + 0x1000, 4);
    };
    const enable = (sources: number) => program.write(ENABLES.at, 4, sources, ENABLES.perHart);
    const threshold = (value: number) => program.write(THRESHOLD.at, 4, value, THRESHOLD.perHart);
    const claim = () => program.read(CLAIM.at, 4, CLAIM.perHart);
    const complete = () => program.write(CLAIM.at, 4, UART_IRQ, CLAIM.perHart);
    const uart = (register: number, value: number) => program.write(UART_BASE + register, 1, value);
    uart(LCR, 3);
    uart(IER, 0);
    uart(FCR, 7);
    program.write(PLIC_BASE + 4 * UART_IRQ, 4, 3);
    program.read(PLIC_BASE + 4 * UART_IRQ, 4);
    enable(0);
    threshold(0);
    uart(IER, 2);
    state();
    enable(1 << UART_IRQ);
    threshold(0); // QEMU drives its contexts when this is written, not when the enables are
    program.read(ENABLES.at, 4, ENABLES.perHart);
    state();
    threshold(3);
    state();
    threshold(2);
    program.read(THRESHOLD.at, 4, THRESHOLD.perHart);
    state();
    claim();
    state();
    claim();
    program.read(UART_BASE + IIR, 1);
    complete();
    state();
    uart(DATA, 0x2e);
    state();
    claim();
    program.read(UART_BASE + IIR, 1);
    uart(DATA, 0x2e); // while it is serviced
    complete();
    state();
    claim();
    uart(IER, 0);
    complete();
    state();
    enable(0);
    const elf = program.finish();
    const bytes = 4 * program.results;
    expect(words(runOnOurs(elf, RESULTS, bytes))).toEqual(words(runInQemu(elf, RESULTS, bytes)));
  });

  test("the disk: what a driver finds, reads, writes and is refused", () => {
    const SIZE = 8;
    const RINGS = 0x8100_0000;
    const AVAILABLE = RINGS + 0x1000;
    const USED = RINGS + 0x2000;
    const HEADERS = RINGS + 0x3000;
    const ANSWERS = RINGS + 0x4000;
    const DATA_AT = RINGS + 0x5000;
    const SECTOR = 512;
    const SECTORS = 16;
    const requests = [
      { type: 0, sector: 1, bytes: SECTOR }, { type: 1, sector: 5, bytes: 2 * SECTOR }, { type: 0, sector: 4, bytes: 3 * SECTOR },
      { type: 0, sector: SECTORS, bytes: SECTOR, refused: true }, { type: 1, sector: SECTORS - 1, bytes: 2 * SECTOR }, { type: 4, sector: 0, bytes: 0 },
      { type: 0, sector: 0, bytes: SECTORS * SECTOR }, { type: 99, sector: 0, bytes: SECTOR, refused: true },
    ];
    const program = new DeviceProgram();
    const register = (at: number) => VIRTIO_BASE + BLOCK_SLOT * VIRTIO_STRIDE + at;
    const set = (at: number, value: number) => program.write(register(at), 4, value);
    for (const at of [REGISTER.magicValue, REGISTER.version, REGISTER.deviceId, REGISTER.config, REGISTER.config + 4]) program.read(register(at), 4);
    program.read(register(REGISTER.config), 1);
    set(REGISTER.status, 0);
    set(REGISTER.status, STATUS.acknowledge | STATUS.driver);
    set(REGISTER.driverFeaturesSel, 1);
    set(REGISTER.driverFeatures, 1);
    set(REGISTER.driverFeaturesSel, 0);
    set(REGISTER.driverFeatures, 1 << 9);
    set(REGISTER.status, STATUS.acknowledge | STATUS.driver | STATUS.featuresOk);
    program.read(register(REGISTER.status), 4);
    set(REGISTER.queueSel, 0);
    program.read(register(REGISTER.queueReady), 4);
    set(REGISTER.queueNum, SIZE);
    for (const [at, address] of [[REGISTER.queueDescLow, RINGS], [REGISTER.queueDriverLow, AVAILABLE], [REGISTER.queueDeviceLow, USED]]) {
      set(at, address | 0);
      set(at + 4, 0);
    }
    set(REGISTER.queueReady, 1);
    program.read(register(REGISTER.queueReady), 4);
    set(REGISTER.status, STATUS.acknowledge | STATUS.driver | STATUS.featuresOk | STATUS.driverOk);
    const data = new Uint8Array(0x1_0000);
    const view = new DataView(data.buffer);
    let place = DATA_AT;
    requests.forEach(({ type, sector, bytes }, index) => {
      const header = HEADERS + 16 * index;
      view.setUint32(header - RINGS, type, true);
      view.setUint32(header - RINGS + 8, sector, true);
      const writes = type === 1 ? 0 : DESCRIPTOR_FLAG.write;
      const pieces = [
        { at: header, bytes: 16, flags: 0 },
        ...(bytes === 0 ? [] : [{ at: place, bytes: bytes - 100, flags: writes }, { at: place + bytes - 100, bytes: 100, flags: writes }]),
        { at: ANSWERS + index, bytes: 1, flags: DESCRIPTOR_FLAG.write },
      ];
      if (type === 1) data.fill(0x40 + index, place - RINGS, place - RINGS + bytes);
      pieces.forEach((piece, number) => {
        const last = number === pieces.length - 1;
        const at = RINGS + 16 * number;
        program.write(at, 4, piece.at | 0);
        program.write(at + 4, 4, 0);
        program.write(at + 8, 4, piece.bytes);
        program.write(at + 12, 4, piece.flags | (last ? 0 : DESCRIPTOR_FLAG.next | ((number + 1) << 16)));
      });
      place += bytes;
      program.write(AVAILABLE + 2, 2, index + 1); // every entry of the ring is 0
      set(REGISTER.queueNotify, 0);
      program.wait(USED + 2, index + 1);
      program.read(register(REGISTER.interruptStatus), 4);
      set(REGISTER.interruptAck, 1);
      program.read(register(REGISTER.interruptStatus), 4);
    });
    data.fill(0xee, ANSWERS - RINGS, ANSWERS - RINGS + requests.length);
    const elf = program.finish([{ address: RINGS, bytes: data }]);
    const disk = Uint8Array.from({ length: SECTORS * SECTOR }, (_, index) => (index >> 9) * 16 + (index & 15));
    const bytes = RINGS + data.length - RESULTS;
    const theirs = runInQemu(elf, RESULTS, bytes, disk);
    const ours = runOnOurs(elf, RESULTS, bytes, disk);
    const part = (memory: Uint8Array, from: number, length: number) => memory.slice(from - RESULTS, from - RESULTS + length);
    // Of data that it does not read, QEMU says in the used ring that it was written; 2.7.8.2 wants no more said than was.
    const lengths = requests.flatMap(({ refused }, index) => (refused === true ? [USED + 4 + 8 * index + 4] : []));
    for (const memory of [ours, theirs]) for (const at of lengths) memory.fill(0, at - RESULTS, at - RESULTS + 4);
    for (const [from, length] of [[RESULTS, 4 * program.results], [USED, 4 + 8 * SIZE], [DATA_AT, place - DATA_AT]]) {
      expect(words(part(ours, from, length))).toEqual(words(part(theirs, from, length)));
    }
    expect([...part(ours, ANSWERS, requests.length)]).toEqual([...part(theirs, ANSWERS, requests.length)]);
  });
});
