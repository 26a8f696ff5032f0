import { Buffer } from "node:buffer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openSealed, readMasterKey, seal } from "../../../src/store/seal.ts";

const bytes = Buffer.from(Array.from({ length: 32 }, (_, i) => (i * 37 + 250) % 256));
const base64 = bytes.toString("base64");

describe("a sealed text", () => {
  it("opens with its key and context, whatever it holds", async () => {
    const key = await readMasterKey(base64);
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary" }), fc.string(), async (text, context) => {
        expect(await openSealed(key, await seal(key, text, context), context)).toBe(text);
      }),
    );
  });

  it("is another one each time, and shows nothing of what it holds", async () => {
    const key = await readMasterKey(base64);
    const [one, two] = [await seal(key, "hunter22", "a"), await seal(key, "hunter22", "a")];
    expect(one).not.toBe(two);
    expect(one).toMatch(/^v1\.[A-Za-z0-9_-]{8}\.[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]+$/);
    expect(Buffer.from(one.split(".")[3] ?? "", "base64url").toString("latin1")).not.toContain("hunter22");
  });

  it("does not open in another context, changed, or cut", async () => {
    const key = await readMasterKey(base64);
    const sealed = await seal(key, "hunter22", "secret/1/A");
    await expect(openSealed(key, sealed, "secret/1/B")).rejects.toMatchObject({ reason: "broken" });
    const at = sealed.length - 4;
    const changed = sealed.slice(0, at) + (sealed[at] === "A" ? "B" : "A") + sealed.slice(at + 1);
    await expect(openSealed(key, changed, "secret/1/A")).rejects.toMatchObject({ reason: "broken" });
    await expect(openSealed(key, sealed.slice(0, -10), "secret/1/A")).rejects.toMatchObject({ reason: "broken" });
    for (const text of ["", "v1", "v2.a.b.c", `${sealed}.x`, "hunter22"]) {
      await expect(openSealed(key, text, "secret/1/A")).rejects.toMatchObject({ reason: "broken" });
    }
  });

  it("says when it was made with another key", async () => {
    const sealed = await seal(await readMasterKey(base64), "hunter22", "a");
    const other = await readMasterKey(Buffer.from(bytes.toReversed()).toString("base64"));
    await expect(openSealed(other, sealed, "a")).rejects.toMatchObject({ reason: "other_key" });
  });
});

describe("a master key", () => {
  it("is the same one in base64, base64url and hex", async () => {
    const sealed = await seal(await readMasterKey(base64), "x", "c");
    for (const form of [
      bytes.toString("base64url"),
      bytes.toString("hex"),
      bytes.toString("hex").toUpperCase(),
      `${base64}\n`,
    ]) {
      expect(await openSealed(await readMasterKey(form), sealed, "c")).toBe("x");
    }
  });

  it.each([undefined, "", " \n"])(
    "that is missing (%j) is asked for by name, with the way to make one",
    async (text) => {
      await expect(readMasterKey(text)).rejects.toThrow(/^SANDLOT_MASTER_KEY is not set\. .*openssl rand -base64 32/);
    },
  );

  it.each(["hunter22", base64.slice(0, -4), `${base64}AAAA`, "0".repeat(63)])(
    "of another size is refused unseen: %s",
    async (text) => {
      const refused = await readMasterKey(text).catch((error: Error) => error.message);
      expect(refused).toMatch(/^SANDLOT_MASTER_KEY is not 32 bytes in base64 or hex\. .*openssl rand -base64 32/);
      expect(refused).not.toContain(text);
    },
  );
});
