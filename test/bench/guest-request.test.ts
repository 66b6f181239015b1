import { describe, expect, test } from "vitest";
import { EscapeKeys } from "../../bench/guest/escape-keys.ts";
import { asksForGuest, parseGuestCommand } from "../../bench/guest/request.ts";
import { UsageError } from "../../bench/exit-code.ts";
import { ENGINES } from "../../engines/engines.ts";

const parse = (...words: string[]) => parseGuestCommand(words, Object.values(ENGINES));

describe("the command line of --guest", () => {
  test("is told from that of measurements", () => {
    expect(asksForGuest(["--engine", "smp", "--guest", "file"])).toBe(true);
    expect(asksForGuest(["--guest=file"])).toBe(true);
    expect(asksForGuest(["--engine", "smp"])).toBe(false);
  });

  test("a file is all it needs", () => {
    expect(parse("--guest", "kernel")).toEqual({
      guest: "kernel", engine: ENGINES.smp, options: {}, harts: undefined, vcpus: 1, memoryBytes: 128 << 20, bootArguments: "",
      deviceTree: undefined, reboots: true,
    });
  });

  test("flags say the rest", () => {
    expect(parse("--guest", "k", "--engine", "per-core", "--set", "scheduler=table", "--harts", "2", "--vcpus", "4", "--mem", "1g", "--append", "a b", "--dtb", "t", "--no-reboot")).toEqual({
      guest: "k", engine: ENGINES["per-core"], options: { scheduler: "table" }, harts: 2, vcpus: 4, memoryBytes: 2 ** 30, bootArguments: "a b",
      deviceTree: "t", reboots: false,
    });
  });

  test.each([["4096K", 4 << 20], ["1048576", 1 << 20], ["64M", 64 << 20]])("--mem %s", (word, bytes) => {
    expect(parse("--guest", "k", "--mem", word)).toMatchObject({ memoryBytes: bytes });
  });

  test.each([
    [["--guest", ""], "--guest needs a file"],
    [["--guest"], "argument missing"],
    [["--guest", "k", "--engine", "xen"], "unknown engine xen"],
    [["--guest", "k", "--engine", "smp", "--engine", "bare"], "one engine at a time, not on smp and bare"],
    [["--guest", "k", "--mem", "lots"], "--mem lots: not a size from 1M to 1G"],
    [["--guest", "k", "--mem", "2G"], "--mem 2G: not a size from 1M to 1G"],
    [["--guest", "k", "--mem", "1K"], "--mem 1K: not a size from 1M to 1G"],
    [["--guest", "k", "--mem", "1048577"], "--mem 1048577: not a multiple of 4096"],
    [["--guest", "k", "--vcpus", "17"], "--vcpus 17: not a whole number from 1 to 16"],
    [["--guest", "k", "--engine", "uniprocessor", "--harts", "2"], "--harts 2: uniprocessor runs on at most 1"],
    [["--guest", "k", "--engine", "bare", "--set", "lock=mcs"], "--set lock: bare has no options"],
    [["--guest", "k", "--set", "units=3"], "--set units=3: no engine has units"],
    [["--guest", "k", "--workload", "timer"], "Unknown option '--workload'"],
  ])("%j is one clear line", (words, message) => {
    let thrown: unknown;
    try {
      parse(...words);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(UsageError);
    expect((thrown as UsageError).message).toContain(message);
    expect((thrown as UsageError).message).not.toContain("\n");
  });
});

describe("keys typed at a terminal", () => {
  const typed = (...texts: string[]) => {
    const keys = new EscapeKeys();
    return { guest: texts.map((text) => Buffer.from(keys.take(Buffer.from(text))).toString()).join(""), quit: keys.quit };
  };

  test("go to the guest, Ctrl-C too", () => {
    expect(typed("version\r\x03")).toEqual({ guest: "version\r\x03", quit: false });
  });

  test("end it with Ctrl-A x, in one piece or two", () => {
    expect(typed("ab\x01xcd")).toEqual({ guest: "abcd", quit: true });
    expect(typed("ab\x01", "X")).toEqual({ guest: "ab", quit: true });
  });

  test("type Ctrl-A when it is given twice, and nothing with any other key", () => {
    expect(typed("\x01\x01x\x01c!")).toEqual({ guest: "\x01x!", quit: false });
  });
});
