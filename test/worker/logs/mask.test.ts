import { Buffer } from "node:buffer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMask, type Mask } from "../../../src/logs/mask.ts";
import { isMaskable, MAX_NEEDLE_BYTES, needlesOf } from "../../../src/logs/needles.ts";

const bytesOf = (text: string) => new Uint8Array(Buffer.from(text));
const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");

/** Gives the mask the input as it would come in: each time from the last byte that was emitted, up to the next cut. */
function throughCuts(mask: Mask, input: Uint8Array, cuts: number[]): Uint8Array {
  const parts: Uint8Array[] = [];
  let from = 0;
  for (const to of [...cuts.toSorted((a, b) => a - b), input.length]) {
    if (to < from) continue;
    const { text, consumed } = mask.apply(input.subarray(from, to), { final: false });
    parts.push(text.slice());
    from += consumed;
  }
  parts.push(mask.apply(input.subarray(from), { final: true }).text.slice());
  return Buffer.concat(parts);
}

const whole = (mask: Mask, input: Uint8Array) => mask.apply(input, { final: true }).text;

/** Few letters, so that values begin, end and repeat in one another. */
const letter = fc.constantFrom("a", "b", "é", "\n", " ", "'", "&");
const secret = fc.string({ unit: letter, minLength: 4, maxLength: 12 });
const noise = fc.oneof(
  fc.string({ unit: letter, maxLength: 8 }).map(bytesOf),
  fc.uint8Array({ maxLength: 6 }),
  fc.constant(bytesOf("::x\r\n")),
  fc
    .constantFrom("\x1b", "\x1b[", "\x1b[1", ";31m", "\x1b[31m", "\x1b[0m", "\x1b]0;a", "\x07", "\x1b\\", "\x1b(")
    .map(bytesOf),
);
/** A value with escape sequences between its characters. */
const coloured = (value: string) =>
  fc
    .array(fc.constantFrom("", "", "\x1b[1m", "\x1b]8;;ab\x1b\\", "\x1b(B"), {
      minLength: value.length,
      maxLength: value.length,
    })
    .map((marks) =>
      bytesOf(
        Array.from(value)
          .map((character, i) => `${character}${marks[i] ?? ""}`)
          .join(""),
      ),
    );
const inputs = fc.array(secret, { minLength: 1, maxLength: 4 }).chain((values) =>
  fc
    .array(
      fc.oneof(
        noise,
        fc.constantFrom(...values).chain(coloured),
        fc.constantFrom(...values).map(bytesOf),
        fc.constantFrom(...needlesOf(values), bytesOf("")),
      ),
      {
        maxLength: 12,
      },
    )
    .map((parts) => ({ values, input: new Uint8Array(Buffer.concat(parts)) })),
);

