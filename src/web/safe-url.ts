/** Makes an address that holds data fit for an `href`: JSX escapes text, not schemes. */

/** An own path or http(s), else `#`: `javascript:` and `data:` lead nowhere. */
export function safeUrl(url: string): string {
  if (/^\/(?![/\\])/.test(url)) return url;
  if (!URL.canParse(url)) return "#";
  return ["https:", "http:"].includes(new URL(url).protocol) ? url : "#";
}
