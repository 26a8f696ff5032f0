/** What those see who may not see more: why, and how its owner opens it. */

import { html, Notice } from "./layout.tsx";

export function showClosed(why: string): Response {
  return html(
    <Notice title="These pages are closed">
      <p>{why}</p>
      <p>If this Sandlot is yours, there are two ways to open them:</p>
      <ul>
        <li>
          In your account: put a Cloudflare Access application in front of this Worker (leave{" "}
          <code>/webhooks/github</code> and <code>/api</code> out of it), and set <code>ACCESS_TEAM_DOMAIN</code> to
          your team's domain and <code>ACCESS_AUD</code> to the application's audience tag.
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

export function showMissing(): Response {
  return html(<Notice title="There is no such page" />, 404);
}
