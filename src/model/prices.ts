/** What a sandbox costs its owner: Cloudflare's prices for Containers, and the estimate that pages and API show. */

import type { SandboxSize } from "./job.ts";

/** Beyond what the Workers Paid plan includes a month: 375 vCPU-minutes, 25 GiB-hours, 200 GB-hours. */
export const CONTAINER_PRICES = {
  source: "https://developers.cloudflare.com/containers/pricing/",
  readOn: "2026-08-03",
  /** Charged while the CPU is busy. */
  usdPerVcpuSecond: 0.00002,
  /** These two for what the instance type holds, as long as it runs. */
  usdPerGibSecond: 0.0000025,
  usdPerGbDiskSecond: 0.00000007,
} as const;

/** As wrangler.jsonc names the classes' `instance_type`. */
export const INSTANCES = {
  standard: { type: "standard-2", vcpus: 1, memoryGib: 6, diskGb: 12 },
  large: { type: "standard-4", vcpus: 4, memoryGib: 12, diskGb: 20 },
} as const satisfies Record<SandboxSize, { type: string; vcpus: number; memoryGib: number; diskGb: number }>;

/** US dollars at most: as if every CPU had been busy all the time and nothing were included in the plan. */
export function sandboxCost(size: SandboxSize, ms: number): number {
  const { vcpus, memoryGib, diskGb } = INSTANCES[size];
  const { usdPerVcpuSecond, usdPerGibSecond, usdPerGbDiskSecond } = CONTAINER_PRICES;
  const perSecond = vcpus * usdPerVcpuSecond + memoryGib * usdPerGibSecond + diskGb * usdPerGbDiskSecond;
  return (Math.max(0, ms) / 1000) * perSecond;
}
