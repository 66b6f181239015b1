import { describe, expect, test } from "vitest";
import { helpText, measuredWords, parseCommandLine, type Vocabulary } from "../../bench/cli.ts";
import { EXIT_CODE, UsageError } from "../../bench/exit-code.ts";
import { DEFAULT_PROFILE } from "../../bench/model/profile.ts";

const vocabulary: Vocabulary = {
  engines: { bare: "the baseline", smp: "one for all cores" },
  workloads: { "compute-hash": "SHA-256", contend: "one service" },
  settings: [
    { name: "lock", values: "ticket|mcs", accepts: (value) => ["ticket", "mcs"].includes(value), default: "ticket", summary: "lock kind", owner: "smp" },
    { name: "think", values: "0..9", accepts: (value) => /^\d$/.test(value), default: "3", summary: "computation between calls", owner: "contend" },
  ],
  maximumHarts: 8,
};

const parse = (...words: string[]) => parseCommandLine(words, vocabulary);

describe("the command line", () => {
  test("nothing asked for leaves everything to the plan", () => {
    expect(parse()).toEqual({
      engines: undefined, workloads: undefined, harts: undefined, clock: "both", profile: DEFAULT_PROFILE, only: undefined, full: false, verify: false, settings: {}, quick: false, samples: undefined, windowMs: undefined,
      resultsFolder: "results", resume: false, json: false, lockTiming: false, allowOversubscription: false,
    });
  });

  test("a run to go on with is in a folder, or where results are; a part of one is of the model clock", () => {
    expect(parse("--resume")).toMatchObject({ resume: true, resultsFolder: "results" });
    expect(parse("--resume", "--results", "out", "--quick")).toMatchObject({ resume: true, resultsFolder: "out", quick: true });
    expect(parse("--quick", "--resume", "out")).toMatchObject({ resume: true, resultsFolder: "out" });
    expect(parse("--resume=out")).toMatchObject({ resultsFolder: "out" });
    expect(() => parse("--resume", "out", "--results", "in")).toThrow(new UsageError("--results and --resume name a folder each: one is enough"));
    expect(parse("--shard", "2/3")).toMatchObject({ clock: "model", shard: { index: 2, count: 3 } });
    expect(() => parse("--shard", "1/2", "--clock", "wall")).toThrow(new UsageError("--shard means nothing on the wall clock alone"));
    expect(() => parse("--shard", "1/2", "--verify")).toThrow(new UsageError("--shard means nothing with --verify, which gives no results"));
    for (const word of ["0/3", "4/3", "1", "a/b", "1/2/3"]) expect(() => parse("--shard", word)).toThrow(new UsageError(`--shard ${word}: not of the form i/n, with i from 1 to n`));
    expect(measuredWords(["--quick", "--resume", "out", "--set", "a=b", "--shard=1/2", "--results", "x", "--engine=smp"])).toEqual(["--quick", "--set", "a=b", "--engine=smp"]);
  });

  test("captures are files", () => {
    expect(parse("--pcap", "in.pcapng", "--pcap-out=out.pcap")).toMatchObject({ pcap: "in.pcapng", pcapOut: "out.pcap" });
    expect(() => parse("--pcap=")).toThrow(new UsageError("--pcap needs a file"));
    expect(() => parse("--pcap-out=")).toThrow(new UsageError("--pcap-out needs a file"));
  });

  test("repeated flags gather, each value once", () => {
    expect(parse("--engine", "smp", "--engine=bare", "--engine", "smp", "--harts", "2", "--harts", "1", "--set", "lock=mcs", "--set", "think=0")).toMatchObject({
      engines: ["smp", "bare"], harts: [2, 1], settings: { lock: "mcs", think: "0" },
    });
  });

  test("--only isolation is of the model clock, and goes without workloads", () => {
    expect(parse("--only", "isolation", "--harts", "4")).toMatchObject({ clock: "model", only: "isolation", harts: [4] });
    expect(() => parse("--only", "isolation", "--clock", "wall")).toThrow(new UsageError("--only means nothing on the wall clock alone"));
    expect(parse("--only", "isolation", "--verify")).toMatchObject({ clock: "model", only: "isolation", verify: true });
    expect(() => parse("--only", "isolation", "--full")).toThrow(new UsageError("--full means nothing with --only isolation"));
    expect(() => parse("--only", "speed")).toThrow(UsageError);
  });

  test("--verify is of the model clock; a flag that means nothing on the only clock asked for is refused", () => {
    expect(parse("--verify")).toMatchObject({ clock: "model", verify: true });
    expect(parse("--verify", "--clock", "both")).toMatchObject({ clock: "model" });
    expect(parse("--clock=model", "--profile", "spacemit-k1", "--full")).toMatchObject({ clock: "model", profile: "spacemit-k1", full: true });
    expect(parse("--clock", "both", "--samples", "3", "--profile", "x.json")).toMatchObject({ samples: 3, profile: "x.json" });
    expect(() => parse("--clock", "wall", "--full")).toThrow(new UsageError("--full means nothing on the wall clock alone"));
    expect(() => parse("--clock", "wall", "--verify")).toThrow(new UsageError("--verify means nothing on the wall clock alone"));
    expect(() => parse("--clock", "model", "--window", "5")).toThrow(new UsageError("--window means nothing on the model clock alone"));
    expect(() => parse("--verify", "--lock-timing")).toThrow(new UsageError("--lock-timing means nothing on the model clock alone, which --verify asks for"));
  });

  test.each([
    [["--engine", "xen"], "unknown engine xen: there are bare, smp"],
    [["--engine", "spm"], "unknown engine spm: there are bare, smp; did you mean smp?"],
    [["--workload", "contned"], "there are compute-hash, contend; did you mean contend?"],
    [["--set", "thikn=3"], "no engine or workload has thikn; there are lock, think; did you mean think?"],
    [["--set", "lock=tiket"], "lock takes ticket|mcs; did you mean ticket?"],
    [["--clock", "modle"], "did you mean model?"],
    [["--quik"], "Unknown option '--quik': did you mean --quick? (--help lists what there is)"],
    [["--hart=2"], "Unknown option '--hart': did you mean --harts?"],
    [["--workload", "doom"], "unknown workload doom: there are compute-hash, contend"],
    [["--harts", "0"], "--harts 0: not a whole number from 1 to 8"],
    [["--harts", "9"], "--harts 9: not a whole number from 1 to 8"],
    [["--harts", "1.5"], "--harts 1.5: not a whole number from 1 to 8"],
    [["--harts=-1"], "--harts -1: not a whole number from 1 to 8"],
    [["--samples", "0"], "--samples 0: not a whole number from 1 to 10000"],
    [["--window", "soon"], "--window soon: not a whole number from 1 to 60000"],
    [["--set", "lock"], "--set lock: not of the form name=value"],
    [["--set", "colour=red"], "--set colour=red: no engine or workload has colour; there are lock, think"],
    [["--set", "lock=futex"], "--set lock=futex: lock takes ticket|mcs"],
    [["--clock", "sundial"], "unknown clock sundial: there are wall, model, both"],
    [["--profile="], "--profile needs a name or a file"],
    [["--results", ""], "--results needs a folder"],
    [["--turbo"], "Unknown option '--turbo'"],
    [["everything"], "Unexpected argument 'everything'"],
    [["--engine"], "Option '--engine <value>' argument missing"],
  ])("%j is one clear line", (words, message) => {
    let thrown: unknown;
    try {
      parse(...words);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(UsageError);
    const { message: said } = thrown as UsageError;
    expect(said).toContain(message);
    expect(said).not.toContain("\n");
  });

  test("help names every flag, engine, workload, option and exit code", () => {
    expect(parse("--help")).toBe("help");
    expect(parse("-h", "--quick")).toBe("help");
    expect(parse("--list")).toEqual({ list: "text" });
    expect(parse("--list", "--json")).toEqual({ list: "json" });
    const help = helpText(vocabulary);
    for (const word of ["--engine", "--clock", "--profile", DEFAULT_PROFILE, "--verify", "--full", "--lock-timing", "--allow-oversubscription", "smp", "compute-hash", "lock=ticket|mcs", "think=0..9", "contend: 3"]) expect(help).toContain(word);
    expect(help.split("\n").filter((line) => line.length > 80 && !line.includes("npm run"))).toEqual([]);
    for (const { code, meaning } of Object.values(EXIT_CODE)) expect(help).toMatch(new RegExp(`${code} +${meaning.slice(0, 20)}`));
  });
});
