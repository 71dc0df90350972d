/* One viewport: draws the region outline and the heatmap over the image that the server sent.
   Masks and heatmaps come as grey PNG on the image's own grid; colour is added here. */
import { INFERNO } from "./inferno.js";

/* The heatmap is transparent at 0 and opaque from half of its maximum on, so that the image stays visible. */
const opacityOf = (value) => Math.min(1, value / 127);

const OUTLINE = [
  ["#000", 3.5],
  ["#8ee9f5", 1.5],
];

async function greyOf(address) {
  const image = new Image();
  image.src = address;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), {
    width: image.naturalWidth,
    height: image.naturalHeight,
  });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
  const grey = new Uint8ClampedArray(width * height);
  for (let i = 0; i < grey.length; i++) grey[i] = data[4 * i];
  return { grey, width, height };
}

const cache = new Map();
function loaded(address) {
  if (!cache.has(address)) cache.set(address, greyOf(address));
  return cache.get(address);
}

function colours(grey, width, height) {
  const picture = new ImageData(width, height);
  for (let i = 0; i < grey.length; i++) {
    const value = grey[i];
    picture.data.set(INFERNO.subarray(3 * value, 3 * value + 3), 4 * i);
    picture.data[4 * i + 3] = 255 * opacityOf(value);
  }
  return picture;
}

/* The border between inside and outside, along the edges of pixels: exact at every zoom. */
function outlineOf({ grey, width, height }) {
  const path = new Path2D();
  const inside = (x, y) => x >= 0 && y >= 0 && x < width && y < height && grey[y * width + x] > 127;
  const line = (x1, y1, x2, y2) => {
    path.moveTo(x1, y1);
    path.lineTo(x2, y2);
  };
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!inside(x, y)) continue;
      if (!inside(x, y - 1)) line(x, y, x + 1, y);
      if (!inside(x, y + 1)) line(x, y + 1, x + 1, y + 1);
      if (!inside(x - 1, y)) line(x, y, x, y + 1);
      if (!inside(x + 1, y)) line(x + 1, y, x + 1, y + 1);
    }
  }
  return path;
}

export class Viewport {
  constructor(figure) {
    this.figure = figure;
    this.only = figure.dataset.only ?? "";
    this.shown = null;
    this.heat = this.#layer("viewport__layer viewport__heatmap");
    this.outline = this.#layer("viewport__layer");
    this.colourBar = figure.querySelector("[data-colour-bar]");
    this.words = figure.querySelector("[data-shown]");
    this.#drawColourBar();
    new ResizeObserver(() => this.#drawOutline()).observe(figure);
  }

  /* What to show: {heatmap: "focused" | "unfocused" | "none", region: bool, overlays: bool, opacity: 0 to 1}. */
  async show(wanted) {
    this.shown = wanted;
    const heatmap = this.only || wanted.heatmap;
    const address = wanted.overlays ? this.figure.dataset[heatmap] : undefined;
    this.heat.style.setProperty("opacity", wanted.opacity);
    this.heat.hidden = this.colourBar.hidden = this.words.hidden = !address;
    this.outline.hidden = !(wanted.overlays && wanted.region && this.figure.dataset.region);
    try {
      if (address) await this.#drawHeat(address, heatmap);
      if (!this.outline.hidden) await this.#drawOutline();
    } catch {
      this.figure.querySelector("[data-overlay-error]").hidden = false;
    }
  }

  async #drawHeat(address, heatmap) {
    const { grey, width, height } = await loaded(address);
    this.heat.width = width;
    this.heat.height = height;
    this.heat.getContext("2d").putImageData(colours(grey, width, height), 0, 0);
    const { [`${heatmap}Text`]: text, [`${heatmap}Title`]: title } = this.figure.dataset;
    this.words.textContent = text;
    this.words.title = title;
  }

  async #drawOutline() {
    if (this.outline.hidden || !this.figure.dataset.region) return;
    const mask = await loaded(this.figure.dataset.region);
    mask.path ??= outlineOf(mask);
    const { width, height } = this.figure.getBoundingClientRect();
    const pixels = Math.min(width / mask.width, height / mask.height) * window.devicePixelRatio;
    this.outline.width = Math.round(mask.width * pixels);
    this.outline.height = Math.round(mask.height * pixels);
    const context = this.outline.getContext("2d");
    context.lineCap = "square";
    context.scale(pixels, pixels);
    for (const [colour, thickness] of OUTLINE) {
      context.strokeStyle = colour;
      context.lineWidth = (thickness * window.devicePixelRatio) / pixels;
      context.stroke(mask.path);
    }
  }

  #drawColourBar() {
    const canvas = this.colourBar.querySelector("canvas");
    const { width, height } = canvas;
    const grey = Uint8ClampedArray.from({ length: width * height }, (_, i) => ((i % width) / (width - 1)) * 255);
    canvas.getContext("2d").putImageData(colours(grey, width, height), 0, 0);
  }

  #layer(names) {
    const canvas = document.createElement("canvas");
    canvas.className = names;
    canvas.hidden = true;
    canvas.setAttribute("aria-hidden", "true");
    this.figure.querySelector("img").after(canvas);
    return canvas;
  }
}
