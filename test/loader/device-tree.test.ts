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

      			interrupt-controller {
      				#address-cells = <0x00>;
      				#interrupt-cells = <0x01>;
      				interrupt-controller;
      				compatible = "riscv,cpu-intc";
      				phandle = <0x01>;
      			};
      		};

      		cpu@1 {
      			device_type = "cpu";
      			reg = <0x01>;
      			status = "okay";
      			compatible = "riscv";
      			riscv,isa = "rv64imac";
      			mmu-type = "riscv,none";

      			interrupt-controller {
      				#address-cells = <0x00>;
      				#interrupt-cells = <0x01>;
      				interrupt-controller;
      				compatible = "riscv,cpu-intc";
      				phandle = <0x02>;
      			};
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

  test("has the nodes of the devices that the guest has, as QEMU's virt board writes them", () => {
    const { source, warnings } = decode(guestDeviceTree({
      ...guest, vcpus: 2, channels: [], devices: { serial: true, slots: [0, 4], firstHart: 1 },
    }));
    expect(warnings).toBe("");
    expect(source).toContain('stdout-path = "/soc/serial@10000000"');
    const lists = source.replace('", "', "\\0"); // the other way of dtc to write a list
    expect(lists.slice(lists.indexOf("\tsoc {"), lists.indexOf("\ttcbench {"))).toMatchInlineSnapshot(`
      "	soc {
      		#address-cells = <0x02>;
      		#size-cells = <0x02>;
      		compatible = "simple-bus";
      		ranges;

      		plic@c000000 {
      			compatible = "sifive,plic-1.0.0\\0riscv,plic0";
      			reg = <0x00 0xc000000 0x00 0x600000>;
      			interrupts-extended = <0x01 0xffffffff 0x01 0xffffffff 0x01 0xffffffff 0x01 0x09 0x02 0xffffffff 0x02 0x09>;
      			interrupt-controller;
      			#interrupt-cells = <0x01>;
      			#address-cells = <0x00>;
      			riscv,ndev = <0x1f>;
      			phandle = <0x03>;
      		};

      		serial@10000000 {
      			compatible = "ns16550a";
      			reg = <0x00 0x10000000 0x00 0x100>;
      			clock-frequency = "\\08@";
      			interrupts = <0x0a>;
      			interrupt-parent = <0x03>;
      		};

      		virtio_mmio@10001000 {
      			compatible = "virtio,mmio";
      			reg = <0x00 0x10001000 0x00 0x1000>;
      			interrupts = <0x01>;
      			interrupt-parent = <0x03>;
      		};

      		virtio_mmio@10005000 {
      			compatible = "virtio,mmio";
      			reg = <0x00 0x10005000 0x00 0x1000>;
      			interrupts = <0x05>;
      			interrupt-parent = <0x03>;
      		};
      	};

      "
    `);
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
