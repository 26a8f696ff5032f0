/** Makes an address that holds data fit for an `href`: JSX escapes text, not schemes. */

/** An own path or http(s), else `#`: `javascript:` and `data:` lead nowhere. */
export function safeUrl(url: string): string {
  if (/^\/(?![/\\])/.test(url)) return url;
  if (!URL.canParse(url)) return "#";
  return ["https:", "http:"].includes(new URL(url).protocol) ? url : "#";
}

/** A path of ours to go back to, else the first page: no `//evil.example`, no `/\evil.example`. */
export function localPath(text: string): string {
  const here = "http://here.invalid";
  if (!text.startsWith("/") || !URL.canParse(text, here)) return "/";
  const url = new URL(text, here);
  // A path of `//` would be read as another host by whoever is sent there.
  return url.origin === here && !url.pathname.startsWith("//") ? `${url.pathname}${url.search}` : "/";
}
