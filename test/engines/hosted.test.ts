// The hosted engine: its crossings, its processes, its scheduler, and what a process can reach.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ENGINES } from "../../engines/engines.ts";
import type { Configuration } from "../../engines/engine.ts";
import { FairScheduler } from "../../engines/hosted/kernel/fair.ts";
import { HOST_PROGRAM_BYTES, type HostProgram, ROUNDS } from "../../engines/hosted/kernel/host-programs.ts";
import { PIPE, PIPE_CAPACITY } from "../../engines/hosted/kernel/pipe-record.ts";
import { HostedLayout } from "../../engines/hosted/layout.ts";
import { CALL } from "../../engines/hosted/system-calls.ts";
import { VMM } from "../../engines/hosted/vmm/layout.ts";
import { cycles, physical, ticks, type PhysicalAddress } from "../../engines/machine/address.ts";
import { CoreMemory } from "../../engines/machine/hart/core-memory.ts";
import { CAUSE } from "../../engines/machine/hart/privileged.ts";
import { UserFault, UserMemory } from "../../engines/machine/hart/user-memory.ts";
import { RAM_BASE, RIGHT } from "../../engines/machine/layout.ts";
import { PhysicalMemory } from "../../engines/machine/memory.ts";
import { append, charge, QUEUE } from "../../engines/scheduler/queue.ts";
import { queueOf, vcpuAt, vmAt } from "../../engines/smp/layout.ts";
import { field, NONE } from "../../engines/state/words.ts";
import { VCPU, VCPU_STATE } from "../../engines/vcpu/record.ts";
import { EXIT_LOOPS } from "../../bench/validate/exit-loops.ts";
import { exitPath } from "../../bench/validate/exit-path.ts";
import { loadProfile } from "../../bench/model/profile.ts";
import { ModelSession } from "../../bench/model/session.ts";
import { EngineBench, guests } from "./fixture.ts";

const MILLISECOND = 1_000_000;
const CONSOLE = 0x4442_434e;
const VENDOR = 0x0854_4342;
const FAILED_ADDRESS = -5;

describe("an exit", () => {
  const costs = loadProfile("graviton3");
  /** 32 registers in four lines that the hart holds. */
  const moved = 32 + 4 * costs.costs.cacheHit;
  test.each([
    ["version", "kernel", 0], ["doorbell", "kernel", 0], ["read of the PLIC", "kernel", 0], ["console, no text", "kernel", 2],
    ["read of the 16550", "kernel", 2], ["read of the PLIC", "user", 2], ["doorbell", "user", 4], ["version", "user", 0],
    ["virtio doorbell", "kernel", 0], ["virtio doorbell", "user", 2],
  ] as const)("for %s, split=%s, crosses between kernel and VMM so often, each time with what a trap costs", (name, split, times) => {
    const loop = EXIT_LOOPS.find((each) => each.name === name)!;
    const path = exitPath(loop, "hosted", { split }, costs);
    expect(path.crossings).toBeCloseTo(times, 1);
    expect(path.crossing).toBeCloseTo((times / 2) * (costs.costs.trapEntry + costs.costs.trapReturn + 2 * moved), -1);
    expect(path.vmm > 0).toBe(times > 0);
    expect(path.total).toBeCloseTo(path.kernel + path.vmm + path.crossing, 6);
  });
});

describe("memory in user mode", () => {
  const memory = PhysicalMemory.create(0x20_0000, 1);
  const core = new CoreMemory(memory);
  const user = new UserMemory(memory, core);
  const first = RAM_BASE + 0x1000;
  const bytes = 0x800;
  user.use([first, first + bytes, RIGHT.read | RIGHT.write, RAM_BASE + 0x3000, RAM_BASE + 0x4000, RIGHT.read]);

  test("reaches its regions with their rights, and faults elsewhere before anything is done", () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 0x5000 / 4 - 1 }), fc.integer(), (word, value) => {
      const at = physical(RAM_BASE + 4 * word);
      const writes = at >= first && at + 4 <= first + bytes;
      const reads = writes || (at >= RAM_BASE + 0x3000 && at + 4 <= RAM_BASE + 0x4000);
      const before = core.load(at);
      const outcomes = [(): unknown => user.load(at), (): unknown => user.store(at, value), (): unknown => user.exchange(at, value), (): unknown => user.or(at, value)]
        .map((access) => faultOf(access));
      expect(outcomes).toEqual([reads, writes, writes, writes].map((may, index) => (may ? undefined : [index === 0 ? CAUSE.loadPage : CAUSE.storePage, at])));
      expect(core.load(at)).toBe(writes ? value : before);
    }));
  });

  test("copies only between them, and does not wrap around", () => {
    const inside = physical(first);
    expect(faultOf(() => user.copy(inside, physical(first + bytes - 8), 9))).toEqual([CAUSE.loadPage, first + bytes - 8]);
    expect(faultOf(() => user.copy(physical(first + bytes - 8), inside, 9))).toEqual([CAUSE.storePage, first + bytes - 8]);
    expect(faultOf(() => user.copy(inside, inside, 2 ** 32))).toEqual([CAUSE.loadPage, first]);
    expect(user.reaches(inside, bytes, RIGHT.write)).toBe(true);
    expect(user.reaches(inside, bytes + 1, RIGHT.write)).toBe(false);
  });

  function faultOf(access: () => unknown): readonly [number, number] | undefined {
    try {
      access();
      return undefined;
    } catch (error) {
      if (!(error instanceof UserFault)) throw error;
      return [error.trap, error.address];
    }
  }
});

