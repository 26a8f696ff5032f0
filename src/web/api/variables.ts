/** Variables of an owner, a repository or an environment: what workflows read as `vars`. */

import { z } from "zod";
import type { Page } from "../../model/api.ts";
import { MAX_SECRET_BYTES, MAX_SETTINGS } from "../../model/limits.ts";
import type { VariableView } from "../../model/settings-api.ts";
import { recordAct } from "../../store/audit.ts";
import { isSettingName } from "../../store/scopes.ts";
import { listVariables, removeVariable, saveVariable } from "../../store/variables.ts";
import { json, notFound, problem } from "../http/answer.ts";
import { readJson } from "../http/body.ts";
import type { Rooms } from "../rooms.ts";
import { readScope } from "./scope.ts";
import type { ScopeName } from "./scope.ts";
import { badName, bytesOf } from "./secrets.ts";

type VariableRooms = Pick<Rooms, "db" | "actor">;

const variableRequest = z.strictObject({
  value: z.string().refine((value) => bytesOf(value) <= MAX_SECRET_BYTES, `holds at most ${MAX_SECRET_BYTES} bytes`),
});

export async function getVariables(rooms: VariableRooms, of: ScopeName): Promise<Response> {
  const found = await readScope(rooms.db, of);
  if (!found.ok) return found.answer;
  const page: Page<VariableView> = { items: await listVariables(rooms.db, found.value.scope), next: null };
  return json(page);
}

export async function getVariable(rooms: VariableRooms, of: ScopeName, name: string): Promise<Response> {
  const found = await readScope(rooms.db, of);
  if (!found.ok) return found.answer;
  const variables = await listVariables(rooms.db, found.value.scope);
  const variable = variables.find((one) => one.name === name.toUpperCase());
  return variable ? json(variable satisfies VariableView) : notFound("variable", name);
}

export async function putVariable(
  rooms: VariableRooms,
  of: ScopeName,
  name: string,
  request: Request,
): Promise<Response> {
  if (!isSettingName(name)) return badName("variable");
  const asked = await readJson(request, variableRequest);
  if (!asked.ok) return asked.answer;
  const found = await readScope(rooms.db, of);
  if (!found.ok) return found.answer;
  const { scope, repositoryId, label } = found.value;
  const at = Date.now();
  const max = MAX_SETTINGS[scope.kind].variables;
  const saved = await saveVariable(rooms.db, scope, { name, value: asked.value.value, updatedAt: at }, max).run();
  if (saved.meta.changes === 0)
    return problem(409, `There are ${max} variables for ${label} already: remove one first.`);
  const detail = `${name.toUpperCase()} for ${label}`;
  await recordAct(rooms.db, { at, who: rooms.actor, what: "variable.set", repositoryId, detail }).run();
  return new Response(null, { status: 204 });
}

export async function deleteVariable(rooms: VariableRooms, of: ScopeName, name: string): Promise<Response> {
  const found = await readScope(rooms.db, of);
  if (!found.ok) return found.answer;
  const { scope, repositoryId, label } = found.value;
  const { meta } = await removeVariable(rooms.db, scope, name).run();
  if (meta.changes === 0) return notFound("variable", name);
  const detail = `${name.toUpperCase()} for ${label}`;
  await recordAct(rooms.db, { at: Date.now(), who: rooms.actor, what: "variable.remove", repositoryId, detail }).run();
  return new Response(null, { status: 204 });
}
