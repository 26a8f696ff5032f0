/** The log of a job in the browser: what it adds to a page that works without it. */

document.documentElement.classList.add("js");
