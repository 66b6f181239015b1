// What one guest can change on each engine, found by trying: the trusted computing base by attack.

import { isReach, type Point, type Selection } from "./dataset.ts";
import type { Figure } from "./figure.ts";
import { BROKEN, type Cell, matrix } from "./matrix.ts";
import { listed, short } from "./words.ts";

/** By the subject of the metric: what it is called. */
const MEMORY: Readonly<Record<string, string>> = { own: "its own memory", guests: "other guests' memory", engine: "the engine's memory", rest: "all other memory" };
const REGISTERS: Readonly<Record<string, string>> = {
  timer: "timers", "software-interrupt": "software interrupts", "interrupt-controller": "interrupt controller", console: "console", disk: "another guest's disk", csr: "privileged CSRs",
};
const OWN = "own";

const KINDS = [{ name: "its own", colour: 3 }, { name: "nothing", colour: 0 }, { name: "more than its own", colour: 2 }] as const;
const [ITS_OWN, NOTHING, MORE] = KINDS.map(({ name }) => name);

export interface ReachValue {
  readonly what: string;
  readonly engine: string;
  /** Memory is in bytes, all else in registers. */
  readonly memory: boolean;
  readonly own: boolean;
  readonly value: number;
  readonly broken: boolean;
}

/** What is reached in the order above; engines in theirs. Of each as it comes, on its most harts. */
export function reachValues({ source, engines }: Pick<Selection, "source" | "engines">): ReachValue[] {
  const points = source.points.filter(({ scenario, variant }) => isReach(scenario) && variant === "");
  const of = engines.flatMap((engine) => {
    const own = points.filter((point) => point.engine === engine);
    const most = Math.max(...own.map(({ harts }) => harts));
    return own.filter(({ harts }) => harts === most);
  });
  const values = (names: Readonly<Record<string, string>>, metric: Point["metric"]): ReachValue[] => (
    Object.entries(names).flatMap(([subject, what]) => of.filter((point) => point.metric === metric && point.subject === subject)
      .map(({ engine, value, failed }) => ({ what, engine, memory: metric === "reach-memory", own: subject === OWN, value, broken: failed }))));
  return [...values(MEMORY, "reach-memory"), ...values(REGISTERS, "reach-registers")];
}

/** Bytes by engine that are not the guest's own. */
export function beyondOwn(values: readonly ReachValue[]): Map<string, number> {
  return new Map([...Map.groupBy(values, ({ engine }) => engine)].map(([engine, own]) => [engine, sum(own.filter((value) => value.memory && !value.own))]));
}

const sum = (values: readonly ReachValue[]): number => values.reduce((all, { value }) => all + value, 0);

const KIB = 1024;

const bytes = (value: number): string => (value === 0 ? "0" : value < KIB * KIB ? `${short(value / KIB)} KiB` : `${short(value / KIB / KIB)} MiB`);
const counted = (registers: number): string => `${short(registers)} ${registers === 1 ? "register" : "registers"}`;
const written = ({ memory, value }: ReachValue): string => (memory ? bytes(value) : short(value));

const cellOf = (one: ReachValue): Cell => (
  { row: one.what, engine: one.engine, kind: one.own ? ITS_OWN : one.value === 0 ? NOTHING : MORE, written: written(one), detail: written(one), broken: one.broken });

export const reach: Figure = {
  name: "reach",
  title: "What one guest can change",
  reading: `The trusted computing base by attack: one guest stores to every page of physical memory and writes to every register of the board and every privileged CSR; what has changed is seen in the machine. Memory by a word of each page. On an engine that keeps guests apart, anything beyond a guest's own memory is a failed claim: its column is in frames, with "${BROKEN.trim()}".`,
  absent: "These results have none of it: npm run bench -- --only isolation.",
  draw: (selection, look) => {
    const values = reachValues(selection);
    if (values.length === 0) return undefined;
    const byEngine = [...Map.groupBy(values, ({ engine }) => engine)];
    const beyond = beyondOwn(values);
    const registers = (own: readonly ReachValue[]) => sum(own.filter(({ memory }) => !memory));
    const [kept, reached] = [byEngine.filter(([engine, own]) => beyond.get(engine) === 0 && registers(own) === 0), byEngine.filter(([engine, own]) => beyond.get(engine) !== 0 || registers(own) !== 0)];
    const engines = byEngine.map(([engine]) => engine);
    return {
      spec: matrix(values.map(cellOf), "what", KINDS, look),
      says: [
        ...reached.map(([engine, own]) => `On ${engine}, beyond its own memory, a guest changed ${bytes(beyond.get(engine) ?? 0)} of memory and ${counted(registers(own))}.`),
        ...(kept.length === 0 ? [] : [`On ${listed(kept.map(([engine]) => engine))}, nothing.`]),
      ].join(" "),
      table: {
        head: ["what", ...engines],
        body: [...Map.groupBy(values, ({ what }) => what)].map(([what, own]) => [
          `${what}, ${own[0].memory ? "bytes" : "registers"}`,
          ...engines.map((engine) => own.filter((value) => value.engine === engine).map(({ value, broken }) => `${value.toLocaleString("en-US")}${broken ? BROKEN : ""}`).join("")),
        ]),
      },
    };
  },
};
