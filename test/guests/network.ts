// Guests with network ports on QEMU's virt board, whose ports' frames go through UDP sockets.

import { type ChildProcess, spawn } from "node:child_process";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { QEMU } from "../../bench/anchors/qemu.ts";
import { imagePath } from "../../workloads/images.ts";
import type { ImageName } from "../../workloads/workload.ts";
import { type FirmwareGuest, firmwareOptions } from "./firmware.ts";

const HOST = "127.0.0.1";
const START_MS = 60_000;
const QUIET_MS = 600;
const PROBE_MS = 100;
/** Frames on their way at once: less than a socket's or a queue's buffers hold. */
const WINDOW = 32;

/** 52:54:00:74:63 and the port, as a guest's ports have them on our machine. */
export const portMac = (port: number): readonly number[] => [0x52, 0x54, 0x00, 0x74, 0x63, port];

export class NetworkGuest {
  /** What left each port since it was last taken. */
  readonly #left: Buffer[][];
  readonly #process: ChildProcess;
  readonly #sockets: readonly Socket[];
  readonly #addresses: readonly number[];
  readonly #cleanUp: () => void;
  #output = "";

  private constructor(process: ChildProcess, sockets: readonly Socket[], addresses: readonly number[], cleanUp: () => void) {
    this.#process = process;
    this.#cleanUp = cleanUp;
    this.#sockets = sockets;
    this.#addresses = addresses;
    this.#left = sockets.map(() => []);
    for (const [port, socket] of sockets.entries()) socket.on("message", (bytes) => this.#left[port].push(bytes));
    process.stdout?.setEncoding("utf8").on("data", (text: string) => { this.#output += text; });
    process.stderr?.setEncoding("utf8").on("data", (text: string) => { this.#output += text; });
  }

  /** One guest under QEMU's own firmware. */
  static start(image: ImageName, bootArguments: string, ports: number): Promise<NetworkGuest> {
    return NetworkGuest.#launch(ports, () => undefined, [
      "-M", "virt", "-smp", "1", "-m", "64", "-display", "none", "-monitor", "none", "-serial", "stdio", "-bios", "default",
      "-kernel", imagePath(image), "-append", bootArguments,
    ]);
  }

  /** Several, under the test firmware. */
  static startSeveral(guests: readonly FirmwareGuest[], ports: number): Promise<NetworkGuest> {
    const scratch = mkdtempSync(join(tmpdir(), "tcbench-firmware-"));
    return NetworkGuest.#launch(ports, () => rmSync(scratch, { recursive: true }), firmwareOptions(scratch, guests));
  }

  static async #launch(ports: number, cleanUp: () => void, options: readonly string[]): Promise<NetworkGuest> {
    const sockets = await Promise.all(Array.from({ length: ports }, async () => {
      const socket = createSocket({ type: "udp4", recvBufferSize: 1 << 20 });
      socket.bind(0, HOST);
      await once(socket, "listening");
      return socket;
    }));
    const addresses = await Promise.all(sockets.map(freePort));
    const devices = sockets.flatMap((socket, port) => [
      "-netdev", `socket,id=n${port},udp=${HOST}:${socket.address().port},localaddr=${HOST}:${addresses[port]}`,
      "-device", `virtio-net-device,netdev=n${port},bus=virtio-mmio-bus.${port},mac=${portMac(port).map((byte) => byte.toString(16).padStart(2, "0")).join(":")}`,
    ]);
    const process = spawn(QEMU, [...options, "-global", "virtio-mmio.force-legacy=false", ...devices], { stdio: ["ignore", "pipe", "pipe"] });
    return new NetworkGuest(process, sockets, addresses, cleanUp);
  }

  /** Everything on the console so far. */
  get output(): string {
    return this.#output;
  }

  /** Sends a frame until something leaves a port, which says that the guest runs. */
  async awake(port: number, bytes: Uint8Array): Promise<void> {
    const end = Date.now() + START_MS;
    while (this.#left.every((frames) => frames.length === 0)) {
      if (Date.now() > end || this.#process.exitCode !== null) throw new Error(`the guest does not answer: ${this.#output}`);
      this.#send(port, bytes);
      await sleep(PROBE_MS);
    }
    await this.exchange(port, []);
  }

  /** Sends frames to a port; what left each port until it was quiet again. */
  async exchange(port: number, frames: readonly Uint8Array[]): Promise<readonly (readonly Buffer[])[]> {
    for (const [index, bytes] of frames.entries()) {
      this.#send(port, bytes);
      if (index % WINDOW === WINDOW - 1) await sleep(PROBE_MS / 2);
    }
    for (let seen = -1; seen !== this.#count();) {
      seen = this.#count();
      await sleep(QUIET_MS);
    }
    return this.#left.map((left) => left.splice(0));
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.close();
    if (this.#process.exitCode === null) {
      this.#process.kill();
      await once(this.#process, "exit");
    }
    this.#cleanUp();
  }

  #send(port: number, bytes: Uint8Array): void {
    this.#sockets[port].send(bytes, this.#addresses[port], HOST);
  }

  #count(): number {
    return this.#left.reduce((sum, frames) => sum + frames.length, 0);
  }
}

/** A port of the host that nobody has now. */
async function freePort(): Promise<number> {
  const socket = createSocket("udp4");
  socket.bind(0, HOST);
  await once(socket, "listening");
  const { port } = socket.address();
  socket.close();
  await once(socket, "close");
  return port;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, ms); });
