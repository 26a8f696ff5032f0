/** What every page does more where scripts run: it stays true while builds run, counts their seconds, and hears keys. */

const POLL_MS = 2000;
const MAX_POLL_MS = 30_000;
const TICK_MS = 1000;

/** The parts of the page as the server last sent them, by id: what somebody unfolded since is not a change. One that keeps itself has no text here. */
let sent = partsOf(document);
let tag: string | null = null;
let failures = 0;

function partsOf(page: Document): Map<string, string> {
  return new Map(
    [...page.querySelectorAll("#main > [id]")].map((part) => [
      part.id,
      part.hasAttribute("data-keep") ? "" : part.outerHTML,
    ]),
  );
}

async function look(): Promise<void> {
  const headers = { accept: "text/html", "x-sandlot-live": "1", ...(tag !== null && { "if-none-match": tag }) };
  const answer = await fetch(location.href, { headers, cache: "no-store" });
  if (answer.status === 304) return;
  if (!answer.ok) throw new Error(String(answer.status));
  tag = answer.headers.get("etag");
  show(new DOMParser().parseFromString(await answer.text(), "text/html"));
}

function show(page: Document): void {
  showParts(page);
  document.title = page.title;
  copyAttribute(page, 'link[rel="icon"]', "href");
  announce(page.getElementById("told")?.textContent ?? "");
  document.body.toggleAttribute("data-live", page.body.hasAttribute("data-live"));
}

/** Only what changed is put in anew, so that focus, selection and what was unfolded stay. */
function showParts(page: Document): void {
  const next = partsOf(page);
  let before: Element | null = null;
  for (const [id, text] of next) {
    const made = page.getElementById(id);
    if (made && sent.get(id) !== text) put(made, before);
    before = document.getElementById(id);
  }
  for (const id of sent.keys()) if (!next.has(id)) document.getElementById(id)?.remove();
  sent = next;
}

function put(made: Element, before: Element | null): void {
  const old = document.getElementById(made.id);
  // What keeps itself brings a script of its own, which only a page that is loaded starts.
  if (made.hasAttribute("data-keep")) location.reload();
  else if (old) replace(old, made);
  else if (before) before.after(made);
  else document.getElementById("main")?.prepend(made);
}

function replace(old: Element, made: Element): void {
  const open = new Map([...old.querySelectorAll("details[id]")].map((one) => [one.id, one.hasAttribute("open")]));
  for (const one of made.querySelectorAll("details[id]")) {
    const was = open.get(one.id);
    if (was !== undefined) one.toggleAttribute("open", was || one.hasAttribute("open"));
  }
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const again = focused && findLike(made, focused);
  old.replaceWith(made);
  if (again instanceof HTMLElement || again instanceof SVGElement) again.focus({ preventScroll: true });
}

function findLike(within: Element, wanted: Element): Element | null {
  if (wanted.id) return within.querySelector(`#${CSS.escape(wanted.id)}`);
  const href = wanted.getAttribute("href");
  if (href !== null) return within.querySelector(`a[href="${CSS.escape(href)}"]`);
  const owner = wanted.closest("details[id]");
  return owner ? within.querySelector(`#${CSS.escape(owner.id)} > summary`) : null;
}

function copyAttribute(page: Document, selector: string, name: string): void {
  const value = page.querySelector(selector)?.getAttribute(name);
  const own = document.querySelector(selector);
  if (own && value && own.getAttribute(name) !== value) own.setAttribute(name, value);
}

/** Said aloud by screen readers, once for each status. */
function announce(text: string): void {
  const told = document.getElementById("told");
  if (told && told.textContent !== text) told.textContent = text;
}

async function live(): Promise<void> {
  if (!document.body.hasAttribute("data-live")) return;
  if (!document.hidden) {
    try {
      await look();
      failures = 0;
    } catch {
      failures += 1;
    }
  }
  document.body.toggleAttribute("data-stale", failures > 2);
  setTimeout(() => void live(), Math.min(MAX_POLL_MS, POLL_MS * 2 ** failures));
}

function spell(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  if (hours > 0) return `${hours}h ${minutes}m`;
  return minutes > 0 ? `${minutes}m ${seconds % 60}s` : `${seconds}s`;
}

function tick(): void {
  if (document.hidden) return;
  for (const one of document.querySelectorAll<HTMLElement>("[data-since]")) {
    one.textContent = spell(Date.now() - Number(one.dataset["since"]));
  }
}

function isMeantElsewhere({ target, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  if (ctrlKey || metaKey || altKey) return true;
  return target instanceof Element && target.closest("input, select, textarea, [data-keys]") !== null;
}

/** j and k go down and up the rows of a list, Enter opens (a focused link does so by itself), u goes up a level. */
function onKey(event: KeyboardEvent): void {
  if (isMeantElsewhere(event)) return;
  if (event.key === "j" || event.key === "k") move(event.key === "j" ? 1 : -1);
  if (event.key === "u") [...document.querySelectorAll<HTMLAnchorElement>(".top nav a")].at(-1)?.click();
}

function move(by: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>("[data-row]")];
  const at = rows.findIndex((row) => row === document.activeElement || row.contains(document.activeElement));
  const next = rows[at < 0 && by < 0 ? rows.length - 1 : at + by];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

addEventListener("keydown", onKey);
setInterval(tick, TICK_MS);
setTimeout(() => void live(), POLL_MS);
