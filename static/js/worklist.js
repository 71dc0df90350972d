/* The worklist: J and K move from row to row; Enter opens the study whose link has the focus. */
import { onKey } from "./keys.js";

const links = [...document.querySelectorAll("[data-row]")];
function move(step) {
  const at = links.indexOf(document.activeElement);
  links[Math.min(Math.max(at + step, 0), links.length - 1)]?.focus();
}
onKey("j", () => move(1));
onKey("k", () => move(-1));
