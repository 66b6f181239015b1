// A guest's image, whatever format its file has.

export interface ImageSegment {
  /** Where its bytes are in the file. */
  readonly offset: number;
  readonly fileBytes: number;
  /** Linked address, and bytes there; those beyond `fileBytes` are zero. */
  readonly address: number;
  readonly memoryBytes: number;
  /** A power of two, at least 1. */
  readonly alignment: number;
  readonly executable: boolean;
  readonly writable: boolean;
}

export interface GuestImage {
  /** Whether it runs elsewhere than at its linked address. */
  readonly relocatable: boolean;
  readonly entry: number;
  /** Linked addresses of its first byte, and of the byte behind its last. */
  readonly low: number;
  readonly high: number;
  /** What the distance it is moved by must be a multiple of. */
  readonly alignment: number;
  /** Loadable segments that occupy memory, in ascending order of address. */
  readonly segments: readonly ImageSegment[];
  /** File range of the dynamic section; zero bytes when there is none. */
  readonly dynamic: { readonly offset: number; readonly bytes: number };
  /** Whether it passes values in floating-point registers, which the machine does not have. */
  readonly floatingPoint: boolean;
  readonly file: Uint8Array;
}
