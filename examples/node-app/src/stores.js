/** Where links are kept: in memory, or in a JSON file. Both answer alike. */

import { readFile, rename, writeFile } from "node:fs/promises";

export function memoryStore() {
  const links = new Map();
  return {
    async get(code) {
      return links.get(code) ?? null;
    },
    async put(code, url) {
      if (links.has(code)) return false;
      links.set(code, url);
      return true;
    },
  };
}

/** Writes the whole file by rename, one change after the other. */
export function fileStore(path) {
  let queue = Promise.resolve();
  const read = async () => {
    try {
      return JSON.parse(await readFile(path, "utf8"));
    } catch (error) {
      if (error.code === "ENOENT") return {};
      throw error;
    }
  };
  return {
    async get(code) {
      const links = await read();
      return Object.hasOwn(links, code) ? links[code] : null;
    },
    put(code, url) {
      const change = queue.then(async () => {
        const links = await read();
        if (Object.hasOwn(links, code)) return false;
        await writeFile(`${path}.new`, JSON.stringify({ ...links, [code]: url }));
        await rename(`${path}.new`, path);
        return true;
      });
      queue = change.catch(() => {});
      return change;
    },
  };
}

/** `STORE` is `memory` or `file:PATH`. */
export function storeFrom(setting) {
  if (setting.startsWith("file:")) return fileStore(setting.slice("file:".length));
  if (setting === "memory") return memoryStore();
  throw new Error(`STORE is "${setting}", but has to be "memory" or "file:PATH"`);
}
