/* Single keys: never while a field has the focus, never with Ctrl, Alt or Meta, and they can be switched off. */
import { remembered } from "./settings.js";

const FIELDS = "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]";
const actions = new Map();

/* `key` as the browser names it ("o", "[", "?"); `act` may return false to leave the key to the browser. */
export function onKey(key, act) {
  actions.set(key, act);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  if (event.target.closest?.(FIELDS)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (!remembered("keys", true)) return;
  const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const act = actions.get(event.shiftKey && event.key !== "?" ? `Shift ${name}` : name);
  if (act && act() !== false) event.preventDefault();
});
