/* Verdict and own answer: A, D, U choose, Ctrl Enter signs. Nothing is stored before the form is sent. */
import { onKey } from "./keys.js";

const form = document.querySelector("[data-verdict], [data-own-answer]");
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