describe("a mask", () => {
  it("gives the same output for any cutting of the input", () => {
    fc.assert(
      fc.property(inputs, fc.array(fc.nat(200), { maxLength: 12 }), ({ values, input }, cuts) => {
        const mask = createMask(values);
        const at = cuts.map((cut) => cut % (input.length + 1));
        expect(textOf(throughCuts(mask, input, at))).toBe(textOf(whole(mask, input)));
      }),
      { numRuns: 1500 },
    );
  });

  it("lets no needle through, at every split byte", () => {
    fc.assert(
      fc.property(inputs, ({ values, input }) => {
        const mask = createMask(values);
        const needles = needlesOf(values).map(textOf);
        for (let cut = 0; cut <= input.length; cut++) {
          const shown = textOf(throughCuts(mask, input, [cut]));
          for (const needle of needles) expect(shown).not.toContain(needle);
        }
      }),
      { numRuns: 100 },
    );
  });

  it("lets none through that only colours and other escape sequences keep apart, wherever it is cut", () => {
    const colours = fc.constantFrom("", "", "\x1b[1m", "\x1b[38;5;9m", "\x1b]8;;ab\x1b\\", "\x1b(B", "\x1bM", "\x1b[K");
    const spelled = fc.array(fc.tuple(fc.constantFrom("hunter22", "second value"), fc.string(), fc.array(colours)));
    fc.assert(
      fc.property(spelled, fc.array(fc.nat(200), { maxLength: 12 }), (parts, cuts) => {
        const mask = createMask(["hunter22", "second value"]);
        const lines = parts.map(([value, before, marks]) => {
          const characters = Array.from(value).map((character, i) => `${character}${marks[i % marks.length] ?? ""}`);
          return `${before.replaceAll("\x1b", "")}|${characters.join("")}\n`;
        });
        const input = bytesOf(lines.join(""));
        const at = cuts.map((cut) => cut % (input.length + 1));
        const shown = Buffer.from(throughCuts(mask, input, at)).toString();
        // oxlint-disable-next-line no-control-regex -- that is what is taken away
        const plain = shown.replaceAll(/\x1b(?:\[[0-9;]*[A-Za-z]|\][^\x1b]*\x1b\\|\(B|M)/g, "");
        expect(plain).not.toMatch(/hunter22|second value/);
        expect(plain.match(/\|\*\*\*/g)?.length ?? 0).toBeGreaterThanOrEqual(parts.length);
      }),
      { numRuns: 500 },
    );
  });

  it("gives up a value that thousands of bytes of escape sequences keep apart, and holds nothing back for it", () => {
    const mask = createMask(["hunter22"]);
    const input = bytesOf(`hunter2${"\x1b[1m".repeat(20_000)}`);
    const { consumed } = mask.apply(input, { final: false });
    expect(input.length - consumed).toBeLessThan(32 * 1024);
  });

  it("shows everything else unchanged", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const input = bytesOf(text);
        expect(textOf(whole(createMask(["no such value"]), input))).toBe(textOf(input));
      }),
    );
  });

  it("turns invalid UTF-8 into U+FFFD as a decoder would, also around secrets and cuts", () => {
    const mask = createMask(["hunter22"]);
    const input = Buffer.concat([
      Buffer.from([0x61, 0xe2, 0x82]),
      Buffer.from("hunter22"),
      Buffer.from([0xff, 0x80, 0x62, 0xf0, 0x9f]),
    ]);
    for (let cut = 0; cut <= input.length; cut++) {
      expect(Buffer.from(throughCuts(mask, input, [cut])).toString()).toBe("a\ufffd***\ufffd\ufffdb\ufffd");
    }
  });

  it("holds back what may be the beginning of a secret, and nothing else", () => {
    const mask = createMask(["hunter22"]);
    const part = mask.apply(bytesOf("password hunt"), { final: false });
    expect([Buffer.from(part.text).toString(), part.consumed]).toEqual(["password ", 9]);
    expect(mask.apply(bytesOf("password hunted"), { final: false }).consumed).toBe(15);
  });

  it.each([
    ["as it is", (s: string) => s],
    ["in base64", (s: string) => Buffer.from(s).toString("base64")],
    ["in base64 after one byte", (s: string) => Buffer.from(`:${s}\n`).toString("base64")],
    ["in base64 after two bytes", (s: string) => Buffer.from(`::${s}`).toString("base64")],
    ["in URL-safe base64", (s: string) => Buffer.from(`u:${s}`).toString("base64url")],
    ["in hex", (s: string) => Buffer.from(s).toString("hex")],
    ["in upper hex", (s: string) => Buffer.from(s).toString("hex").toUpperCase()],
    ["in a URL", encodeURIComponent],
    ["in a form", (s: string) => new URLSearchParams({ s }).toString().slice(2)],
    ["in JSON", (s: string) => JSON.stringify(s)],
    ["in XML", (s: string) => s.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;")],
    ["in single quotes", (s: string) => `'${s.replaceAll("'", "'\\''")}'`],
  ])("hides a secret %s", (_, form) => {
    const value = `p"a's&s<w>ö rd/?+\\é$`;
    const shown = createMask([value]).text(`before ${form(value)} after`);
    expect(shown).toContain("***");
    expect(shown.length).toBeLessThan("before  after".length + 12);
  });

  it("hides a private key in whatever way its lines are printed", () => {
    const body = Buffer.from(Array.from({ length: 1200 }, (_, i) => (i * 7919) % 251)).toString("base64");
    const lines = ["-----BEGIN PRIVATE KEY-----", ...(body.match(/.{1,64}/g) ?? []), "-----END PRIVATE KEY-----"];
    const key = `${lines.join("\n")}\n`;
    const mask = createMask([key]);
    expect(mask.text(`key:\n${key}end`)).toMatch(/^key:\n(\*|\n)+end$/);
    expect(mask.text(lines.join("\r\n"))).toMatch(/^(\*|\r|\n)+$/);
    const wrapped = (
      Buffer.from(key)
        .toString("base64")
        .match(/.{1,76}/g) ?? []
    )
      .slice(0, -1)
      .join("\n");
    expect(mask.text(wrapped)).toMatch(/^(\*|\n)+$/);
    for (const needle of needlesOf([key])) expect(needle.length).toBeLessThanOrEqual(MAX_NEEDLE_BYTES);
  });

  it("hides overlapping secrets as one, and what is left of none of them", () => {
    expect(createMask(["abcdef", "defghi"]).text("xabcdefghix")).toBe("x***x");
  });

  it("moves on through a log of one secret's repetitions", () => {
    const mask = createMask(["abab"]);
    const input = bytesOf("ab".repeat(100_000));
    const first = mask.apply(input, { final: false });
    expect(first.consumed).toBeGreaterThan(input.length / 2);
    expect(textOf(throughCuts(mask, input, [1, 16_383, 16_384, 16_385, 50_001]))).toBe(textOf(whole(mask, input)));
  });

  it("leaves values alone that would hide half the log", () => {
    expect(["e", "abc", " ab ", ""].map(isMaskable)).toEqual([false, false, false, false]);
    expect(createMask(["e", "", "abc"]).text("the abc e")).toBe("the abc e");
  });

  it("takes values with characters that mean something to a pattern", () => {
    expect(createMask(["a.*(b)[c]$"]).text("a.*(b)[c]$ axxb")).toBe("*** axxb");
  });

  it("learns more values", () => {
    expect(createMask(["first!"]).with(["second!"]).text("first! second!")).toBe("*** ***");
  });
});
