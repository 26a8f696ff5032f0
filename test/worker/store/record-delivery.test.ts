/** Deliveries that are recorded while another copy of them is. */

import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { parseDeliveryId } from "../../../src/model/ids.ts";
import { readDeliveryBody, recordDelivery } from "../../../src/store/deliveries.ts";
import { failingEnv, outages } from "../../support/failing-env.ts";
import { migrate } from "../web/support.ts";

beforeAll(migrate);

function delivery() {
  const id = parseDeliveryId(crypto.randomUUID());
  if (id === null) throw new Error("a UUID is an id");
  const facts = { event: "push", action: null, repositoryId: 1, buildId: null, receivedAt: Date.now() };
  return { id, kind: "webhook", ...facts } as const;
}

describe("a delivery whose body R2 refuses", () => {
  it("is another copy's where that one was recorded meanwhile", async () => {
    const one = delivery();
    outages.r2 = 1;
    const refused = recordDelivery({ db: env.DB, blobs: failingEnv(env).STORE }, one, "{}");
    // The copy whose write stood in the way.
    while (outages.r2 > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await recordDelivery({ db: env.DB, blobs: env.STORE }, one, "{}")).toEqual({ first: true });
    expect(await refused).toEqual({ first: false });
  });

  it("is written again, once, where there is no other", async () => {
    const one = delivery();
    outages.r2 = 1;
    expect(await recordDelivery({ db: env.DB, blobs: failingEnv(env).STORE }, one, '{"a":1}')).toEqual({ first: true });
    expect(await readDeliveryBody(env.STORE, one.id)).toEqual({ a: 1 });
    const two = delivery();
    outages.r2 = 2;
    await expect(recordDelivery({ db: env.DB, blobs: failingEnv(env).STORE }, two, "{}")).rejects.toThrow(/10001/);
  });
});
