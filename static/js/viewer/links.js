/* What viewports share. Each link has a switch that is remembered; how the image is turned is always the same for all. */
import { remember, remembered } from "../settings.js";

const SHARED = { zoom: ["zoom"], pan: ["x", "y"], window: ["low", "high", "inverted", "preset"] };
const ALWAYS = ["turns", "flipped"];

export class Links {
  constructor() {
    this.on = { zoom: true, pan: true, window: true, ...remembered("links", {}) };
  }

  set(name, on) {
    this.on[name] = on;
    remember("links", this.on);
  }

  get all() {
    return Object.keys(SHARED).every((name) => this.on[name]);
  }

  /* All of them: off if all are on, else on. */
  toggleAll() {
    const on = !this.all;
    for (const name of Object.keys(SHARED)) this.set(name, on);
  }

  /* The part of a change that other viewports follow. */
  shared(change) {
    const names = [...ALWAYS, ...Object.keys(SHARED).flatMap((name) => (this.on[name] ? SHARED[name] : []))];
    return Object.fromEntries(Object.entries(change).filter(([name]) => names.includes(name)));
  }
}
