/** Which actions of other repositories a job may use, as the Worker's variables say, and which are said to be unsafe. */

import { isFullSha } from "../../language/action-reference.ts";
import type { ActionReference } from "../../language/action-reference.ts";
import { nativeStep } from "../../language/native-actions.ts";
import type { NativeAction } from "../../language/native-actions.ts";
import type { UsesStep } from "../../model/workflow.ts";
import type { AttemptBindings } from "../bindings.ts";

type Policy = Pick<AttemptBindings, "ACTIONS_PINNED" | "ACTIONS_ALLOWED_OWNERS">;

/** Why the action may not be used; null where it may. */
export function refuseAction(policy: Policy, { name, ref }: ActionReference): string | null {
  if (policy.ACTIONS_PINNED === "sha" && !isFullSha(ref))
    return `${name}@${ref} is not pinned to a full commit SHA, which this Sandlot asks for (ACTIONS_PINNED)`;
  const allowed = policy.ACTIONS_ALLOWED_OWNERS.toLowerCase()
    .split(/[\s,]+/)
    .filter((word) => word !== "");
  const [owner = ""] = name.toLowerCase().split("/");
  if (allowed.length > 0 && !allowed.includes(owner) && !allowed.includes(name.toLowerCase()))
    return `${name} is of an owner that this Sandlot does not allow (ACTIONS_ALLOWED_OWNERS: ${allowed.join(", ")})`;
  return null;
}

/** The action that Sandlot carries out itself in the place of this one; null where it runs as it was published. */
export function nativeFor(
  { NATIVE_ACTIONS }: Pick<AttemptBindings, "NATIVE_ACTIONS">,
  step: UsesStep,
): NativeAction | null {
  return NATIVE_ACTIONS === "off" ? null : nativeStep(step);
}
