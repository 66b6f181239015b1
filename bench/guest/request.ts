// The command line of `--guest`: flags to a checked request.

import * as v from "valibot";
import type { EngineDescription, EngineName } from "../../engines/engine.ts";
import { assignment, check, type Flag, oneOf, splitWords, whole } from "../flags.ts";
import { vocabularyOf } from "../vocabulary.ts";

const MEBI = 1 << 20;
const PAGE_BYTES = 4096;
const UNITS: Readonly<Record<string, number>> = { "": 1, K: 1 << 10, M: MEBI, G: 1 << 30 };
/** What the guest's address map has room for. */
const MEMORY = { minimum: MEBI, maximum: 1 << 30, default: "128M" } as const;
const MAXIMUM_VCPUS = 16;
/** Runs every guest, with as many vCPUs and harts as there may be. */
const DEFAULT_ENGINE: EngineName = "smp";

export const GUEST_FLAGS = {
  guest: { type: "string", value: "FILE", doc: "an S-mode ELF file, Linux Image or flat binary (loaded at 0x8020_0000)" },
  engine: { type: "string", multiple: true, value: "NAME", doc: `the engine that hosts it (default: ${DEFAULT_ENGINE})` },
  set: { type: "string", multiple: true, value: "NAME=VALUE", doc: "an option of the engine (may be repeated)" },
  harts: { type: "string", value: "N", doc: "harts of the machine (default: one for each vCPU, as far as this host has cores)" },
  vcpus: { type: "string", value: "N", doc: `vCPUs of the guest, 1 to ${MAXIMUM_VCPUS} (default: 1)` },
  mem: { type: "string", value: "BYTES", doc: `its memory, with K, M or G for powers of 1024 (default: ${MEMORY.default}; at most 1G)` },
  append: { type: "string", value: "TEXT", doc: "boot arguments, in /chosen/bootargs of its device tree" },
  dtb: { type: "string", value: "FILE", doc: "its device tree, instead of one that says what it has; memory and --append are written into it" },
  disk: { type: "string", value: "FILE", doc: "a virtio disk with these contents; what the guest writes is lost when it ends or is reset" },
  "no-reboot": { type: "boolean", doc: "end when the guest asks to be reset, instead of starting it again" },
  help: { type: "boolean", short: "h", doc: "print this" },
} as const satisfies Readonly<Record<string, Flag>>;

export const GUEST_EXAMPLES = [
  "npm run bench -- --guest /usr/lib/u-boot/qemu-riscv64_smode/u-boot.bin",
  "npm run bench -- --guest Image --append \"earlycon=sbi console=ttyS0\" --mem 256M --vcpus 2 --engine per-core",
] as const;

export interface GuestRequest {
  readonly guest: string;
  readonly engine: EngineDescription;
  readonly options: Readonly<Record<string, string>>;
  /** Undefined: as many as vCPUs, as far as there are cores. */
  readonly harts: number | undefined;
  readonly vcpus: number;
  readonly memoryBytes: number;
  readonly bootArguments: string;
  readonly deviceTree: string | undefined;
  readonly disk: string | undefined;
  readonly reboots: boolean;
}

/** Whether a command line is one for `--guest`. */
export function asksForGuest(words: readonly string[]): boolean {
  return words.some((word) => word === "--guest" || word.startsWith("--guest="));
}

/** Throws a UsageError of one line, or answers "help". */
export function parseGuestCommand(words: readonly string[], engines: readonly EngineDescription[]): GuestRequest | "help" {
  const { help, ...flags } = splitWords(words, GUEST_FLAGS);
  return help === true ? "help" : check(requestSchema(engines), flags);
}

function requestSchema(engines: readonly EngineDescription[]) {
  const names = engines.map(({ name }) => name);
  const { settings, maximumHarts } = vocabularyOf(engines, []);
  return v.pipe(
    v.object({
      guest: v.pipe(v.string(), v.nonEmpty("--guest needs a file")),
      engine: v.optional(v.pipe(
        v.array(oneOf("engine", names)),
        v.maxLength(1, ({ input }) => `--guest runs on one engine at a time, not on ${input.join(" and ")}`),
      ), [DEFAULT_ENGINE]),
      set: v.optional(v.array(assignment(settings, "engine")), []),
      harts: v.optional(whole("harts", 1, maximumHarts)),
      vcpus: v.optional(whole("vcpus", 1, MAXIMUM_VCPUS), "1"),
      mem: v.optional(memorySize(), MEMORY.default),
      append: v.optional(v.pipe(v.string(), v.check((text) => !text.includes("\0"), "--append holds a NUL")), ""),
      dtb: v.optional(v.pipe(v.string(), v.nonEmpty("--dtb needs a file"))),
      disk: v.optional(v.pipe(v.string(), v.nonEmpty("--disk needs a file"))),
      "no-reboot": v.optional(v.boolean(), false),
    }),
    v.transform((flags): GuestRequest => ({
      guest: flags.guest,
      engine: engines[names.indexOf(flags.engine[0] as EngineName)],
      options: Object.fromEntries(flags.set),
      harts: flags.harts,
      vcpus: flags.vcpus,
      memoryBytes: flags.mem,
      bootArguments: flags.append,
      deviceTree: flags.dtb,
      disk: flags.disk,
      reboots: !flags["no-reboot"],
    })),
    v.check(
      ({ engine, options }) => Object.keys(options).every((name) => name in engine.options),
      ({ input: { engine, options } }) => `--set ${Object.keys(options).join(", ")}: ${engine.name} has ${Object.keys(engine.options).join(", ") || "no options"}`,
    ),
    v.check(
      ({ engine, harts }) => harts === undefined || harts <= engine.maximumHarts,
      ({ input: { engine, harts } }) => `--harts ${harts ?? ""}: ${engine.name} runs on at most ${engine.maximumHarts}`,
    ),
  );
}

function memorySize() {
  const bytesOf = (word: string): number => {
    const match = /^(\d{1,10})([KMG]?)$/i.exec(word);
    return match === null ? NaN : Number(match[1]) * UNITS[match[2].toUpperCase()];
  };
  return v.pipe(
    v.string(),
    v.check((word) => bytesOf(word) >= MEMORY.minimum && bytesOf(word) <= MEMORY.maximum, ({ input }) => `--mem ${input}: not a size from 1M to 1G`),
    v.check((word) => bytesOf(word) % PAGE_BYTES === 0, ({ input }) => `--mem ${input}: not a multiple of ${PAGE_BYTES} bytes`),
    v.transform(bytesOf),
  );
}
