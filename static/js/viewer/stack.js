/* The grey values of a stack's slices, fetched before they are asked for, and shown in the window that was chosen. */
import { ofSlice, Slices } from "../slices.js";
import { greyValues } from "./grey.js";

const AHEAD = 3;
const MOST = 256 * 2 ** 20; // bytes of grey values that are kept

export class StackViewer {
  /* `address` is that of the first slice's grey values; `changed(slice)` is called when another slice is on the screen. */
  constructor(form, viewer, address, changed) {
    this.viewer = viewer;
    this.address = address;
    this.changed = changed;
    this.fetched = new Map();
    this.slices = new Slices(form, (slice) => this.#show(slice));
    const opened = this.slices.slice;
    viewer.onWheel = (dy) => this.slices.turn(dy);
    viewer.loaded
      .then((grey) => {
        this.fetched.set(opened, Promise.resolve(grey));
        this.#fetchAround(this.slices.slice);
      })
      .catch(() => {});
  }

  async #show(slice) {
    try {
      const grey = await this.#grey(slice);
      if (slice !== this.slices.slice) return;
      this.viewer.showGrey(grey);
    } catch {
      /* The page of that slice shows its preview. */
      if (slice === this.slices.slice) location.assign(ofSlice(location.pathname, slice));
      return;
    }
    this.changed(slice);
    this.#fetchAround(slice);
  }

  #grey(slice) {
    if (!this.fetched.has(slice)) this.fetched.set(slice, greyValues(ofSlice(this.address, slice)));
    return this.fetched.get(slice);
  }

  #fetchAround(slice) {
    for (const near of this.slices.around(slice, AHEAD)) this.#grey(near).catch(() => this.fetched.delete(near));
    const { rows, columns } = this.viewer.image;
    const far = [...this.fetched.keys()].sort((a, b) => Math.abs(b - slice) - Math.abs(a - slice));
    while (this.fetched.size * rows * columns * 2 > MOST && far.length > 2 * AHEAD + 1) this.fetched.delete(far.shift());
  }
}
