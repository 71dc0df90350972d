/* One outline being drawn on one viewport: the mask, its layers, the polygon that is not closed yet. */
import { Layers } from "./layers.js";
import { Mask } from "./mask.js";

export class Drawing {
  constructor(stage) {
    this.image = stage.image;
    this.mask = new Mask(stage.image);
    this.layers = new Layers(stage, this.mask);
    this.size = Math.max(1, Math.round(stage.image.columns / 40));
    this.onChange = () => {};
  }

  get points() {
    return this.layers.points;
  }

  get touched() {
    return this.mask.touched || this.points.length > 0;
  }

  begin() {
    this.#settle();
    this.mask.begin();
  }

  stroke(from, to, value) {
    if (!this.mask.open) this.mask.begin();
    this.layers.paint(this.mask.stroke(from, to, this.size / 2, value));
  }

  end() {
    this.#settle();
    this.#changed();
  }

  cancel() {
    if (this.mask.open) this.mask.cancel();
    this.#changed();
  }

  /* Where the brush would draw; null where it does not stand over the image. */
  hover(point) {
    this.layers.brush = point && { ...point, radius: this.size / 2 };
    this.layers.redraw();
  }

  addPoint(point) {
    this.points.push(point);
    this.layers.redraw();
    this.onChange();
  }

  dropPoint() {
    this.points.pop();
    this.layers.redraw();
    this.onChange();
  }

  dropPolygon() {
    this.layers.points = [];
    this.layers.redraw();
    this.onChange();
  }

  closePolygon() {
    if (this.points.length < 3) return;
    const points = this.points;
    this.layers.points = [];
    this.#act(() => this.mask.fill(points, 255));
  }

  clear() {
    this.layers.points = [];
    this.#act(() => this.mask.replace(new Uint8Array(this.mask.grey.length)));
  }

  /* Start from a mask as the server keeps it: grey values on the image's own grid. */
  startFrom({ grey, width, height }) {
    if (width !== this.mask.columns || height !== this.mask.rows) throw new Error("This mask is of another image.");
    this.#act(() => this.mask.replace(grey));
  }

  undo() {
    this.#settle();
    if (this.points.length) this.dropPoint();
    else this.mask.undo();
    this.#changed();
  }

  redo() {
    this.#settle();
    this.mask.redo();
    this.#changed();
  }

  discard() {
    this.#settle();
    this.layers.points = [];
    this.mask.discard();
    this.#changed();
  }

  /* As the server takes it: a PNG of black outside and white inside. */
  toBlob() {
    const { columns, rows, grey } = this.mask;
    const picture = new ImageData(columns, rows);
    new Uint32Array(picture.data.buffer).forEach((_, i, pixels) => (pixels[i] = grey[i] ? 0xffffffff : 0xff000000));
    const canvas = Object.assign(document.createElement("canvas"), { width: columns, height: rows });
    canvas.getContext("2d").putImageData(picture, 0, 0);
    return new Promise((resolve, reject) =>
      canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The browser made no picture."))), "image/png"),
    );
  }

  #act(change) {
    this.begin();
    change();
    this.end();
  }

  /* A stroke by keys may still go on when a button is pressed. */
  #settle() {
    if (this.mask.open) this.mask.end();
  }

  #changed() {
    this.layers.paintAll();
    this.onChange();
  }
}
