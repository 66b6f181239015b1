// The page as a reader has it: opened from a file in a real browser, without a network, in light and dark, wide and narrow.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { FIGURES_OF_ENGINES, FIGURES_OF_SCENARIOS } from "../../../bench/figures/figures.ts";
import { DARK, LIGHT } from "../../../bench/figures/ink.ts";
import { bundleScript, styleSheet } from "../../../bench/html/bundle.ts";
import { formatDocument } from "../../../bench/html/document.ts";
import { gather } from "../../../bench/html/gather.ts";
import type { ResultFile } from "../../../bench/html/read.ts";
import { CHROMIUM, needChromium } from "./browser.ts";
import { attackRows, faultRows, row, workloadRows } from "./rows.ts";

const FIGURES = [...FIGURES_OF_SCENARIOS, ...FIGURES_OF_ENGINES].map(({ name }) => name);
const [WIDE, NARROW] = [1280, 420];

let folder: string;
let browser: Browser | undefined;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tcbench-page-"));
  const source = (path: string, run: boolean, rows: ResultFile["rows"]): ResultFile => ({ path, run, rows, host: undefined });
  const gathered = gather([
    source("contend.csv", false, [...workloadRows("contend"), ...workloadRows("timer", 3), ...attackRows(), ...faultRows()]),
    source("20260101T000000-000Z.csv", true, [row("throughput", 5, { clock: "wall", workload: "timer", low: 4, high: 6 })]),
  ], { engines: [{ name: "per-core", summary: "one each" }, { name: "smp", summary: "one for all" }], baseline: "bare", attacks: ["attack-memory-read"], workloads: [{ name: "contend", summary: "</script><b>one service</b>", unit: "a call" }], hasParameter: () => false }, [
    row("tcb-bytes", 4000, { workload: "", harts: 0 }), row("tcb-bytes", 5000, { workload: "", harts: 0, engine: "per-core" }),
  ]);
  writeFileSync(join(folder, "report.html"), formatDocument({ gathered, script: await bundleScript(), style: styleSheet(), revision: "abc" }));
  if (CHROMIUM !== undefined) browser = await chromium.launch({ executablePath: CHROMIUM, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] });
});
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});

/** Runs `look` on the page, and expects that it asked for nothing and complained of nothing. */
async function open(options: BrowserContextOptions, look: (page: Page) => Promise<void>): Promise<void> {
  const context = await browser!.newContext({ offline: true, ...options });
  try {
    const page = await context.newPage();
    const heard: string[] = [];
    page.on("console", (message) => { heard.push(message.text()); });
    page.on("pageerror", (error) => { heard.push(error.message); });
    page.on("request", (request) => { if (!request.url().startsWith("file:")) heard.push(`asked for ${request.url()}`); });
    await page.goto(pathToFileURL(join(folder, "report.html")).href);
    await drawn(page, "contend on 4 harts");
    await look(page);
    expect(heard).toEqual([]);
  } finally {
    await context.close();
  }
}

const drawn = (page: Page, selection: string) => page.locator("#status", { hasText: `Showing ${selection}.` }).waitFor({ state: "attached" });
const marksOf = (page: Page, figure: string) => page.locator(`#figure-${figure} svg .mark-symbol path, #figure-${figure} svg .mark-rect path`);
const pictureOf = (page: Page, figure: string) => page.locator(`#figure-${figure} svg`).innerHTML();

