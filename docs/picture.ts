// Makes the README's picture from real output: node docs/picture.ts < output.txt > docs/bench.svg

import { text } from "node:stream/consumers";

const FONT_SIZE = 13;
const CHARACTER_WIDTH = 7.85;
const LINE_HEIGHT = 18;
const MARGIN = 16;

/** The lines as an SVG image in a monospaced font, on a background of its own so that it reads in light and dark. */
export function picture(lines: readonly string[]): string {
  const columns = Math.max(...lines.map((line) => line.length));
  const width = Math.ceil(columns * CHARACTER_WIDTH + 2 * MARGIN);
  const height = lines.length * LINE_HEIGHT + 2 * MARGIN;
  const rows = lines.map((line, index) => {
    const heading = line !== "" && !line.startsWith(" ");
    const y = MARGIN + FONT_SIZE + index * LINE_HEIGHT;
    return `<text x="${MARGIN}" y="${y}" xml:space="preserve"${heading ? ' font-weight="bold"' : ""}>${escapeXml(line)}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="Output of npm run bench">`,
    `<rect width="${width}" height="${height}" rx="8" fill="#10161d"/>`,
    `<g fill="#d6dee6" font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="${FONT_SIZE}">`,
    ...rows,
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

function escapeXml(line: string): string {
  return line.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

if (import.meta.main) {
  const lines = (await text(process.stdin)).trimEnd().split("\n");
  process.stdout.write(picture(lines));
}
