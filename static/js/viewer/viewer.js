/* All viewports of the page: how each shows the image, what they share, and what is written on them. */
import { edgesOn, FITTED, matrixOf, panned, pointAt, rotated, scaleOf, UPRIGHT, zoomed } from "./geometry.js";
import { greyValues, inUnits, windowed } from "./grey.js";
import { Links } from "./links.js";
import { Magnifier } from "./magnifier.js";
import { drawMarks, lengthOf, scaleBar } from "./measure.js";
import { dragged, levelOf, presetsOf } from "./windows.js";

const filled = (phrase, words) => phrase.replace(/\{(\w+)\}/g, (_, name) => words[name]);
const rounded = (value) => (Math.abs(value) < 10 ? Number(value.toFixed(1)) : Math.round(value));

export class Viewer {
  /* `image` as in geometry.js, with mm {row, column} or null and edges or null; `phrases` are the words of this page. */
  constructor(stages, image, phrases) {
    this.image = image;
    this.phrases = phrases;
    this.links = new Links();
    this.tool = "window";
    this.ruler = null;
    this.presets = new Map();
    this.onChange = () => {};
    this.onShare = () => {};
    this.onWheel = null;
    this.panes = stages.map((stage) => this.#pane(stage));
    this.active = this.panes[0];
    this.waiting = new Set();
    const sizes = new ResizeObserver((entries) =>
      entries.forEach(({ target }) => this.#draw(this.panes.find(({ figure }) => figure === target))),
    );
    this.panes.forEach(({ figure }) => sizes.observe(figure));
  }

  #pane(stage) {
    const pane = { stage, figure: stage.figure, view: { ...FITTED, ...UPRIGHT, inverted: false }, cross: null };
    pane.grey = stage.gridLayer("grey");
    stage.element.querySelector("img").after(pane.grey);
    pane.magnifier = new Magnifier(stage);
    pane.marks = stage.lineLayer("marks", (context, matrix) =>
      drawMarks(context, matrix, { ruler: this.ruler, cross: pane.cross }, this.rulerText),
    );
    return pane;
  }

  /* Fetch the grey values, which are also given; from then on windows can be chosen. Without them the preview stays. */
  load(address) {
    this.loaded = this.#load(address);
    return this.loaded;
  }

  async #load(address) {
    this.grey = await greyValues(address);
    this.presets = presetsOf(this.grey);
    this.panes.forEach((pane) => Object.assign(pane.view, this.#firstWindow()));
    this.panes.forEach((pane) => this.#draw(pane));
    this.onChange();
    return this.grey;
  }

  /* Another slice of the same grid: it is shown in the window that was chosen, drawn at once. */
  showGrey(grey) {
    this.grey = grey;
    this.presets = presetsOf(grey);
    if (this.view.preset === undefined) this.panes.forEach((pane) => Object.assign(pane.view, this.#firstWindow()));
    this.panes.forEach((pane) => this.#later(pane));
    this.onChange();
  }

  /* Say on each viewport that its grey values did not come. */
  fail() {
    for (const { figure } of this.panes) {
      const place = figure.querySelector("[data-overlay-error]");
      place.textContent = this.phrases.failed;
      place.hidden = false;
    }
  }

  #firstWindow() {
    const [first] = this.presets;
    return first ? { preset: first[0], ...first[1], inverted: false } : { inverted: false };
  }

  get view() {
    return this.active.view;
  }

  activate(pane) {
    this.active = pane;
    this.panes.forEach((other) => (other.figure.dataset.active = other === pane));
    this.onChange();
  }

  /* The first viewport of a column, unless one of them is active already. */
  activateIn(column) {
    const within = this.panes.filter(({ figure }) => column.contains(figure));
    if (within.length && !within.includes(this.active)) this.activate(within[0]);
  }

  choose(tool) {
    this.tool = tool;
    this.panes.forEach((pane) => {
      pane.figure.dataset.tool = tool;
      this.point(pane, null);
    });
    this.onChange();
  }

  /* Change how a viewport shows the image; those that are linked follow. */
  change(changes, pane = this.active) {
    const shared = this.links.shared(changes);
    for (const other of this.panes) {
      Object.assign(other.view, other === pane ? changes : shared);
      this.#later(other);
    }
    this.onShare(shared);
    this.onChange();
  }

  setLink(name, on) {
    this.links.set(name, on);
    this.change({ ...this.view });
  }

  toggleLinks() {
    this.links.toggleAll();
    this.change({ ...this.view });
  }

  useWindow(name) {
    if (this.presets.has(name)) this.change({ preset: name, ...this.presets.get(name) });
  }

  dragWindow(dx, dy, pane = this.active) {
    if (this.grey) this.change({ preset: "", ...dragged(this.grey, pane.view, dx, dy) }, pane);
  }

  zoom(factor, at, pane = this.active) {
    this.change(zoomed(pane.view, pane.stage.box, this.image, factor, at), pane);
  }

  pan(dx, dy, pane = this.active) {
    this.change(panned(pane.view, pane.stage.box, this.image, dx, dy), pane);
  }

  fit() {
    this.change({ ...FITTED });
  }

  invert() {
    if (this.grey) this.change({ inverted: !this.view.inverted });
  }

  flip() {
    this.change({ flipped: !this.view.flipped });
  }

  rotate() {
    this.change(rotated(this.view));
  }

  reset() {
    this.ruler = null;
    this.change({ ...FITTED, ...UPRIGHT, ...this.#firstWindow() });
  }

  /* Points of the image, in its pixels. */
  pointAt(pane, place) {
    return pointAt(pane.view, pane.stage.box, this.image, place);
  }

  measure(from, to) {
    this.ruler = { from, to };
    this.panes.forEach((pane) => this.#later(pane));
  }

  get rulerText() {
    if (!this.ruler) return "";
    const length = lengthOf(this.image, this.ruler.from, this.ruler.to).toFixed(1);
    return filled(this.image.mm ? this.phrases.mm : this.phrases.pixels, { length });
  }

  /* What is under a point: its value is written on the viewport, and the glass lies over it where that is the tool. */
  point(pane, point, byKeys = false) {
    const { columns, rows } = this.image;
    const inside = point && point.x >= 0 && point.y >= 0 && point.x < columns && point.y < rows;
    pane.cross = byKeys && inside ? point : null;
    pane.value = inside ? point : null;
    this.#later(pane);
    return inside ? this.valueText(point) : "";
  }

  valueText({ x, y }) {
    const [column, row] = [Math.floor(x), Math.floor(y)];
    if (!this.grey) return "";
    const value = Number(inUnits(this.grey, this.grey.values[row * this.image.columns + column]).toFixed(1));
    return filled(this.phrases.value, { value, unit: this.grey.unit, column, row }).replace(/\s+/g, " ");
  }

  /* The window, the size and the turns of a viewport, in words. */
  words({ view, stage }) {
    const { phrases } = this;
    const percent = Math.round(100 * scaleOf(view, stage.box, this.image));
    const parts = [filled(phrases.zoom, { percent })];
    if (view.preset !== undefined) {
      const { level, width } = levelOf(this.grey, view);
      parts.unshift(filled(phrases.window, { level: rounded(level), width: rounded(width) }));
    }
    if (view.inverted) parts.push(phrases.inverted);
    if (view.flipped) parts.push(phrases.flipped);
    if (view.turns) parts.push(filled(phrases.rotated, { degrees: 90 * view.turns }));
    return parts.join(" · ");
  }

  #later(pane) {
    if (!this.waiting.size) requestAnimationFrame(() => this.#drawWaiting());
    this.waiting.add(pane);
  }

  #drawWaiting() {
    const panes = [...this.waiting];
    this.waiting.clear();
    panes.forEach((pane) => this.#draw(pane));
  }

  #draw(pane) {
    const { stage, view } = pane;
    if (!stage.box.width) return;
    pane.marks.canvas.hidden = !this.ruler && !pane.cross;
    this.#paint(pane);
    stage.move(matrixOf(view, stage.box, this.image));
    pane.magnifier.show(this.tool === "magnifier" ? pane.value : null);
    this.#write(pane);
  }

  #paint({ grey, view }) {
    if (!this.grey) return;
    const picture = windowed(this.grey, view);
    if (grey.picture === picture) return;
    grey.picture = picture;
    /* Setting the size of a canvas empties it: only once. */
    if (grey.hidden) Object.assign(grey, { width: picture.width, height: picture.height, hidden: false });
    grey.getContext("2d").putImageData(picture, 0, 0);
  }

  #write(pane) {
    const { figure, view, stage } = pane;
    const show = (name, text) => {
      const place = figure.querySelector(`[data-${name}]`);
      if (!place) return;
      place.textContent = text;
      place.hidden = !text;
    };
    const words = this.words(pane);
    show("view", words);
    show("view-words", words);
    show("value", pane.value ? this.valueText(pane.value) : "");
    if (this.image.edges) {
      for (const [edge, letter] of Object.entries(edgesOn(view, this.image.edges))) show(`edge-${edge}`, letter);
    }
    if (!this.image.mm) return;
    const bar = scaleBar(this.image, scaleOf(view, stage.box, this.image), stage.box.width);
    show("scale-text", filled(this.phrases.mm, { length: bar.mm }));
    figure.querySelector("[data-scale]").hidden = false;
    figure.querySelector("[data-scale-bar]").style.setProperty("width", `${bar.width}px`);
  }
}