describe("a VMM that its guest has taken over", () => {
  /** As the first guest would leave it: its VMM believes the guest's RAM to lie at `address`. */
  function taken(address: number): EngineBench {
    const bench = new EngineBench(ENGINES.hosted, guests(2));
    const vmm = new HostedLayout({ vms: guests(2), channels: [] }, 0).vmm(0);
    bench.hart(0).memory.storeNumber(field(vmm, VMM.ram), address);
    return bench;
  }

  test.each([
    ["the kernel's run queue", queueOf(0)], ["the kernel's records", vmAt(0)], ["another guest's RAM", RAM_BASE + 0x80_0000], ["a device", 0x1000_0000],
  ])("reaches its process, not %s: the fault ends it alone", (_, address) => {
    const bench = taken(address);
    const ram = bench.memory.u8.slice();
    bench.call(0, CONSOLE, 0, 16, RAM_BASE, 0);
    // Not the first any more.
    expect(bench.call(0, CONSOLE, 0, 0, RAM_BASE, 0)).toEqual({ error: 0, value: 0 });
    const { vms } = ENGINES.hosted.inspect({ memory: bench.memory, harts: 1 }, { vms: guests(2), channels: [] }, {});
    expect(vms.map(({ state }) => state)).toEqual(["failed", "running"]);
    expect(vms[0].reason).toContain(`exception ${CAUSE.loadPage}`);
    const second = bench.memory.offset(physical(vms[1].memory));
    expect(Buffer.compare(bench.memory.u8.subarray(second, second + 0x1000), ram.subarray(second, second + 0x1000))).toBe(0);
  });

  test("gets nothing by system calls that its process has not", () => {
    const bench = new EngineBench(ENGINES.hosted, guests(2));
    const outside = bench.call(0, VENDOR, 0, RAM_BASE + 0x4000_0000);
    expect(outside.error).toBe(FAILED_ADDRESS);
    expect(bench.report().vms[0].unitsPage).toBe(0);
  });
});

describe("the fair scheduler", () => {
  const memory = new CoreMemory(PhysicalMemory.create(0x20_0000, 1));
  const queue = queueOf(0);

  function make(weights: readonly number[]): { readonly threads: readonly PhysicalAddress[]; readonly run: (until: number) => void; readonly wake: (thread: PhysicalAddress) => void } {
    memory.fill(queue, 0, 0x80);
    const layout = new HostedLayout({ vms: [], channels: [] }, 0);
    const scheduler = new FairScheduler(layout);
    const threads = weights.map((weight, index) => {
      const thread = vcpuAt(index);
      memory.fill(thread, 0, 0x80);
      memory.fill(layout.thread(thread), 0, 0x140);
      memory.store(field(thread, VCPU.state), VCPU_STATE.ready);
      memory.storeNumber(field(thread, VCPU.budget), weight);
      memory.storeNumber(field(thread, VCPU.period), 1);
      append(memory, queue, thread);
      return thread;
    });
    let now = 0;
    const run = (until: number): void => {
      while (now < until) {
        charge(memory, queue, now);
        const next = scheduler.pick(memory, queue, cycles(now), NONE);
        memory.store(field(queue, QUEUE.current), next);
        now = Math.min(until, memory.loadNumber(field(queue, QUEUE.turnEnd)));
      }
      charge(memory, queue, now);
    };
    const wake = (thread: PhysicalAddress): void => {
      memory.store(field(thread, VCPU.state), VCPU_STATE.ready);
      scheduler.wake(memory, thread, cycles(now));
    };
    return { threads, run, wake };
  }
  const time = (thread: PhysicalAddress): number => memory.loadNumber(field(thread, VCPU.cpuTime)) / MILLISECOND;

  test("gives every thread its part by weight, within a slice", () => {
    const { threads, run } = make([1, 2, 1]);
    run(400 * MILLISECOND);
    for (const [index, due] of [100, 200, 100].entries()) expect(Math.abs(time(threads[index]) - due)).toBeLessThanOrEqual(4);
  });

  test("lets who slept come first, and not make up for all that it slept", () => {
    const { threads: [first, sleeper], run, wake } = make([1, 1]);
    run(12 * MILLISECOND);
    const before = time(sleeper);
    memory.store(field(sleeper, VCPU.state), VCPU_STATE.blocked);
    run(300 * MILLISECOND);
    expect(time(sleeper)).toBe(before);
    wake(sleeper);
    run(303 * MILLISECOND);
    expect(time(sleeper) - before).toBe(3);
    run(340 * MILLISECOND);
    // Half of the 40 ms, and half of its credit of 3 ms.
    expect(Math.abs(time(sleeper) - before - 21.5)).toBeLessThanOrEqual(3);
    expect(time(first)).toBeGreaterThanOrEqual(310);
  });
});

