// What keeps two threads from running one device at once. Of the simulation: the machine has no such lock, and no software
// on it can see one.

export function lockDevice(i32: Int32Array, word: number): void {
  while (Atomics.compareExchange(i32, word, 0, 1) !== 0) Atomics.pause();
}

export function tryLockDevice(i32: Int32Array, word: number): boolean {
  return Atomics.compareExchange(i32, word, 0, 1) === 0;
}

export function unlockDevice(i32: Int32Array, word: number): void {
  Atomics.store(i32, word, 0);
}
