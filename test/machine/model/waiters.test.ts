import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { physical } from "../../../engines/machine/address.ts";
import { RAM_BASE } from "../../../engines/machine/layout.ts";
import { Lines } from "../../../engines/machine/model/lines.ts";
import { type Found, Waiters } from "../../../engines/machine/model/waiters.ts";
import { costs } from "./costs.ts";

const HARTS = 70;
const RAM_BYTES = 0x1000;
const LINES = RAM_BYTES / 64;
/** No two cores are equally far apart from a third. */
const model = {
  ...costs(HARTS),
  transfer: Int32Array.from({ length: HARTS * HARTS }, (_, index) => {
    const [from, to] = [Math.floor(index / HARTS), index % HARTS];
    return from === to ? 0 : 100 + from + to;
  }),
};
const wordOf = (word: number) => physical(RAM_BASE + 4 * word);
const offset = (address: number) => ((address | 0) - (RAM_BASE | 0)) >> 2;

/** A hart that waits for a word, as the machine's notes say. */
interface Wait { readonly word: number; readonly value: number; readonly unless: boolean; readonly since: number }

describe("harts that wait for words", () => {
  test("are woken by the write that ends their wait, when half of those that wait for the line have read it again", () => {
    const step = fc.record({ core: fc.nat(HARTS - 1), word: fc.nat(20), value: fc.nat(3), unless: fc.boolean(), waits: fc.boolean() });
    fc.assert(fc.property(fc.array(step, { minLength: 150, maxLength: 300 }), (steps) => {
      const lines = new Lines(RAM_BYTES, HARTS, model);
      const waiters = new Waiters(LINES, HARTS, lines);
      const i32 = new Int32Array(RAM_BYTES / 4);
      const waits = new Map<number, Wait>();
      let at = 0;
      for (const { core, word, value, unless, waits: begins } of steps) {
        at += 100_000;
        if (waits.has(core)) continue;
        const line = word >> 4;
        if (begins) {
          if ((i32[word] === value) !== unless) continue;
          lines.read(core, line, at);
          waiters.add(core, wordOf(word), value, unless, at);
          waits.set(core, { word, value, unless, since: at });
          continue;
        }
        const done = lines.write(core, line, at);
        i32[word] = value;
        const found: Found[] = [];
        expect(waiters.isWatched(wordOf(word))).toBe([...waits.values()].some((wait) => wait.word >> 4 === line));
        if (waiters.isWatched(wordOf(word))) waiters.written(wordOf(word), done, i32, offset, (each) => found.push(each));
        const together = [...waits].filter(([, wait]) => wait.word >> 4 === line);
        const distance = (other: number) => model.transfer[core * HARTS + other];
        const all = together.reduce((sum, [other]) => sum + distance(other), 0);
        const expected = together.filter(([, wait]) => (i32[wait.word] === wait.value) !== wait.unless).map(([other, wait]): Found => (
          { core: other, at: done + distance(other) + ((all - distance(other)) >> 1), address: physical(wordOf(wait.word) | 0), value: i32[wait.word], since: wait.since }));
        expect(found.toSorted((a, b) => a.core - b.core)).toEqual(expected.toSorted((a, b) => a.core - b.core));
        expect(together.every(([other]) => lines.reads(other, line))).toBe(true);
        for (const { core: woken } of expected) waits.delete(woken);
      }
      for (let other = 0; other < HARTS; other++) expect(waiters.wait(other) !== undefined).toBe(waits.has(other));
    }), { numRuns: 20 });
  });
});
