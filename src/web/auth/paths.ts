/** Where signing in happens; `/login/callback` stands in the App's settings on GitHub. */

/** Leads to GitHub. */
export const SIGN_IN_PATH = "/login/github";
export const CALLBACK_PATH = "/login/callback";
