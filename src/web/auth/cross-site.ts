/** Keeps other sites from acting with a visitor's rights: what changes something must come from our own pages. */

/**
 * Null lets the request in; else why not. A browser says where a request comes from, whatever its content type is. A WebSocket may be
 * opened from any site, and what comes through it be read there.
 */
export function refuseCrossSite(request: Request): string | null {
  if (isSafe(request.method) && !request.headers.has("upgrade")) return null;
  const site = request.headers.get("sec-fetch-site");
  if (site !== null) return site === "same-origin" ? null : "This form was sent from another site.";
  const origin = request.headers.get("origin");
  if (origin === null) return "This request does not say which site it comes from; programs use /api with a token.";
  return isOwn(origin, request) ? null : "This form was sent from another site.";
}

/** Whether a method promises to change nothing. */
export function isSafe(method: string): boolean {
  return ["GET", "HEAD", "OPTIONS"].includes(method);
}

function isOwn(origin: string, request: Request): boolean {
  if (!URL.canParse(origin)) return false;
  // Behind a proxy on this machine the address may name another host than the browser asked.
  const own = [new URL(request.url).host, request.headers.get("host")];
  return own.includes(new URL(origin).host);
}
