/* A mask over the image: its outline in its own colour with a black edge, and a tint inside where it is wanted. */
import { loaded } from "./pictures.js";

const WIDTHS = { edge: 3.5, line: 1.5 };
const TINT = 0.6;

/* The border between inside and outside, along the edges of pixels: exact at every zoom. */
function borderOf({ grey, width, height }) {
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

export class Outline {
  /* `kind` names the mask in the figure's data and the layers' class; `colour` is a token of tokens.css. */
  constructor(stage, kind, colour, tinted = false) {
    this.figure = stage.figure;
    this.kind = kind;
    this.colour = getComputedStyle(document.documentElement).getPropertyValue(colour);
    this.tint = tinted ? stage.gridLayer(`${kind}-tint`) : null;
    this.line = stage.lineLayer(kind, (context, matrix) => this.#drawLine(context, matrix));
  }

  /* Show or hide it; `opacity`, 0 to 1, is that of the tint: the outline stays. Where the figure names no mask, there is none. */
  async show(wanted, opacity) {
    const address = this.figure.dataset[this.kind];
    const shown = wanted && Boolean(address);
    this.line.canvas.hidden = !shown;
    this.tint?.style.setProperty("opacity", opacity);
    if (this.tint) this.tint.hidden = !shown;
    if (!shown) return;
    const mask = await loaded(address);
    if (address !== this.figure.dataset[this.kind]) return;
    this.#drawTint(mask);
    this.mask = mask;
    this.mask.border ??= borderOf(this.mask);
    this.line.redraw();
  }

  #drawLine(context, matrix) {
    if (!this.mask) return;
    const path = new Path2D();
    path.addPath(this.mask.border, matrix);
    context.lineCap = "square";
    for (const [colour, thickness] of [["#000", WIDTHS.edge], [this.colour, WIDTHS.line]]) {
      context.strokeStyle = colour;
      context.lineWidth = thickness;
      context.stroke(path);
    }
  }

  #drawTint(mask) {
    if (!this.tint || this.drawn === mask) return;
    this.drawn = mask;
    const { grey, width, height } = mask;
    Object.assign(this.tint, { width, height });
    const context = this.tint.getContext("2d");
    const picture = new ImageData(width, height);
    for (let i = 0; i < grey.length; i++) picture.data[4 * i + 3] = grey[i] * TINT;
    context.putImageData(picture, 0, 0);
    context.globalCompositeOperation = "source-in";
    context.fillStyle = this.colour;
    context.fillRect(0, 0, width, height);
  }
}
