/* The worklist: J and K move from row to row, Enter opens, Space selects, Esc clears; the search answers while one types. */
import { onKey } from "./keys.js";

const results = document.querySelector("[data-results]");
const search = document.querySelector("#search");
const PAUSE_MS = 250;
let asked = null;
let timer = 0;

const links = () => [...results.querySelectorAll("[data-row]")];
const ticks = () => [...results.querySelectorAll('td > .tick')];

function move(step) {
  const rows = links();
  const row = document.activeElement.closest?.("tr");
  const at = rows.findIndex((link) => link.closest("tr") === row);
  rows[Math.min(Math.max(at + step, 0), rows.length - 1)]?.focus();
}

/* The bar is of use only while something is selected; without script it always stands there. */
function showSelection() {
  const bar = results.querySelector("[data-selection]");
  if (!bar) return;
  const chosen = ticks().filter((tick) => tick.checked).length;
  const words = chosen === 1 ? bar.dataset.one : bar.dataset.many.replace("#", chosen);
  bar.querySelector("[data-selected]").textContent = chosen ? words : "";
  bar.hidden = !chosen;
  const all = results.querySelector("[data-select-all]");
  all.hidden = false;
  all.firstElementChild.checked = chosen > 0 && chosen === ticks().length;
  all.firstElementChild.indeterminate = chosen > 0 && chosen < ticks().length;
}

function tickAll(on) {
  for (const tick of ticks()) tick.checked = on;
  showSelection();
}

async function find() {
  asked?.abort();
  asked = new AbortController();
  results.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(search.action, { method: "POST", body: new FormData(search), signal: asked.signal });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = page.querySelector("[data-results]");
    /* An answer without a list is the log-in page: the session has ended. */
    if (!found) return location.reload();
    results.replaceChildren(...found.childNodes);
    showSelection();
  } catch {
    /* A later letter has asked again, or the server is away: Enter sends the form itself. */
  } finally {
    results.removeAttribute("aria-busy");
  }
}

search?.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(find, PAUSE_MS);
});
results?.addEventListener("change", (event) => {
  if (event.target.matches("[data-select-all] > input")) tickAll(event.target.checked);
  else showSelection();
});
results?.addEventListener("reset", () => setTimeout(showSelection));

onKey("j", () => move(1));
onKey("k", () => move(-1));
onKey(" ", () => {
  const tick = document.activeElement.closest?.("tr")?.querySelector("td > .tick");
  if (!tick || document.activeElement === tick) return false;
  tick.checked = !tick.checked;
  showSelection();
});
onKey("Escape", () => {
  if (!ticks().some((tick) => tick.checked)) return false;
  tickAll(false);
});
if (results) showSelection();
