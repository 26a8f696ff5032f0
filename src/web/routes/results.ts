/** Routes of `/twirp` and `/results`: the cache and artifact services for actions in a sandbox, docs/actions-services.md. */

import { Hono } from "hono";
import {
  createArtifact,
  deleteArtifact,
  finalizeArtifact,
  getSignedArtifactUrl,
  listArtifacts,
} from "../results/artifacts.ts";
import { getArtifactBlob, getCacheBlob, putUpload } from "../results/blobs.ts";
import { createCacheEntry, finalizeCacheEntry, findCacheEntry } from "../results/caches.ts";
import { rooms } from "./context.ts";
import type { App } from "./context.ts";

/** Called with the token of their attempt. */
const CACHES = "/github.actions.results.api.v1.CacheService";
const ARTIFACTS = "/github.actions.results.api.v1.ArtifactService";
export const twirp = new Hono<App>()
  .post(`${CACHES}/CreateCacheEntry`, (c) => createCacheEntry(rooms(c), c.req.raw))
  .post(`${CACHES}/FinalizeCacheEntryUpload`, (c) => finalizeCacheEntry(rooms(c), c.req.raw))
  .post(`${CACHES}/GetCacheEntryDownloadURL`, (c) => findCacheEntry(rooms(c), c.req.raw))
  .post(`${ARTIFACTS}/CreateArtifact`, (c) => createArtifact(rooms(c), c.req.raw))
  .post(`${ARTIFACTS}/FinalizeArtifact`, (c) => finalizeArtifact(rooms(c), c.req.raw))
  .post(`${ARTIFACTS}/ListArtifacts`, (c) => listArtifacts(rooms(c), c.req.raw))
  .post(`${ARTIFACTS}/GetSignedArtifactURL`, (c) => getSignedArtifactUrl(rooms(c), c.req.raw))
  .post(`${ARTIFACTS}/DeleteArtifact`, (c) => deleteArtifact(rooms(c), c.req.raw));

/** Where they send and fetch the bytes; each address is signed. */
export const results = new Hono<App>()
  .put("/uploads/:attempt/:id", (c) => putUpload(rooms(c), c.req.param("attempt"), c.req.param("id"), c.req.raw))
  .get("/caches/:repository/:id", (c) =>
    getCacheBlob(rooms(c), c.req.param("repository"), c.req.param("id"), c.req.raw),
  )
  .get("/artifacts/:build/:runAttempt/:name", (c) => getArtifactBlob(rooms(c), c.req.param(), c.req.raw));
