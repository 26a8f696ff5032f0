/** Which of an address's forms is wanted: the page, its JSON, its text. */

const FORMS = ["text/html", "application/json", "text/plain"] as const;

/** The first that `Accept` names with the greatest weight; the page where it names none of them. */
export function preferredForm(request: Request): (typeof FORMS)[number] {
  const given = (request.headers.get("accept") ?? "").split(",").map((one) => {
    const [type = "", ...parameters] = one.split(";").map((part) => part.trim().toLowerCase());
    const weight = Number(parameters.find((part) => part.startsWith("q="))?.slice(2) ?? 1);
    return { type, weight: Number.isNaN(weight) ? 0 : weight };
  });
  const [best] = given
    .flatMap(({ type, weight }) => FORMS.filter((form) => form === type).map((form) => ({ form, weight })))
    .sort((a, b) => b.weight - a.weight);
  return best && best.weight > 0 ? best.form : "text/html";
}
