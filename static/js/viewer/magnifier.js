/* A round glass over the viewport: all layers as they are shown, three times as large. */
const SIZE = 168;
const TIMES = 3;

export class Magnifier {
  constructor(stage) {
    this.stage = stage;
    this.canvas = document.createElement("canvas");
    this.canvas.className = "viewport__magnifier";
    this.canvas.hidden = true;
    this.canvas.setAttribute("aria-hidden", "true");
    stage.figure.append(this.canvas);
  }

  /* Over a point of the image, in its pixels; null takes the glass away. */
  show(point) {
    this.canvas.hidden = !point;
    if (!point) return;
    const at = this.stage.matrix.transformPoint(new DOMPoint(point.x, point.y));
    this.canvas.style.setProperty("left", `${at.x - SIZE / 2}px`);
    this.canvas.style.setProperty("top", `${at.y - SIZE / 2}px`);
    this.canvas.width = this.canvas.height = SIZE * devicePixelRatio;
    const context = this.canvas.getContext("2d");
    context.scale(devicePixelRatio, devicePixelRatio);
    context.fillRect(0, 0, SIZE, SIZE);
    const enlarged = new DOMMatrix()
      .translate(SIZE / 2, SIZE / 2)
      .scale(TIMES)
      .translate(-at.x, -at.y)
      .multiply(this.stage.matrix);
    this.stage.drawOn(context, enlarged);
  }
}
