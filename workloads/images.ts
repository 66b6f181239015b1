// The built images.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ImageName } from "./workload.ts";

export const IMAGES = join(import.meta.dirname, "images");

export const imagePath = (name: ImageName): string => join(IMAGES, `${name}.elf`);

export const readImage = (name: ImageName): Uint8Array => readFileSync(imagePath(name));

/** SHA-256 of an image, in hexadecimal. */
export const sumOfImage = (image: Uint8Array): string => createHash("sha256").update(image).digest("hex");
