/* A mask over the image: its outline in its own colour with a black edge, and a tint inside where it is wanted. */
import { loaded } from "./pictures.js";

const LINE = 1.5;
const EDGE = 2; // black, on both sides of the line together
const TINT = 0.6;

/* The border between inside and outside, along the edges of pixels: exact at every zoom. */
export function borderOf({ grey, width, height }) {
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
  /* `kind` names the layers' class and, without an `address`, the mask in the figure's data; `colour` is a token of tokens.css. */
  constructor(stage, kind, colour, { tinted = false, line = LINE, address = null } = {}) {
    Object.assign(this, { figure: stage.figure, kind, fixed: address, width: line });
    this.colour = getComputedStyle(document.documentElement).getPropertyValue(colour);
    this.tint = tinted ? stage.gridLayer(`${kind}-tint`) : null;
    this.line = stage.lineLayer(kind, (context, matrix) => this.#drawLine(context, matrix));
  }

  /* Another slice has another mask. */
  get address() {
    return this.fixed ?? this.figure.dataset[this.kind];
  }

  /* Show or hide it; `opacity`, 0 to 1, is that of the tint: the outline stays. Where the figure names no mask, there is none. */
  async show(wanted, opacity) {
    const { address } = this;
    const shown = wanted && Boolean(address);
    this.line.canvas.hidden = !shown;
    this.tint?.style.setProperty("opacity", opacity);
    if (this.tint) this.tint.hidden = !shown;
    if (!shown) return;
    const mask = await loaded(address);
    if (address !== this.address) return;
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
    for (const [colour, thickness] of [["#000", this.width + EDGE], [this.colour, this.width]]) {
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
