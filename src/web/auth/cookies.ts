/** The two cookies: who is signed in, and who is about to. `__Host-` keeps other hosts of the same site from setting them. */

export const SESSION_COOKIE = "__Host-session";
export const LOGIN_COOKIE = "__Host-login";

/** Null where it is missing; the first counts, as browsers send the more exact path first. */
export function readCookie(request: Request, name: string): string | null {
  for (const pair of (request.headers.get("cookie") ?? "").split(";")) {
    const [key = "", ...value] = pair.trim().split("=");
    if (key === name) return value.join("=") || null;
  }
  return null;
}

/** Lax, so that it comes along when GitHub sends the person back. */
export function setCookie(name: string, value: string, maxAgeMs: number): string {
  return `${name}=${value}; Max-Age=${Math.floor(maxAgeMs / 1000)}; Path=/; Secure; HttpOnly; SameSite=Lax`;
}

export function clearCookie(name: string): string {
  return setCookie(name, "", 0);
}
