import { env, exports } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { MAX_WEBHOOK_BYTES } from "../../../src/model/limits.ts";
import type { ApiProblem } from "../../../src/model/api.ts";
import { asDeliveryId } from "../../../src/model/ids.ts";
import { readDeliveryBody, settleDelivery } from "../../../src/store/deliveries.ts";
import { findRepository } from "../../../src/store/repositories.ts";
import { receiveWebhook } from "../../../src/web/webhooks.ts";
import { roomsOf } from "../../../src/web/rooms.ts";
import { deliveries, example, migrate, post, sign } from "./support.ts";

beforeAll(migrate);

const push = JSON.stringify(example("push"));

describe("a webhook that GitHub signed", () => {
  it("is recorded as it came and answered with 202 and where to look", async () => {
    const id = "72d3162e-cc78-11e3-81ab-4c9367dc0958";
    const answer = await post(push, { "x-github-delivery": id });
    expect(answer.status).toBe(202);
    const url = `https://sandlot.example/api/deliveries/${id}`;
    expect(answer.headers.get("location")).toBe(url);
    expect(await answer.json()).toEqual({ deliveryId: id, url });
    expect(await deliveries(id)).toMatchObject([{ id, kind: "webhook", event: "push", repository_id: 186853002 }]);
    expect(await (await env.STORE.get(`deliveries/${id}.json`))?.text()).toBe(push);
  });

  it("makes one row and one effect when it comes twenty times at once", async () => {
    const sent: unknown[] = [];
    const rooms = { ...roomsOf(env, new Request("https://sandlot.example/")), deliveries: queueInto(sent) };
    const id = crypto.randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => receiveWebhook(rooms, request(push, { "x-github-delivery": id }))),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(202));
    expect(await deliveries(id)).toHaveLength(1);
    expect(sent).toEqual([{ deliveryId: id }]);
  });

  it("twenty times at once through the door leaves one row", async () => {
    const id = crypto.randomUUID();
    const answers = await Promise.all(Array.from({ length: 20 }, () => post(push, { "x-github-delivery": id })));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(202));
    expect(await deliveries(id)).toHaveLength(1);
  });

  it("is not lost when the queue refuses it: the row waits for the sweep", async () => {
    const id = crypto.randomUUID();
    const deaf = { send: () => Promise.reject(new Error("Queue send failed")) } as unknown as Env["DELIVERIES"];
    const rooms = { ...roomsOf(env, new Request("https://sandlot.example/")), deliveries: deaf };
    const answer = await receiveWebhook(rooms, request(push, { "x-github-delivery": id }));
    expect(answer.status).toBe(202);
    expect(await deliveries(id)).toMatchObject([{ status: "recorded" }]);
    expect(await readDeliveryBody(env.STORE, asDeliveryId(id))).toEqual(JSON.parse(push));
  });

  it("that failed before is tried again when GitHub sends it again, one that is done is not", async () => {
    const sent: unknown[] = [];
    const rooms = { ...roomsOf(env, new Request("https://sandlot.example/")), deliveries: queueInto(sent) };
    const id = asDeliveryId(crypto.randomUUID());
    await receiveWebhook(rooms, request(push, { "x-github-delivery": id }));
    await settleDelivery(env.DB, id, { status: "failed", doneAt: 1, error: "GitHub was away" }).run();
    await receiveWebhook(rooms, request(push, { "x-github-delivery": id }));
    expect(sent).toHaveLength(2);
    await settleDelivery(env.DB, id, { status: "done", doneAt: 2, outcome: { summary: "", workflows: [] } }).run();
    expect((await receiveWebhook(rooms, request(push, { "x-github-delivery": id }))).status).toBe(202);
    expect(sent).toHaveLength(2);
  });

  it("keeps its byte order mark and its multi-byte letters to the byte", async () => {
    const body = '{"zen":"ünï ✓ \u{1f600}"}';
    expect((await post(body, { "x-github-event": "ping" })).status).toBe(200);
    const marked = await post(`\ufeff${body}`, { "x-github-event": "ping" });
    expect(marked.status).toBe(400);
    expect((await marked.json<ApiProblem>()).detail).toMatch(/^The body is not JSON/);
  });

  it("is believed under the secret that is being replaced", async () => {
    const answer = await post(push, { "x-hub-signature-256": sign(push, env.GITHUB_WEBHOOK_SECRET_PREVIOUS) });
    expect(answer.status).toBe(202);
  });

  it("starts nothing for a deleted branch, another word on a merge group or an event that nobody carries out, and says so", async () => {
    const cases: [string, Record<string, unknown>, RegExp][] = [
      ["push", { ...example("push"), deleted: true, after: "0".repeat(40) }, /was deleted/],
      ["merge_group", { ...example("merge_group"), action: "held" }, /merge_group held starts nothing/],
      ["issue_comment", example("issue_comment"), /issue_comment events start nothing/],
    ];
    for (const [event, payload, why] of cases) {
      const id = crypto.randomUUID();
      const answer = await post(JSON.stringify(payload), { "x-github-event": event, "x-github-delivery": id });
      expect(answer.status).toBe(202);
      const [row] = await deliveries(id);
      expect(row).toMatchObject({ status: "done", event });
      expect(row?.["outcome"]).toMatch(why);
    }
  });

  it("answers a ping with a pong and learns of the repository that it names", async () => {
    const payload = { ...example("ping"), repository: example("push")["repository"] };
    const answer = await post(JSON.stringify(payload), { "x-github-event": "ping" });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ pong: true });
    expect(await findRepository(env.DB, "codertocat", "HELLO-world")).toMatchObject({ id: 186853002 });
  });
});

