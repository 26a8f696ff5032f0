/** Finds the workflow that a real file calls among the others of its repository. */

/** `name` is `<owner>__<repo>__<file>`; a called file has the same owner and repository. */
export function siblingText(
  corpus: readonly { name: string; text: string }[],
  name: string,
): (path: string) => Promise<string | null> {
  const [owner, repository] = name.split("__");
  return (path) => {
    const sibling = `${owner}__${repository}__${path.split("/").at(-1)}`;
    return Promise.resolve(corpus.find((one) => one.name === sibling)?.text ?? null);
  };
}