describe("the report's page", { timeout: 60_000 }, () => {
  beforeEach((context) => { needChromium(context); });

  test.each([["light", WIDE], ["dark", WIDE], ["light", NARROW], ["dark", NARROW]] as const)("%s, %i pixels wide: every figure has marks, words and a table, and nothing is wider than the page", async (colorScheme, width) => {
    const context = { colorScheme, viewport: { width, height: 900 } };
    await open(context, async (page) => {
      for (const figure of FIGURES) {
        expect(await marksOf(page, figure).count(), figure).toBeGreaterThan(1);
        expect(await page.locator(`#figure-${figure} svg`).getAttribute("aria-label"), figure).toMatch(/\. .+\. The table below/);
        expect(await page.locator(`#figure-${figure} table tbody tr`).count(), figure).toBeGreaterThan(0);
        const box = await page.locator(`#figure-${figure} svg`).boundingBox();
        expect(box!.x + box!.width, figure).toBeLessThanOrEqual(width);
      }
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
      const { paper, engines } = colorScheme === "dark" ? DARK : LIGHT;
      expect(await page.evaluate("getComputedStyle(document.body).backgroundColor")).toBe(rgb(paper));
      expect(await page.evaluate("getComputedStyle(document.querySelector('#figure-waiting .mark-line path')).stroke")).toBe(rgb(engines[0]));
    });
  });

  test("what an engine does not keep of its claims is in a frame, marked in words, and in the table", async () => {
    await open({}, async (page) => {
      const texts = await page.locator("#figure-isolation svg .mark-text text").allTextContents();
      expect(texts.filter((text) => text.endsWith("!"))).toEqual(["? not measured !", "✕ escaped !"]);
      const frames = await page.evaluate("[...document.querySelectorAll('#figure-isolation svg .mark-rect path')].filter((path) => path.getAttribute('stroke') === 'var(--text)').length");
      expect(frames).toBe(2);
      expect(await page.locator("#figure-isolation .says").textContent()).toContain("Not as the engine claims: memory-read on from-the-future, storm-ipi on smp.");
      expect(await page.locator("#figure-isolation td").allTextContents()).toContain("✕ escaped !");
      expect(await page.locator("#figure-reach .says").textContent()).toBe("On smp, beyond its own memory, a guest changed 8 KiB of memory and 1 register. On per-core, nothing.");
    });
  });

  test("choosing a workload, a number of harts and a clock changes what they are of", async () => {
    await open({}, async (page) => {
      const before = await Promise.all(["throughput", "latency", "cycles"].map((figure) => pictureOf(page, figure)));
      await page.getByRole("combobox", { name: "Workload" }).selectOption("timer");
      await drawn(page, "timer on 4 harts");
      const after = await Promise.all(["throughput", "latency", "cycles"].map((figure) => pictureOf(page, figure)));
      expect(after.map((picture, index) => picture === before[index])).toEqual([false, false, true]);
      expect(await page.locator("#figure-throughput td").first().textContent()).toBe("300");
      await page.getByRole("combobox", { name: "Harts" }).selectOption("1");
      await drawn(page, "timer on 1 hart");
      await page.getByRole("combobox", { name: "Measured by" }).selectOption({ index: 1 });
      await page.locator("#status", { hasText: "Wall clock" }).waitFor({ state: "attached" });
      expect(await page.locator("#figure-throughput td").first().textContent()).toBe("5");
      expect(await page.locator("#figure-cycles .says").textContent()).toBe("Only the model clock sees every cycle.");
      expect(await page.locator("#figure-cycles svg").count()).toBe(0);
    });
  });

  test("the keyboard reaches the selects and the tables, and shows where it is", async () => {
    await open({}, async (page) => {
      await page.getByRole("combobox", { name: "Workload" }).focus();
      await page.keyboard.press("ArrowDown");
      await drawn(page, "timer on 4 harts");
      const summary = page.locator("#figure-throughput summary");
      await summary.focus();
      expect(await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")).toBe("solid");
      await page.keyboard.press("Enter");
      expect(await page.locator("#figure-throughput table").isVisible()).toBe(true);
    });
  });

  test("text of results is text, and a name that nobody knew is an engine like others", async () => {
    await open({}, async (page) => {
      expect(await page.locator("#selection-about").textContent()).toContain("</script><b>one service</b>");
      expect(await page.locator("#figure-throughput tbody th").allTextContents()).toEqual(["per-core", "smp", "from-the-future"]);
    });
  });

  test("on paper it is light, and has figures but no controls", async () => {
    await open({ colorScheme: "dark" }, async (page) => {
      await page.emulateMedia({ media: "print" });
      expect(await page.evaluate("getComputedStyle(document.body).backgroundColor")).toBe(rgb(LIGHT.paper));
      expect(await page.locator(".controls").isVisible()).toBe(false);
      expect(await page.locator("#figure-throughput svg").isVisible()).toBe(true);
    });
  });

  test("without scripts, the summary and what ran where are there, and a word about the figures", async () => {
    const context = await browser!.newContext({ javaScriptEnabled: false, offline: true });
    const page = await context.newPage();
    await page.goto(pathToFileURL(join(folder, "report.html")).href);
    expect(await page.locator("noscript").textContent()).toContain("switched off");
    expect(await page.locator("#summary tbody tr").count()).toBeGreaterThan(3);
    expect(await page.locator("#runs li").count()).toBeGreaterThan(2);
    await context.close();
  });
});

function rgb(colour: string): string {
  return `rgb(${[1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)).join(", ")})`;
}
