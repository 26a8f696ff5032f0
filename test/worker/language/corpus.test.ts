import { expect, inject, it } from "vitest";
import { planJobs } from "../../../src/language/plan.ts";
import { siblingText } from "../../support/corpus-texts.ts";
import { readWorkflow } from "../../../src/language/read-workflow.ts";

const corpus = inject("corpus");

it.skipIf(corpus.length === 0)("every real file gives a workflow or problems with their places", async () => {
  for (const { name, text } of corpus) {
    const file = await readWorkflow(name, text, siblingText(corpus, name));
    expect(file.events, name).not.toBeNull();
    expect(file.workflow === null, name).toBe(file.problems.length > 0);
    for (const { message, at } of file.problems) {
      expect(message, name).not.toBe("");
      const called = at.file === name ? text : await siblingText(corpus, name)(at.file);
      const lines = (called ?? "").split("\n");
      expect(at.line, `${name}: ${message}`).toBeLessThanOrEqual(lines.length);
      expect(at.column, `${name}: ${message}`).toBeLessThanOrEqual((lines[at.line - 1] ?? "").length + 1);
    }
    if (file.workflow !== null) {
      expect(planJobs(file.workflow).length, name).toBeGreaterThanOrEqual(file.workflow.jobs.length);
    }
  }
});

/** `type: int`, which GitHub refuses as well; the others run there. */
const REFUSED_BY_GITHUB = ["etcd-io__etcd__antithesis-test.yml"];

it.skipIf(corpus.length === 0)("no real file is called invalid that GitHub takes", async () => {
  const invalid: string[] = [];
  for (const { name, text } of corpus) {
    const { problems } = await readWorkflow(name, text, siblingText(corpus, name));
    // The corpus has not every file that another one calls.
    const wrong = problems.filter(({ message }) => !message.startsWith("there is no file"));
    if (wrong.some(({ reason }) => reason === "workflow_invalid")) {
      invalid.push(name);
    }
  }
  expect(invalid).toEqual(REFUSED_BY_GITHUB);
});
