/** The whole sandbox contract, in order. */

import { dataCases } from "./data-cases.ts";
import { endCases } from "./end-cases.ts";
import type { Case } from "./sandbox-case.ts";
import { stepCases } from "./step-cases.ts";

export const sandboxCases: readonly Case[] = [...stepCases, ...endCases, ...dataCases];
