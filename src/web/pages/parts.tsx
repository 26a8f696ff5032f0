/** Small parts that all pages share: a status, a time, a person, a branch. */

import type { Child } from "hono/jsx";
import type { BuildSummary } from "../../model/api.ts";
import { refName } from "../../model/event.ts";
import { buildPagePath } from "../../model/urls.ts";
import { safeUrl } from "../http/safe-url.ts";
import { age, duration, explain, lookOf } from "./words.ts";
import type { Look } from "./words.ts";

/** The only way to a link: its address is checked here. */
export function A(props: { href: string; children?: Child; class?: string; label?: string }) {
  const { href, children, label } = props;
  return (
    <a
      href={safeUrl(href)}
      class={props.class}
      rel="nofollow noopener noreferrer"
      {...(label === undefined ? {} : { "aria-label": label })}
    >
      {children}
    </a>
  );
}

export function Icon({ look }: { look: Look }) {
  return (
    <svg class={`icon ${look.tone} ${look.shape} ${look.name}`} viewBox="0 0 16 16" aria-hidden="true">
      <circle cx="8" cy="8" r={look.shape === "disc" ? "7.5" : "6.7"} />
      <path d={look.glyph} />
    </svg>
  );
}

/** Icon, word and colour: never a colour alone. */
export function Badge(props: { of: Parameters<typeof lookOf>[0] }) {
  const look = lookOf(props.of);
  return (
    <span class={`badge ${look.tone}`}>
      <Icon look={look} /> <span>{look.word}</span>
    </span>
  );
}

/** The word is there for those who do not see the icon. */
export function StatusIcon(props: { of: Parameters<typeof lookOf>[0] }) {
  const look = lookOf(props.of);
  return (
    <span class="status" title={look.word}>
      <Icon look={look} />
      <span class="unseen">{`${look.word}: `}</span>
    </span>
  );
}

function absolute(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

export function Time(props: { at: number }) {
  const iso = new Date(props.at).toISOString();
  return (
    <time datetime={iso} title={absolute(props.at)}>
      {age(props.at, Date.now())}
    </time>
  );
}

/** Goes on counting in the browser while `to` is not known; nothing where it has not started. */
export function Took(props: { from: number | null; to: number | null; ended: boolean }) {
  const { from, to, ended } = props;
  if (from === null) return null;
  const text = duration(from, to, Date.now());
  return ended || to !== null ? (
    <span class="took">{text}</span>
  ) : (
    <span class="took" data-since={String(from)}>
      {text}
    </span>
  );
}

/** How it came to that, whose fault it was and the way on. */
export function Why({ of }: { of: Parameters<typeof explain>[0] }) {
  const told = explain(of);
  if (!told) return null;
  return (
    <div class={`why ${of.fault === "sandlot" ? "ours" : lookOf(of).tone}`}>
      <p>
        {told.why} {told.fault === "" ? null : <strong>{told.fault}</strong>}
      </p>
      {told.todo === "" ? null : (
        <p class="todo">{told.todo.split("`").map((part, n) => (n % 2 === 1 ? <code>{part}</code> : part))}</p>
      )}
    </div>
  );
}

/** GitHub's picture where the id is GitHub's own, else the first letter. */
export function Person(props: { login: string; id: number; githubUrl: string }) {
  const { login, id, githubUrl } = props;
  const known = id > 0 && githubUrl === "https://github.com";
  return (
    <span class="person">
      {known ? (
        <img
          class="face"
          src={`https://avatars.githubusercontent.com/u/${id}?s=40`}
          alt=""
          width="20"
          height="20"
          loading="lazy"
        />
      ) : (
        <span class="face" aria-hidden="true">
          {login.slice(0, 1).toUpperCase()}
        </span>
      )}{" "}
      {login}
    </span>
  );
}

/** Where it was built: a pull request and its branch, a branch, a tag. */
export function Where(props: { build: BuildSummary; githubUrl: string }) {
  const { build, githubUrl } = props;
  const repository = `${githubUrl}/${build.repository}`;
  const branch = build.headRef ?? refName(build.ref);
  return (
    <>
      {build.pullRequest === null ? null : (
        <>
          <A href={`${repository}/pull/${build.pullRequest}`}>{`#${build.pullRequest}`}</A>{" "}
        </>
      )}
      <A class="branch" href={`${repository}/tree/${branch.split("/").map(encodeURIComponent).join("/")}`}>
        {branch}
      </A>
    </>
  );
}

export function Commit(props: { build: BuildSummary; githubUrl: string }) {
  const { build, githubUrl } = props;
  return (
    <A href={`${githubUrl}/${build.repository}/commit/${build.reportSha}`}>
      <code>{build.reportSha.slice(0, 7)}</code>
    </A>
  );
}

export function workflowName(build: BuildSummary): string {
  return build.workflow.name ?? build.workflow.path;
}

export function BuildLink(props: { id: string; class?: string; children?: Child }) {
  return (
    <A href={buildPagePath(props.id)} {...(props.class === undefined ? {} : { class: props.class })}>
      {props.children}
    </A>
  );
}
