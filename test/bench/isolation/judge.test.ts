import { expect, test } from "vitest";
import { judge, serviceOf } from "../../../bench/isolation/judge.ts";
import type { Observation } from "../../../bench/isolation/observe.ts";
import { ENGINES } from "../../../engines/engines.ts";
import { ATTACKS } from "../../../workloads/attacks.ts";

const attackOf = (name: string) => ATTACKS.find((attack) => attack.name === name)!;
const TYPE_1 = ENGINES.smp.claims;
const PEERS = ENGINES.microscheduler.claims;
const DUE = 100;

function seen(computing: number, more: Partial<Observation> = {}): Observation {
  return {
    victims: [
      { name: "compute-0", kind: "compute", units: computing, latest: 0 }, { name: "compute-1", kind: "compute", units: 150, latest: 0 },
      { name: "timer-0", kind: "timer", units: 80, latest: 1000 },
    ],
    rounds: 3, privileged: 0, accepted: 0, secretBytes: 0, victimWords: 0, engineWords: 0, ...more,
  };
}
const verdict = (name: string, claims: typeof TYPE_1, observation: Observation) => judge(attackOf(name), claims, observation, seen(120), DUE);

test("an attack that changes nothing is contained", () => {
  expect(verdict("memory-read", TYPE_1, seen(119))).toEqual({
    outcome: "contained", reached: {}, share: 119, latest: 1000, slowdown: { compute: 120 / 119, timer: 1 },
  });
});

test("time that others left is no share: losing it is degradation, and no failure", () => {
  expect(verdict("schedule-spin", TYPE_1, seen(96))).toMatchObject({ outcome: "degraded", share: 96, slowdown: { compute: 1.25 } });
  expect(verdict("schedule-spin", TYPE_1, seen(96)).failure).toBeUndefined();
});

test("less than 95 % of a share fails an engine that claims to keep shares, and no other", () => {
  expect(verdict("schedule-spin", TYPE_1, seen(94)).failure).toBe("an honest guest received 94.0 % of its share");
  expect(verdict("schedule-spin", PEERS, seen(94))).toMatchObject({ outcome: "degraded" });
  expect(verdict("schedule-spin", PEERS, seen(94)).failure).toBeUndefined();
});

test.each([
  ["memory-read", { secretBytes: 16 }, { "secret-bytes": 16 }],
  ["memory-write", { victimWords: 5 }, { "guest-words": 5 }],
  ["memory-locks", { engineWords: 1 }, { "engine-words": 1 }],
  ["privilege-csrs", { privileged: 2 }, { "privileged-instructions": 2 }],
  ["memory-queue", { ended: "the engine ended: access fault" }, { "ended-engine": 1 }],
] as const)("%s that gets through has escaped, and fails a Type 1 engine", (name, evidence, reached) => {
  const { outcome, failure, ...rest } = verdict(name, TYPE_1, seen(120, evidence));
  expect([outcome, rest.reached]).toEqual(["escaped", reached]);
  expect(failure).toContain("reached: ");
});

test("a guest that is held, or whose work is wrong, has been reached", () => {
  expect(verdict("privilege-timer", TYPE_1, seen(0))).toMatchObject({ outcome: "escaped", reached: { "held-guests": 1 }, share: 0, slowdown: { compute: Infinity } });
  const wrong = seen(120);
  const victims = wrong.victims.map((victim, index) => (index === 1 ? { ...victim, wrong: "wrong result" } : victim));
  expect(verdict("memory-write", TYPE_1, { ...wrong, victims })).toMatchObject({ reached: { "wrong-guests": 1 }, failure: "reached: 1 wrong guests; compute-1: wrong result" });
});

test("an engine whose guests are its peers fails where it stops what a peer gets through", () => {
  expect(verdict("memory-write", PEERS, seen(120)).failure).toBe("it stops what a peer of it gets through");
  expect(verdict("memory-write", PEERS, seen(120, { victimWords: 1 })).failure).toBeUndefined();
  expect(verdict("privilege-csrs", PEERS, seen(120)).failure).toBeUndefined();
});

test("an attack that was not carried out shows nothing", () => {
  expect(verdict("schedule-spin", TYPE_1, seen(120, { rounds: 0 })).failure).toBe("the attack was not carried out");
});

test("the share is that of the guest that did least", () => {
  expect(serviceOf(seen(70), DUE)).toEqual({ share: 70, latest: 1000 });
});