describe("host processes", () => {
  const whole = { budget: ticks(100_000), period: ticks(100_000) };
  const steady = (): Configuration["vms"] => guests(1, () => ({ share: whole, image: EXIT_LOOPS[0].image, memoryBytes: 0x40_0000 }));

  function sessionOf(processes: readonly HostProgram[], options: Readonly<Record<string, string>>, harts: number, duration: number): ModelSession {
    const session = new ModelSession({ engine: "hosted", options, harts, configuration: { vms: steady(), channels: [], processes } }, loadProfile("graviton3"));
    session.run(duration);
    expect(session.rest().kind).toBe("reached");
    expect(session.invariants()).toEqual([]);
    return session;
  }
  const run = (processes: readonly HostProgram[], options: Readonly<Record<string, string>> = {}): ReturnType<ModelSession["report"]> =>
    sessionOf(processes, options, 1, 40 * MILLISECOND).report();
  const program = (code: readonly number[], argument = 0): HostProgram => ({ name: "hostile", code, argument });
  const FOREVER = 0x0000_006f; // j .

  test("share the hart evenly with the guests' threads", () => {
    const { vms, processes } = run([], { "host-load": "4" });
    const times = [...vms, ...processes!].map(({ cpuTime }) => cpuTime / MILLISECOND);
    expect(times.length).toBe(5);
    for (const each of times) expect(Math.abs(each - 8)).toBeLessThanOrEqual(2.5);
  });

  test("are ended by what they may not do, and nobody else is", () => {
    const acts: readonly (readonly [what: string, code: number, argument: number, cause: number])[] = [
      ["load from the kernel's tables", 0x0005_2283, queueOf(0), CAUSE.loadGuestPage], // lw t0, 0(a0)
      ["store to the kernel's tables", 0x0055_2023, vmAt(0), CAUSE.storeGuestPage], // sw t0, 0(a0)
      ["store to a VMM", 0x0055_2023, new HostedLayout({ vms: steady(), channels: [] }, 0).vmm(0), CAUSE.storeGuestPage],
      ["store to a guest's RAM", 0x0055_2023, RAM_BASE + 0x20_0000, CAUSE.storeGuestPage],
      ["jump into the kernel", 0x0005_0067, RAM_BASE + 0x10_0000, CAUSE.instructionGuestPage], // jr a0
      ["read sstatus", 0x1000_22f3, 0, CAUSE.virtualInstruction], // csrr t0, sstatus
      ["wait for an interrupt", 0x1050_0073, 0, CAUSE.virtualInstruction], // wfi
      ["return from a trap", 0x1020_0073, 0, CAUSE.virtualInstruction], // sret
    ];
    const { vms, processes } = run([...acts.map(([, code, argument]) => program([code, FOREVER], argument)), program([FOREVER])]);
    // What a trapped instruction was at is its address in memory, or the instruction itself.
    expect(processes!.map(({ reason }, index) => [acts[index]?.[0], /exception (\d+) .* with value 0x([0-9a-f]+);/.exec(reason ?? "")?.slice(1)]))
      .toEqual([...acts.map(([what, code, argument, cause]) => [what, [`${cause}`, (argument === 0 ? code : argument).toString(16)]]), [undefined, undefined]]);
    expect(vms[0].state).toBe("running");
    expect(vms[0].cpuTime).toBeGreaterThanOrEqual(15 * MILLISECOND);
  });

  test("that flood the kernel with calls get nothing by it but their share", () => {
    const calls = Object.entries(CALL).filter(([name]) => !["exit", "sleep", "yield"].includes(name));
    // li a7, number; li a0, 0; ecall; j back over three
    const { vms, processes } = run(calls.map(([, number]) => program([((number << 20) | 0x0893) >>> 0, 0x0000_0513, 0x0000_0073, 0xff5f_f06f])));
    expect(processes!.map(({ state }) => state)).toEqual(calls.map(() => "running"));
    expect(vms[0]).toMatchObject({ state: "running", unitsPage: 0 });
    expect(Math.abs(vms[0].cpuTime / MILLISECOND - 40 / (calls.length + 1))).toBeLessThanOrEqual(1.5);
  });

  test("sleep as long as they ask", () => {
    // li a0, 1000 ticks; li a7, sleep; ecall; addi s1, s1, 1; sd s1, 256(s0); j back over five
    const { processes } = run([program([0x3e80_0513, ((CALL.sleep << 20) | 0x0893) >>> 0, 0x0000_0073, 0x0014_8493, 0x1094_3023, 0xfedf_f06f])]);
    expect(processes![0].cpuTime).toBeLessThanOrEqual(MILLISECOND);
    expect(processes![0].cpuTime).toBeGreaterThan(0);
  });

  describe("with pipes", () => {
    const [S0, A0, A1, A2, A7] = [8, 10, 11, 12, 17];
    const addi = (target: number, source: number, value: number): number => (((value & 0xfff) << 20) | (source << 15) | (target << 7) | 0x13) >>> 0;
    const li = (target: number, value: number): number => addi(target, 0, value);
    const sd = (value: number, base: number, offset: number): number => ((((offset >> 5) & 0x7f) << 25) | (value << 20) | (base << 15) | 0x3023 | ((offset & 0x1f) << 7)) >>> 0;
    const ECALL = 0x0000_0073;
    /** Its answer goes to the page of the process, at ANSWERS. */
    interface PipeCall { readonly call: number; readonly pipe: number; readonly at: number; readonly bytes: number }
    const ANSWERS = 0x700;
    /** `done`: calls that were made before. */
    const calls = (all: readonly PipeCall[], done = 0): number[] => all.flatMap(({ call, pipe, at, bytes }, index) => [
      li(A0, pipe), addi(A1, S0, Math.min(at, 2047)), addi(A1, A1, at - Math.min(at, 2047)), li(A2, bytes), li(A7, call), ECALL, sd(A0, S0, ANSWERS + 8 * (done + index)),
    ]);
    const write = (pipe: number, at: number, bytes: number): PipeCall => ({ call: CALL.pipeWrite, pipe, at, bytes });
    const read = (pipe: number, at: number, bytes: number): PipeCall => ({ call: CALL.pipeRead, pipe, at, bytes });
    /** For so many times 1,024 ticks. */
    const sleep = (times: number): number[] => [li(A0, times), 0x00a5_1513, li(A7, CALL.sleep), ECALL]; // slli a0, a0, 10
    /** The end with the lower number writes pipe 0 and reads pipe 1. */
    const end = (number: number, code: readonly number[]): HostProgram => ({ ...program([...code, FOREVER]), pipes: { writes: number, reads: number ^ 1 } });
    const memoryOf = (session: ModelSession, process: number): Buffer => {
      const { memory } = session.report().processes![process];
      return Buffer.from(session.ram().slice(memory - RAM_BASE, memory - RAM_BASE + HOST_PROGRAM_BYTES));
    };
    const answers = (session: ModelSession, process: number, count: number): number[] =>
      Array.from({ length: count }, (_, index) => Number(memoryOf(session, process).readBigInt64LE(ANSWERS + 8 * index)));

    test.each([1, 2])("pass messages back and forth, and sleep between them: %i harts", (harts) => {
      const session = sessionOf([], { "host-load": "2", "host-kind": "pipe" }, harts, 2 * MILLISECOND);
      const [first, second] = [0, 1].map((process) => Number(memoryOf(session, process).readBigUInt64LE(ROUNDS)));
      expect(first).toBeGreaterThan(100);
      expect(first - second).toBeOneOf([0, 1]);
      // Whoever sleeps leaves its hart, to somebody else or to nobody.
      expect(session.report().worldSwitches).toBeGreaterThanOrEqual(first + second);
    });

    test("move bytes in order, through a ring that runs full and over its end", () => {
      const once = write(0, 0, 1700);
      // The third goes over the ring's end, since the first read came before it, and fills it.
      const writer = [...calls([once, once]), ...sleep(30), ...calls([once, once, once], 2), FOREVER];
      // What is written is the program itself, with no two words alike behind it.
      for (let word = writer.length; word < 1700 / 4; word++) writer.push(0x0101_0000 * word + word);
      // What the first four read, the fifth overwrites; those behind it are read beyond the end of the ring.
      const reads = [...Array.from({ length: 5 }, () => 0x900), 0x900 + 700, 0x900 + 1400].map((at) => read(0, at, at < 0x900 + 1400 ? 700 : 300));
      const reader = [...sleep(10), ...calls(reads.slice(0, 1)), ...sleep(50), ...calls(reads.slice(1), 1)];
      const session = sessionOf([end(0, writer), end(1, reader)], {}, 1, 5 * MILLISECOND);
      expect(answers(session, 0, 4)).toEqual([1700, 1700, PIPE_CAPACITY + 700 - 3400, 0]);
      expect(session.report().processes![0].cpuTime).toBeLessThan(MILLISECOND);
      session.run(25 * MILLISECOND);
      session.rest();
      expect(session.invariants()).toEqual([]);
      const page = memoryOf(session, 0);
      const stream = Buffer.concat(answers(session, 0, 5).map((bytes) => page.subarray(0, bytes)));
      const taken = answers(session, 1, reads.length);
      const before = (index: number): number => taken.slice(0, index).reduce((sum, bytes) => sum + bytes, 0);
      expect(before(reads.length)).toBeGreaterThan(PIPE_CAPACITY);
      for (const [index, { at }] of [...reads.entries()].slice(4)) {
        expect(memoryOf(session, 1).subarray(at, at + taken[index])).toEqual(stream.subarray(before(index), before(index + 1)));
      }
    });

    test("answer what may not be with an error, and do nothing", () => {
      const bad: readonly (readonly [PipeCall, number])[] = [
        [write(1, 0x200, 8), -9], [read(0, 0x200, 8), -9], [write(2, 0x200, 8), -9], [write(-1, 0x200, 8), -9], [read(-1, 0x200, 8), -9],
        [write(0, 0x200, 0), -22], [read(1, 0x200, 0), -22], [write(0, 0x200, -1), -14], [read(1, 0x200, -2048), -14],
        [write(0, -8, 8), -14], [read(1, -1, 1), -14], [write(0, 4089, 8), -14], [read(1, 4094, 2047), -14], [write(0, 4088, 8), 8],
      ];
      const stranger = program([...calls([write(0, 0x200, 8), read(0, 0x200, 8), write(1, 0x200, 8), read(1, 0x200, 8)]), FOREVER]);
      const session = sessionOf([end(0, calls(bad.map(([call]) => call))), end(1, []), stranger], {}, 1, 10 * MILLISECOND);
      expect(answers(session, 0, bad.length)).toEqual(bad.map(([, error]) => error));
      expect(answers(session, 2, 4)).toEqual([-9, -9, -9, -9]);
      const pipe = (number: number): DataView => {
        const at = new HostedLayout({ vms: steady(), channels: [] }, 3, 2).pipe(number) - RAM_BASE;
        const { buffer, byteOffset } = session.ram();
        return new DataView(buffer, byteOffset + at);
      };
      expect([0, 1].map((number) => pipe(number).getInt32(PIPE.held, true))).toEqual([8, 0]);
    });

    test("learn that who was at the other end has ended", () => {
      const ends = end(1, [...sleep(10), 0x0000_3003]); // ld zero, 0(zero)
      const session = sessionOf([end(0, calls([read(1, 0x200, 8), read(1, 0x200, 8), write(0, 0x200, 8)])), ends], {}, 1, 10 * MILLISECOND);
      expect(session.report().processes!.map(({ state }) => state)).toEqual(["running", "failed"]);
      expect(answers(session, 0, 3)).toEqual([0, 0, -32]);
    });
  });
});

test("a doorbell of split=user goes by way of both VMMs, and the peer's guest is told", () => {
  const channels = [{ name: "pair", ends: [0, 1] as const, windowBytes: 0x1000 }];
  const bench = new EngineBench(ENGINES.hosted, guests(2, () => ({ share: { budget: ticks(50_000), period: ticks(100_000) } })), { channels, harts: 2, options: { split: "user" } });
  bench.mark(0, 1);
  bench.mark(1, 2);
  expect(bench.call(0, VENDOR, 1, 0)).toEqual({ error: 0, value: 0 });
  expect(bench.hasSoftwareInterrupt(1)).toBe(false);
  bench.pass(20 * MILLISECOND, 100_000);
  const peer = [0, 1].find((id) => bench.marked(id) === 2)!;
  expect(bench.hasSoftwareInterrupt(peer)).toBe(true);
  expect(bench.call(peer, VENDOR, 2)).toEqual({ error: 0, value: 1 });
});

