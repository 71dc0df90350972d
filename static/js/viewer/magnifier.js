/* A round glass over the viewport: all layers as they are shown, three times as large. */
const MOST = 168;
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
    const { width, height } = this.stage.box;
    const size = Math.min(MOST, 0.7 * width, 0.7 * height);
    const at = this.stage.matrix.transformPoint(new DOMPoint(point.x, point.y));
    const place = { left: at.x - size / 2, top: at.y - size / 2, width: size, height: size };
    for (const [name, length] of Object.entries(place)) this.canvas.style.setProperty(name, `${length}px`);
    this.canvas.width = this.canvas.height = Math.round(size * devicePixelRatio);
    const context = this.canvas.getContext("2d");
    context.scale(devicePixelRatio, devicePixelRatio);
    context.fillRect(0, 0, size, size);
    const enlarged = new DOMMatrix()
      .translate(size / 2, size / 2)
      .scale(TIMES)
      .translate(-at.x, -at.y)
      .multiply(this.stage.matrix);
    this.stage.drawOn(context, enlarged);
  }
}