describe("a webhook that is not to be believed", () => {
  it("is refused with 401 and leaves no trace", async () => {
    const right = sign(push);
    const id = crypto.randomUUID();
    const signatures = {
      missing: null,
      "of another body": sign(`${push} `),
      "by another secret": sign(push, "guess"),
      "by an empty secret": sign(push, ""),
      "cut short": right.slice(0, -2),
      "without digits": "sha256=",
      "of the old kind": `sha1=${right.slice(7, 47)}`,
      "in capitals": right.toUpperCase(),
      "no hex": `sha256=${"z".repeat(64)}`,
      twice: `${right}, ${right}`,
      empty: "",
    };
    for (const [how, signature] of Object.entries(signatures)) {
      const answer = await post(push, { "x-hub-signature-256": signature, "x-github-delivery": id });
      expect([how, answer.status]).toEqual([how, 401]);
    }
    expect(await deliveries(id)).toEqual([]);
    expect(await env.STORE.head(`deliveries/${id}.json`)).toBeNull();
  });

  it("is refused where no secret is configured", async () => {
    const rooms = { ...roomsOf(env, new Request("https://sandlot.example/")), webhookSecrets: [] };
    expect((await receiveWebhook(rooms, request(push, {}))).status).toBe(503);
  });
});

describe("a webhook that is wrong", () => {
  const detail = async (answer: Response): Promise<string> => {
    expect(answer.status).toBe(400);
    expect(answer.headers.get("content-type")).toBe("application/problem+json; charset=utf-8");
    return (await answer.json<ApiProblem>()).detail;
  };

  it("gets 400 with the reason", async () => {
    const latin1 = new Uint8Array([0x7b, 0x22, 0xfc, 0x22, 0x7d]);
    expect(await detail(await post(latin1))).toBe("The body is not UTF-8.");
    expect(await detail(await post("ref=refs%2Fheads%2Fmain"))).toMatch(/^The body is not JSON/);
  });

  it("names the field that does not have the shape it claims", async () => {
    expect(await detail(await post(JSON.stringify({ ...example("push"), ref: 7 })))).toMatch(/ref/);
    expect(await detail(await post("[]"))).toMatch(/push payload/);
    expect(await detail(await post("null", { "x-github-event": "pull_request" }))).toMatch(/pull_request payload/);
  });

  it("needs a delivery id and an event name that can be ones", async () => {
    expect(await detail(await post(push, { "x-github-delivery": null }))).toMatch(/X-GitHub-Delivery/);
    expect(await detail(await post(push, { "x-github-delivery": "../../x" }))).toMatch(/X-GitHub-Delivery/);
    expect(await detail(await post(push, { "x-github-event": null }))).toMatch(/X-GitHub-Event/);
    expect(await detail(await post(push, { "x-github-event": "Push<script>" }))).toMatch(/X-GitHub-Event/);
  });

  it("gets 413 when it is too long, whether it says so or not, and is not read to its end", async () => {
    const said = await post(push, { "content-length": String(MAX_WEBHOOK_BYTES + 1) });
    expect(said.status).toBe(413);
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new Uint8Array(1024 * 1024));
      },
    });
    const answer = await exports.default.fetch("https://sandlot.example/webhooks/github", {
      method: "POST",
      body: endless,
      headers: { "x-hub-signature-256": sign(""), "x-github-delivery": "x", "x-github-event": "push" },
    });
    expect(answer.status).toBe(413);
    expect(pulled).toBeLessThan(40);
  });
});

it("the webhook's address answers other methods with 405 and what it takes", async () => {
  const answer = await exports.default.fetch("https://sandlot.example/webhooks/github");
  expect(answer.status).toBe(405);
  expect(answer.headers.get("allow")).toBe("POST");
});

it("health needs no key and says the version", async () => {
  const answer = await exports.default.fetch("https://sandlot.example/healthz");
  expect(answer.status).toBe(200);
  expect(await answer.json()).toEqual({ ok: true, version: expect.stringMatching(/^\d+\.\d+\.\d+/) as unknown });
  expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
});

function request(body: string, headers: Record<string, string>): Request {
  return new Request("https://sandlot.example/webhooks/github", {
    method: "POST",
    body,
    headers: {
      "x-github-delivery": crypto.randomUUID(),
      "x-github-event": "push",
      "x-hub-signature-256": sign(body),
      ...headers,
    },
  });
}

function queueInto(sent: unknown[]): Env["DELIVERIES"] {
  return { send: (message: unknown) => Promise.resolve(sent.push(message)) } as unknown as Env["DELIVERIES"];
}
