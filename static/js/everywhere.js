/* Keys of every page: help, upload, worklist, search. */
import { onKey } from "./keys.js";

const follow = (selector) => () => {
  const link = document.querySelector(selector);
  if (!link) return false;
  location.assign(link.href);
};

onKey("?", follow("a[data-goto='help']"));
onKey("n", follow("a[data-goto='upload']"));
onKey("b", follow("a[data-goto='worklist']"));
onKey("/", () => {
  const field = document.querySelector("[data-key='/']");
  if (!field) return false;
  field.focus();
});
