/* Viewers of different images led as one: what is done to one, the others follow as far as it is linked, each on its own grid
   and with its own grey values. To toolbar and keys it is a viewer like any other. */
import { inUnits } from "./grey.js";
import { Links } from "./links.js";
import { levelOf, ownRange, windowOfUnits } from "./windows.js";

/* The window of one image for another: in Hounsfield units where both have them, else at the same place in its own range. */
function windowFor(other, from, { low, high }) {
  if (from.unit && from.unit === other.unit) return windowOfUnits(other, levelOf(from, { low, high }));
  const [own, others] = [ownRange(from), ownRange(other)];
  const moved = (value) => others.low + ((value - own.low) / (own.high - own.low)) * (others.high - others.low);
  return { low: moved(low), high: moved(high) };
}

function translated(change, from, to) {
  if (!("low" in change)) return change;
  const { low, high, preset, ...rest } = change;
  if (!from.grey || !to.grey) return rest;
  if (to.presets.has(preset)) return { ...rest, preset, ...to.presets.get(preset) };
  return { ...rest, preset: "", ...windowFor(to.grey, from.grey, { low, high }) };
}

export class Together {
  constructor(viewers) {
    this.viewers = viewers;
    this.lead = viewers[0];
    this.links = new Links();
    this.onChange = () => {};
    this.following = false;
    for (const viewer of viewers) {
      viewer.links = this.links;
      viewer.onShare = (change) => this.#follow(viewer, change);
      viewer.onChange = () => viewer === this.lead && this.onChange();
      viewer.panes.forEach((pane) => pane.figure.addEventListener("focus", () => this.activate(pane)));
    }
  }

  #follow(leader, change) {
    if (this.following) return;
    this.#alone(() =>
      this.viewers
        .filter((viewer) => viewer !== leader)
        .forEach((viewer) => viewer.change(translated(change, leader, viewer))),
    );
  }

  /* Do something that no viewer passes on to the others. */
  #alone(act) {
    this.following = true;
    act();
    this.following = false;
  }

  get panes() {
    return this.viewers.flatMap((viewer) => viewer.panes);
  }

  get active() {
    return this.lead.active;
  }

  get view() {
    return this.lead.view;
  }

  get tool() {
    return this.lead.tool;
  }

  get presets() {
    return this.lead.presets;
  }

  activate(pane) {
    this.lead = this.viewers.find((viewer) => viewer.panes.includes(pane));
    this.lead.activate(pane);
    this.panes.forEach((other) => (other.figure.dataset.active = other === pane));
  }

  activateIn(column) {
    const within = this.panes.filter(({ figure }) => column.contains(figure));
    if (within.length && !within.includes(this.active)) this.activate(within[0]);
  }

  choose(tool) {
    this.viewers.forEach((viewer) => viewer.choose(tool));
  }

  setLink(name, on) {
    this.links.set(name, on);
    this.lead.change({ ...this.view });
  }

  toggleLinks() {
    this.links.toggleAll();
    this.lead.change({ ...this.view });
  }

  /* Each image goes back to its own first window. */
  reset() {
    this.#alone(() => this.viewers.forEach((viewer) => viewer.reset()));
  }

  useWindow(name) {
    this.lead.useWindow(name);
  }

  zoom(factor) {
    this.lead.zoom(factor);
  }

  pan(dx, dy) {
    this.lead.pan(dx, dy);
  }

  fit() {
    this.lead.fit();
  }

  invert() {
    this.lead.invert();
  }

  flip() {
    this.lead.flip();
  }

  rotate() {
    this.lead.rotate();
  }
}
