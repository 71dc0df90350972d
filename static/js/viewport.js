/* The overlays of one viewport: region, lesion, heatmap and what readers drew, over the image. Colour is added here. */
import { INFERNO } from "./inferno.js";
import { Outline } from "./outline.js";
import { loaded } from "./pictures.js";

/* The heatmap is transparent at 0 and opaque from half of its maximum on, so that the image stays visible. */
const opacityOf = (value) => Math.min(1, value / 127);

function colours(grey, width, height) {
  const picture = new ImageData(width, height);
  for (let i = 0; i < grey.length; i++) {
    const value = grey[i];
    picture.data.set(INFERNO.subarray(3 * value, 3 * value + 3), 4 * i);
    picture.data[4 * i + 3] = 255 * opacityOf(value);
  }
  return picture;
}

export class Viewport {
  constructor(stage) {
    const { figure } = stage;
    this.figure = figure;
    this.only = figure.dataset.only ?? "";
    this.stage = stage;
    this.heat = stage.gridLayer("heatmap");
    this.drawn = new Map();
    this.#findOutlines();
    this.colourBar = figure.querySelector("[data-colour-bar]");
    this.words = figure.querySelector("[data-shown]");
    this.#drawColourBar();
  }

  /* A slice may have what the first one had not. What readers drew has a broader line than a model's. */
  #findOutlines() {
    const { dataset } = this.figure;
    if (dataset.lesion) this.lesion ??= new Outline(this.stage, "lesion", "--lesion", { tinted: true });
    if (dataset.region) this.region ??= new Outline(this.stage, "region", "--region-outline");
    this.corrected = JSON.parse(dataset.corrected ?? "[]");
    for (const address of this.corrected) {
      if (this.drawn.has(address)) continue;
      this.drawn.set(address, new Outline(this.stage, "corrected", "--corrected", { line: 2.5, address }));
    }
  }

  get legend() {
    return this.figure.querySelector("[data-legend]");
  }

  /* What to show: {heatmap: "focused" | "unfocused" | "none", region, lesion, corrected, overlays: bool, opacity: 0 to 1}. */
  async show(wanted) {
    const heatmap = this.only || wanted.heatmap;
    const address = wanted.overlays ? this.figure.dataset[heatmap] : undefined;
    this.heat.style.setProperty("opacity", wanted.opacity);
    this.heat.hidden = this.colourBar.hidden = this.words.hidden = !address;
    this.#findOutlines();
    this.#showLegend(wanted);
    try {
      if (address) await this.#drawHeat(address, heatmap);
      await this.region?.show(wanted.overlays && wanted.region, wanted.opacity);
      await this.lesion?.show(wanted.overlays && wanted.lesion, wanted.opacity);
      for (const [address, outline] of this.drawn)
        await outline.show(wanted.overlays && wanted.corrected && this.corrected.includes(address), wanted.opacity);
    } catch {
      this.figure.querySelector("[data-overlay-error]").hidden = false;
    }
  }

  #showLegend(wanted) {
    const entries = [...(this.legend?.querySelectorAll("[data-entry]") ?? [])];
    for (const entry of entries) entry.hidden = !(wanted.overlays && wanted[entry.dataset.entry]);
    if (this.legend) this.legend.hidden = entries.every((entry) => entry.hidden);
  }

  async #drawHeat(address, heatmap) {
    const { grey, width, height } = await loaded(address);
    if (address !== this.figure.dataset[heatmap]) return;
    this.heat.width = width;
    this.heat.height = height;
    this.heat.getContext("2d").putImageData(colours(grey, width, height), 0, 0);
    const { [`${heatmap}Text`]: text, [`${heatmap}Title`]: title } = this.figure.dataset;
    this.words.textContent = text;
    this.words.title = title;
  }

  #drawColourBar() {
    const canvas = this.colourBar.querySelector("canvas");
    const { width, height } = canvas;
    const grey = Uint8ClampedArray.from({ length: width * height }, (_, i) => ((i % width) / (width - 1)) * 255);
    canvas.getContext("2d").putImageData(colours(grey, width, height), 0, 0);
  }
}
