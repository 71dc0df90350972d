/* The words of the result page for another slice: the server makes them, and they take the place of those that are there. */
import { ofSlice } from "./slices.js";

const REST = 120; // ms without another slice before its words are asked for
const DATA = /^data-(region|lesion|corrected|votes|focused|unfocused)/;

export class SlicePage {
  /* `taken()` is called when the words and the addresses of the overlays are those of the slice. */
  constructor(comparison, taken) {
    this.comparison = comparison;
    this.taken = taken;
    this.pages = new Map();
    document.addEventListener("input", ({ target }) => {
      const dock = target.closest(".verdict-dock");
      if (dock) dock.dataset.touched = "true";
    });
  }

  show(slice) {
    clearTimeout(this.timer);
    this.slice = slice;
    if (this.pages.has(slice)) this.#take(slice);
    else this.timer = setTimeout(() => this.#take(slice), REST);
  }

  async #take(slice) {
    try {
      const page = await this.#page(slice);
      if (slice !== this.slice) return;
      this.#replace(page);
      history.replaceState(null, "", ofSlice(location.pathname, slice));
      this.taken();
    } catch {
      /* Without its words no slice is shown: the page itself is asked for. */
      this.pages.delete(slice);
      location.assign(ofSlice(location.pathname, slice));
    }
  }

  #page(slice) {
    if (!this.pages.has(slice)) this.pages.set(slice, fetched(ofSlice(location.pathname, slice)));
    return this.pages.get(slice);
  }

  #replace(page) {
    for (const part of [".headline", "[data-beside]", "[data-exports]"]) swap(document.querySelector(part), page.querySelector(part));
    for (const column of this.comparison.querySelectorAll("[data-model]")) {
      const other = page.querySelector(`[data-comparison] [data-model="${CSS.escape(column.dataset.model)}"]`);
      column.querySelector(".model-tag").className = other.querySelector(".model-tag").className;
      takeBody(column.querySelector(".prediction__body"), other.querySelector(".prediction__body"));
      const figures = [...other.querySelectorAll("[data-viewport]")];
      column.querySelectorAll("[data-viewport]").forEach((figure, i) => takeFigure(figure, figures[i]));
    }
    for (const map of this.comparison.querySelectorAll("[data-agreement]")) {
      const other = page.querySelector(`[data-agreement="${map.dataset.agreement}"]`);
      map.hidden = !other;
      if (!other) continue;
      swap(map.querySelector(".prediction__body"), other.querySelector(".prediction__body"));
      takeFigure(map.querySelector("[data-viewport]"), other.querySelector("[data-viewport]"));
    }
    for (const dock of document.querySelectorAll(".verdict-dock:not([data-touched])")) {
      swap(dock, page.querySelector(`.verdict-dock[data-verdict="${CSS.escape(dock.dataset.verdict)}"]`));
    }
  }
}

async function fetched(address) {
  const answer = await fetch(address);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!answer.ok || !page.querySelector("[data-comparison]")) throw new Error(`The page did not come: ${answer.status}`);
  return page;
}

/* The page is kept for the next time: what takes a place is a copy. */
function swap(old, fresh) {
  if (old && fresh) old.replaceWith(document.importNode(fresh, true));
}

/* All but the small viewports, whose canvases stay. */
function takeBody(old, fresh) {
  for (const child of [...old.children]) if (!child.matches(".prediction__more")) child.remove();
  const words = [...fresh.children].filter((child) => !child.matches(".prediction__more"));
  old.prepend(...words.map((child) => document.importNode(child, true)));
}

function takeFigure(old, fresh) {
  for (const { name } of [...old.attributes]) if (DATA.test(name)) old.removeAttribute(name);
  if (!fresh) return;
  for (const { name, value } of fresh.attributes) if (DATA.test(name)) old.setAttribute(name, value);
  for (const legend of ["[data-legend]", "[data-votes-legend]"]) {
    old.querySelector(legend)?.remove();
    const other = fresh.querySelector(legend);
    if (other) old.append(document.importNode(other, true));
  }
  const [words, other] = [old, fresh].map((figure) => figure.querySelector("figcaption"));
  if (words && other) words.firstChild.textContent = other.firstChild.textContent;
}
