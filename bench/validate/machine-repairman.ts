// What queueing theory has in closed form for n customers who think for Z, then wait in one queue for a service of S, and
// think again: the machine-repairman model (Lazowska, Zahorjan, Graham, Sevcik: Quantitative System Performance, 1984,
// chapter 5 for the bounds, 6 for mean value analysis). Throughputs are operations a cycle.

/** No queue does better: nobody is faster than alone, and the server than always busy. */
export function upperBound(customers: number, think: number, service: number): number {
  return Math.min(customers / (think + service), 1 / service);
}

/** No first-come-first-served queue does worse: everybody always finds all others before them. */
export function lowerBound(customers: number, think: number, service: number): number {
  return customers / (think + customers * service);
}

/** Exactly, where thinking and service are exponentially distributed: by mean value analysis. */
export function exponential(customers: number, think: number, service: number): number {
  let queue = 0;
  let throughput = 0;
  for (let count = 1; count <= customers; count++) {
    const response = service * (1 + queue);
    throughput = count / (think + response);
    queue = throughput * response;
  }
  return throughput;
}
