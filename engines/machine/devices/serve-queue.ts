// What devices do with requests of their drivers: one chain after another, until no more are available.

import { type Queue, TAKEN } from "../../virtio/queue.ts";
import type { Transport } from "../../virtio/transport.ts";

/**
 * Serves a queue's worth of chains at the most: a driver on another hart may add them as fast as they are done. `serve`
 * answers the bytes written into the one taken, or a negative number for one that will not do.
 */
export function serveQueue(transport: Transport, queue: Queue, serve: () => number): void {
  let served = 0;
  let broken = false;
  while (served < queue.maximum) {
    const taken = queue.take();
    if (taken === TAKEN.nothing) break;
    const written = taken === TAKEN.broken ? -1 : serve();
    broken = written < 0;
    if (broken) break;
    queue.put(written);
    served++;
  }
  if (served !== 0 && queue.publish()) transport.interrupt();
  if (broken) transport.fail();
}
