import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { guestDeviceTree } from "../../engines/loader/guest-tree.ts";
import { writeDeviceTree } from "../../engines/loader/device-tree.ts";
import { guestPhysical } from "../../engines/machine/address.ts";

const hasCompiler = spawnSync("dtc", ["--version"]).status === 0;
if (!hasCompiler) console.warn("device tree tests skipped: install dtc (Debian: device-tree-compiler)");

/** The tree as `dtc` reads it, and what it warns about. */
function decode(tree: Uint8Array): { readonly source: string; readonly warnings: string } {
  const run = spawnSync("dtc", ["-I", "dtb", "-O", "dts", "-"], { input: tree });
  expect(run.status).toBe(0);
  return { source: run.stdout.toString(), warnings: run.stderr.toString() };
}

const guest = {
  memory: guestPhysical(0x8000_0000),
  memoryBytes: 0x1_0040_0000,
  vcpus: 2,
  bootArguments: "kernel=hash units=100",
  channels: [
    { id: 0, end: 0, window: guestPhysical(0x9000_0000), windowBytes: 0x1_0000 },
    { id: 1, end: 1, window: guestPhysical(0x9010_0000), windowBytes: 0x2_0000 },
  ],
} as const;

describe.skipIf(!hasCompiler)("a guest's device tree, read by dtc", () => {
  test("says what the guest has", () => {
    const { source, warnings } = decode(guestDeviceTree(guest));
    expect(warnings).toBe("");
    expect(source).toMatchInlineSnapshot(`
      "/dts-v1/;

      / {
      	#address-cells = <0x02>;
      	#size-cells = <0x02>;
      	compatible = "tcbench,guest";
      	model = "tcbench";

      	chosen {
      		bootargs = "kernel=hash units=100";
      	};

      	memory@80000000 {
      		device_type = "memory";
      		reg = <0x00 0x80000000 0x01 0x400000>;
      	};

      	cpus {
      		#address-cells = <0x01>;
      		#size-cells = <0x00>;
      		timebase-frequency = <0x989680>;

      		cpu@0 {
      			device_type = "cpu";
      			reg = <0x00>;
      			status = "okay";
      			compatible = "riscv";
      			riscv,isa = "rv64imac";
      			mmu-type = "riscv,none";
      		};

      		cpu@1 {
      			device_type = "cpu";
      			reg = <0x01>;
      			status = "okay";
      			compatible = "riscv";
      			riscv,isa = "rv64imac";
      			mmu-type = "riscv,none";
      		};
      	};

      	tcbench {
      		#address-cells = <0x02>;
      		#size-cells = <0x02>;
      		ranges;

      		channel@90000000 {
      			compatible = "tcbench,channel";
      			reg = <0x00 0x90000000 0x00 0x10000>;
      			tcbench,id = <0x00>;
      			tcbench,end = <0x00>;
      		};

      		channel@90100000 {
      			compatible = "tcbench,channel";
      			reg = <0x00 0x90100000 0x00 0x20000>;
      			tcbench,id = <0x01>;
      			tcbench,end = <0x01>;
      		};
      	};
      };
      "
    `);
  });

  test("is the same after dtc wrote it again", () => {
    const { source } = decode(guestDeviceTree(guest));
    const run = spawnSync("dtc", ["-I", "dts", "-O", "dtb", "-V", "17", "-"], { input: source });
    expect(decode(run.stdout).source).toBe(source);
  });

  test("of a guest with nothing is a tree too", () => {
    const { warnings } = decode(guestDeviceTree({ ...guest, vcpus: 1, bootArguments: "", channels: [] }));
    expect(warnings).toBe("");
  });

  test("holds every kind of property", () => {
    const { source } = decode(writeDeviceTree({
      name: "",
      properties: { texts: { texts: ["ab", "cde"] }, present: { present: true }, cells: { cells: [0xffff_ffff] } },
      children: [{ name: "empty", properties: {}, children: [] }],
    }));
    expect(source).toMatch(/texts = "ab(", "|\\0)cde";/); // two ways of dtc to write a list
    expect(source).toContain("present;");
    expect(source).toContain("cells = <0xffffffff>;");
    expect(source).toContain("empty {\n\t};");
  });
});

test("text with a NUL is refused", () => {
  expect(() => guestDeviceTree({ ...guest, bootArguments: "a\0b" })).toThrow(RangeError);
});
