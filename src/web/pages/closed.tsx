/** What those see who may not see more, who asked for what is not there, or where we failed: why, and the way on. */

import type { ApiProblem } from "../../model/api.ts";
import type { Frame } from "./frame.tsx";
import { html, Notice } from "./layout.tsx";

export function showClosed(why: string): Response {
  return html(
    <Notice title="These pages are closed">
      <p>{why}</p>
      <p>If this Sandlot is yours, there are three ways to open them:</p>
      <ul>
        <li>
          In your account: set <code>GITHUB_APP_CLIENT_ID</code> and <code>GITHUB_APP_CLIENT_SECRET</code>, and people
          sign in with GitHub.
        </li>
        <li>
          Or put a Cloudflare Access application in front of this Worker (leave <code>/webhooks/github</code> and{" "}
          <code>/api</code> out of it), and set <code>ACCESS_TEAM_DOMAIN</code> to your team's domain and{" "}
          <code>ACCESS_AUD</code> to the application's audience tag.
        </li>
        <li>
          On your own machine: <code>sandlot dev</code> shows them at a loopback address.
        </li>
      </ul>
      <p>
        Programs use <code>/api</code> with <code>SANDLOT_API_TOKEN</code>.
      </p>
    </Notice>,
    403,
  );
}

export function showMissing(frame?: Frame): Response {
  return html(
    <Notice title="There is no such page" {...(frame ? { frame } : {})}>
      <p>The address may be cut, or what it named is gone.</p>
    </Notice>,
    404,
  );
}

/** A refusal of the API, said on a page. */
export async function showRefused(answer: Response, frame: Frame): Promise<Response> {
  const { title, detail } = await answer.clone().json<ApiProblem>();
  return html(
    <Notice title={answer.status === 404 ? "There is no such thing" : title} frame={frame}>
      <p>{detail}</p>
    </Notice>,
    answer.status,
  );
}

export function showFault(): Response {
  return html(
    <Notice title="Sandlot failed at this page">
      <p>This was Sandlot, not you. Try again in a moment; the Worker's log says why.</p>
    </Notice>,
    500,
  );
}
