/* Which slice of a stack is shown: by slider, wheel, arrow keys, Home and End. Slices count from 1 through the study. */
import { onKey } from "./keys.js";

const NOTCH = 40; // CSS pixels of wheel that are one slice

export class Slices {
  /* `form` is the stack's bar; `show(slice)` is called when another slice is wanted. */
  constructor(form, show) {
    this.form = form;
    this.slider = form.querySelector("input[type=range]");
    this.show = show;
    this.turned = 0;
    form.querySelector("[data-slice-go]").hidden = true;
    form.addEventListener("submit", (event) => event.preventDefault());
    this.slider.addEventListener("input", () => this.#wanted());
    onKey("ArrowUp", () => this.step(-1));
    onKey("ArrowDown", () => this.step(1));
    onKey("Home", () => this.go(this.first));
    onKey("End", () => this.go(this.last));
  }

  get slice() {
    return Number(this.slider.value);
  }

  get first() {
    return Number(this.slider.min);
  }

  get last() {
    return Number(this.slider.max);
  }

  go(slice) {
    const before = this.slice;
    this.slider.value = slice;
    if (this.slice !== before) this.#wanted();
  }

  step(by) {
    this.go(this.slice + by);
  }

  /* So many CSS pixels of the wheel. */
  turn(dy) {
    this.turned += dy;
    const steps = Math.trunc(this.turned / NOTCH);
    this.turned -= steps * NOTCH;
    if (steps) this.step(steps);
  }

  /* The slices around one, nearest first, within the series. */
  around(slice, reach) {
    const near = [];
    for (let step = 1; step <= reach; step++) near.push(slice + step, slice - step);
    return near.filter((other) => other >= this.first && other <= this.last);
  }

  #wanted() {
    const number = this.slice - this.first + 1;
    const text = this.form.dataset.text.replace("{number}", number);
    this.form.querySelector("[data-slice-text]").textContent = text;
    this.slider.setAttribute("aria-valuetext", text);
    this.show(this.slice);
  }
}

/* An address of this study with another slice. */
export function ofSlice(address, slice) {
  const changed = new URL(address, location);
  changed.searchParams.set("slice", slice);
  return changed.href;
}
