// `--guest FILE`: one guest, its console on the terminal, until it ends or the user ends it.

import { availableParallelism } from "node:os";
import type { VmReport } from "../../engines/engine.ts";
import { EXIT_CODE, UsageError } from "../exit-code.ts";
import { CaseFailure } from "../failure.ts";
import type { MachineCase } from "../case-machine.ts";
import { MachineSession } from "../session.ts";
import { machineCase } from "./machine-case.ts";
import type { GuestRequest } from "./request.ts";
import { Terminal } from "./terminal.ts";

/** Answers the exit code. Throws a UsageError where the guest cannot be hosted. */
export async function hostGuest(request: GuestRequest): Promise<number> {
  const hosted = machineCase(request, availableParallelism());
  const terminal = new Terminal(process.stdin, process.stdout);
  const interruption = new AbortController();
  const interrupt = (): void => interruption.abort();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, interrupt);
  try {
    if (terminal.interactive) say(`${request.guest} on ${hosted.engine}; Ctrl-A x ends it`);
    for (;;) {
      const guest = await runOnce(hosted, terminal, interruption.signal);
      if (guest === "ended") return interruption.signal.aborted ? EXIT_CODE.interrupted.code : EXIT_CODE.fine.code;
      if (guest.reboot === true && request.reboots) continue;
      say(`${guest.name}: ${guest.reason ?? guest.state}`);
      return guest.state === "failed" ? EXIT_CODE.failedCase.code : EXIT_CODE.fine.code;
    }
  } catch (error) {
    if (!(error instanceof CaseFailure)) throw error;
    say(error.message);
    return EXIT_CODE.failedCase.code;
  } finally {
    terminal.close();
  }
}

/** From power on until the guest ends, or "ended" by the user. */
async function runOnce(hosted: MachineCase, terminal: Terminal, interruption: AbortSignal): Promise<VmReport | "ended"> {
  const session = await start(hosted);
  try {
    session.attendConsole();
    let [guest] = session.report().vms;
    await session.runUntil(() => {
      if (terminal.writable) terminal.write(session.takeConsole());
      terminal.offer((bytes) => session.type(bytes));
      [guest] = session.report().vms;
      return guest.state !== "running" || terminal.ended || interruption.aborted;
    });
    terminal.write(session.takeConsole());
    return guest.state === "running" ? "ended" : guest;
  } finally {
    await session.stop();
  }
}

/** What the engine refuses, the user has asked for. */
async function start(hosted: MachineCase): Promise<MachineSession> {
  try {
    return await MachineSession.start(hosted);
  } catch (error) {
    if (error instanceof CaseFailure) throw new UsageError(`${hosted.engine} cannot host it: ${error.message}`);
    throw error;
  }
}

function say(line: string): void {
  process.stderr.write(`tcbench: ${line}\n`);
}
