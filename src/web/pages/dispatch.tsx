/** Starts a build by hand: the workflows that allow it, and a form with the inputs that one declares. */

import type { DispatchInput } from "../../model/workflow.ts";
import { findRepository } from "../../store/repositories.ts";
import type { StoredRepository } from "../../store/repositories.ts";
import type { RepositoryName } from "../rooms.ts";
import { readDispatchable } from "./dispatchable.ts";
import type { Dispatchable, DispatchRooms } from "./dispatchable.ts";
import { frameFor, frameOf } from "./frame.tsx";
import type { FrameRooms } from "./frame.tsx";
import { html, Layout, Notice } from "./layout.tsx";
import { A } from "./parts.tsx";

export async function showDispatch(
  rooms: FrameRooms & DispatchRooms,
  name: RepositoryName,
  request: Request,
): Promise<Response> {
  const repository = await findRepository(rooms.db, name.owner, name.repo);
  if (!repository) return html(<Notice title="There is no such repository" frame={frameOf(request)} />, 404);
  const frame = await frameFor(rooms, request, repository.id);
  const query = new URL(request.url).searchParams;
  const ref = query.get("ref") || repository.defaultBranch;
  const workflows = await readDispatchable(rooms, repository, ref);
  const wanted = query.get("workflow");
  const chosen = workflows?.find(({ path }) => path === wanted) ?? (workflows?.length === 1 ? workflows[0] : undefined);
  const full = `${repository.owner}/${repository.name}`;
  return html(
    <Layout title={`Start a build · ${full}`} frame={frame} crumbs={[{ text: full, href: `/repositories/${full}` }]}>
      <section id="heading" aria-label="Start a build">
        <h1>Start a build</h1>
        <p class="muted">
          {"Workflows with "}
          <code>on: workflow_dispatch</code> in <span class="branch">{ref}</span>
        </p>
      </section>
      <Workflows workflows={workflows} chosen={chosen} repository={repository} branch={ref} />
      {chosen && frame.mayAct ? <Form workflow={chosen} full={full} branch={ref} /> : null}
    </Layout>,
  );
}

function Workflows(props: {
  workflows: Dispatchable[] | null;
  chosen: Dispatchable | undefined;
  repository: StoredRepository;
  branch: string;
}) {
  const { workflows, chosen, repository, branch } = props;
  if (workflows === null)
    return <p class="card empty">There is no such branch or tag, or the App is not installed here.</p>;
  if (workflows.length === 0) return <NoneYet />;
  if (workflows.length === 1 && chosen) return null;
  const to = `/repositories/${repository.owner}/${repository.name}/dispatch`;
  return (
    <nav class="card" aria-label="Workflows">
      <ul class="notes">
        {workflows.map(({ path, name }) => (
          <li>
            {path === chosen?.path ? (
              <strong aria-current="page">{name ?? path}</strong>
            ) : (
              <A href={`${to}?${new URLSearchParams({ workflow: path, ref: branch }).toString()}`}>{name ?? path}</A>
            )}{" "}
            <small>
              <code>{path}</code>
            </small>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function NoneYet() {
  return (
    <div class="card empty">
      <p>No workflow there can be started by hand. One that says this can:</p>
      <pre>{"on:\n  workflow_dispatch:"}</pre>
    </div>
  );
}

function Form({ workflow, full, branch }: { workflow: Dispatchable; full: string; branch: string }) {
  return (
    <form id="dispatch" class="card" method="post" action={`/repositories/${full}/dispatch`}>
      <h2>{workflow.name ?? workflow.path}</h2>
      <input type="hidden" name="workflow" value={workflow.path} />
      <div class="fields">
        <div>
          <label for="ref">Branch or tag</label>
          <input id="ref" type="text" name="ref" value={branch} required maxlength={500} />
        </div>
        {workflow.inputs.map((input, n) => (
          <Field input={input} id={`input-${n}`} />
        ))}
        <div>
          <button class="primary">Start it</button>
        </div>
      </div>
    </form>
  );
}

function Field({ input, id }: { input: DispatchInput; id: string }) {
  const { name, description, required, type } = input;
  const words = (
    <label for={id}>
      {name}
      {required && type !== "boolean" ? <small> required</small> : null}
    </label>
  );
  const about = description === "" ? null : <small id={`${id}-about`}>{description}</small>;
  if (type === "boolean") {
    return (
      <div class="check">
        <Control input={input} id={id} />
        <span>
          {words} {about}
        </span>
      </div>
    );
  }
  return (
    <div>
      {words}
      <Control input={input} id={id} />
      {about}
    </div>
  );
}

function Control({ input, id }: { input: DispatchInput; id: string }) {
  const { name, type, required, options } = input;
  const given = input.default === null ? "" : String(input.default);
  switch (type) {
    case "boolean":
      return (
        <>
          <input type="hidden" name={`input.${name}`} value="false" />
          <input id={id} type="checkbox" name={`input.${name}`} value="true" checked={given === "true"} />
        </>
      );
    case "choice":
      return (
        <select id={id} name={`input.${name}`} required={required}>
          {options.map((option) => (
            <option value={option} selected={option === given}>
              {option}
            </option>
          ))}
        </select>
      );
    case "number":
      return <input id={id} type="number" step="any" name={`input.${name}`} value={given} required={required} />;
    case "string":
      return <input id={id} type="text" name={`text.${name}`} value={given} required={required} />;
    case "environment":
      return <input id={id} type="text" name={`input.${name}`} value={given} required={required} />;
  }
}
