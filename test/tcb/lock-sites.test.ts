import { describe, expect, test } from "vitest";
import { lockSites } from "../../bench/tcb/lock-sites.ts";
import { readSource } from "../../bench/tcb/source.ts";

/** Lock sites in modules that an engine is made of, by path. */
function sites(modules: Readonly<Record<string, string>>): number {
  const reached = Object.entries(modules).map(([path, text]) => {
    const source = readSource(path, text);
    return { path, minifiedBytes: 0, statements: source.statements, source };
  });
  return lockSites(reached).values().reduce((sum, count) => sum + count, 0);
}
const inOne = (text: string): number => sites({ "module.ts": text });

test("calls that acquire are, and definitions, mentions and releases are not", () => {
  expect(inOne(`
    class Lock { acquire() {} release() {} }
    const lock = new Lock();
    lock.acquire(); // lock.acquire()
    this.locks[3].acquire(hart);
    const text = "lock.acquire()";
    lock.release();
    const later = lock.acquire;
  `)).toBe(2);
});

describe("a wrapper's callers are, and what it does itself is not", () => {
  const LOCKS = `
    export class Locks {
      acquire(lock) { this.kind.acquire(lock); }
      release(lock) { this.kind.release(lock); }
    }
  `;
  const BIG = `
    export class Big {
      enter() { if (this.on) this.locks.acquire(this.big); }
      leave() { if (this.on) this.locks.release(this.big); }
    }
  `;

  test("in whatever module", () => {
    expect(sites({
      "engine.ts": `
        export const trap = (big, locks) => {
          big.enter();
          locks.acquire(1);
          locks.release(1);
          big.leave();
        };
        export function start(big) { big.enter(); big.leave(); }
      `,
      "big.ts": BIG,
      "locks.ts": LOCKS,
    })).toBe(3);
  });

  test("private, and one that gives up and tries again", () => {
    const engine = `
      export class Engine {
        raise(vcpu) { const home = this.#lockHome(vcpu); this.locks.release(home); }
        #lockHome(vcpu) {
          for (;;) {
            const home = homeOf(vcpu);
            this.locks.acquire(home);
            if (homeOf(vcpu) === home) return home;
            this.locks.release(home);
          }
        }
        stop(vcpu) { const home = this.#lockHome(vcpu); this.locks.release(home); }
      }
    `;
    const stranger = "export class Stranger { #lockHome() {} raise() { this.#lockHome(); } }";
    expect(sites({ "engine.ts": engine, "stranger.ts": stranger, "locks.ts": LOCKS })).toBe(2);
  });

  test("one that gives back what it took is none: it is a site, and its callers are not", () => {
    expect(inOne(`
      function count(locks) { locks.acquire(); const value = add(); locks.release(); return value; }
      export const twice = (locks) => count(locks) + count(locks);
    `)).toBe(1);
  });

  test("others of the same name are none: functions go by their modules, methods are wrappers if all of them are", () => {
    expect(sites({
      "locks.ts": LOCKS,
      "wrapper.ts": "export function take(locks) { locks.acquire(); } export class Guard { enter(locks) { locks.acquire(); } receive(locks) { locks.acquire(); } }",
      "frames.ts": "export function take(frame) { return frame.bytes; } export class Port { receive(frame) { return frame; } }",
      "engine.ts": `
        import { take } from "./frames.ts";
        import { take as lock } from "./wrapper.ts";
        export const trap = (port, guard, frame) => { port.receive(take(frame)); guard.enter(frame); lock(frame); };
      `,
    })).toBe(3); // enter, lock, and what Guard's receive does itself
  });

  test("one that gives a lock back and takes it again is none", () => {
    expect(sites({
      "locks.ts": LOCKS,
      "engine.ts": `
        export class Engine {
          trap(hart) { this.locks.acquire(hart); this.fence(hart); this.fence(hart); this.locks.release(hart); }
          fence(hart) { this.locks.release(hart); hart.wait(); this.locks.acquire(hart); }
        }
      `,
    })).toBe(2);
  });

  test("one that nobody calls is a site itself", () => {
    expect(inOne("export function trap(locks) { locks.acquire(); locks.acquire(); }")).toBe(2);
  });
});
