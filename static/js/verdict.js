/* Verdict and own answer: A, D, U choose, Ctrl Enter signs. Nothing is stored before the form is sent. */
import { onKey } from "./keys.js";

/* Asked for anew: another slice of a stack brings other docks. */
const docks = () => [...document.querySelectorAll(".verdict-dock")];
let form = docks().length ? null : document.querySelector("[data-verdict], [data-own-answer]");

/* The result page has one dock a model: that of the active model is shown. A model that cannot be judged has none. */
export function showDock(model) {
  docks().forEach((dock) => (dock.hidden = dock.dataset.verdict !== model));
  form = docks().find((dock) => !dock.hidden) ?? null;
}

export function focusDock() {
  form?.querySelector("input[name=verdict]").focus();
}

const choose = (value) => () => {
  const option = form?.querySelector(`input[name="verdict"][value="${value}"]`);
  if (!option) return false;
  option.checked = true;
  option.focus();
};

onKey("a", choose("agree"));
onKey("d", choose("disagree"));
onKey("u", choose("unusable"));
document.addEventListener("keydown", (event) => {
  if (!form || event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  form.requestSubmit();
});
