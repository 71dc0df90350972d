/* What is drawn, over the image: a tint inside, an outline, the polygon that is not closed yet, the brush's size. */
import { borderOf } from "../outline.js";

const TINT = 90; // of 255
const LINES = [["#000", 4.5], [null, 2]];

export class Layers {
  constructor(stage, mask) {
    Object.assign(this, { stage, mask, points: [], brush: null });
    this.colour = getComputedStyle(document.documentElement).getPropertyValue("--corrected").trim();
    this.tint = stage.gridLayer("drawing-tint");
    Object.assign(this.tint, { width: mask.columns, height: mask.rows, hidden: false });
    this.line = stage.lineLayer("drawing", (context, matrix) => this.#draw(context, matrix));
    this.line.canvas.hidden = false;
    this.rgb = rgbOf(this.colour);
  }

  /* After a part of the mask has changed; the outline follows when the action has ended. */
  paint({ left, top, right, bottom }) {
    if (right <= left || bottom <= top) return;
    const part = new ImageData(right - left, bottom - top);
    const { grey, columns } = this.mask;
    for (let y = top, i = 0; y < bottom; y++) {
      for (let x = left; x < right; x++, i += 4) {
        if (grey[y * columns + x]) part.data.set([...this.rgb, TINT], i);
      }
    }
    this.tint.getContext("2d").putImageData(part, left, top);
  }

  /* After an action, or its undoing. */
  paintAll() {
    const { columns, rows, grey } = this.mask;
    this.paint({ left: 0, top: 0, right: columns, bottom: rows });
    this.border = borderOf({ grey, width: columns, height: rows });
    this.redraw();
  }

  redraw() {
    this.line.redraw();
  }

  #draw(context, matrix) {
    const path = new Path2D();
    if (this.border) path.addPath(this.border, matrix);
    const places = this.points.map((point) => matrix.transformPoint(new DOMPoint(point.x, point.y)));
    places.forEach(({ x, y }, i) => {
      if (i) path.lineTo(x, y);
      else path.moveTo(x, y);
    });
    for (const { x, y } of places) path.rect(x - 2.5, y - 2.5, 5, 5);
    if (this.brush) path.addPath(this.#ring(), matrix);
    context.lineJoin = "round";
    context.lineCap = "square";
    for (const [colour, thickness] of LINES) {
      context.strokeStyle = colour ?? this.colour;
      context.lineWidth = thickness;
      context.stroke(path);
    }
  }

  #ring() {
    const ring = new Path2D();
    const { x, y, radius } = this.brush;
    ring.ellipse(x, y, radius, radius / this.mask.tall, 0, 0, 2 * Math.PI);
    return ring;
  }
}

function rgbOf(colour) {
  const context = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)];
}
