/** Keeps the live log of one attempt until it is archived. */

import { DurableObject } from "cloudflare:workers";

export class LogStream extends DurableObject {}
