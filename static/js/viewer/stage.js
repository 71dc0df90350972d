/* The layers of one viewport. Those on the image's own grid (grey values, heatmap, tint) lie on a stage that is moved as
   one; lines are drawn over it on the screen's grid through the same matrix. So nothing can move apart. */
export class Stage {
  constructor(figure, image) {
    this.figure = figure;
    this.image = image;
    this.element = document.createElement("div");
    this.element.className = "viewport__stage";
    this.element.style.setProperty("width", `${image.columns}px`);
    this.element.style.setProperty("height", `${image.rows}px`);
    const picture = figure.querySelector("img");
    picture.before(this.element);
    this.element.append(picture);
    this.matrix = new DOMMatrix();
    this.lines = [];
  }

  /* The size of the viewport in CSS pixels; nothing while it is not shown. */
  get box() {
    return { width: this.figure.clientWidth, height: this.figure.clientHeight };
  }

  /* A canvas on the grid of the image, above those that are there already; hidden at first. */
  gridLayer(name) {
    return this.#layer(name, this.element);
  }

  /* A canvas on the grid of the screen, above the stage. `draw(context, matrix)` draws in CSS pixels, whenever the view has
     changed and the layer is shown. */
  lineLayer(name, draw) {
    const canvas = this.#layer(name, null);
    (this.lines.at(-1)?.canvas ?? this.element).after(canvas);
    const line = { canvas, draw };
    this.lines.push(line);
    return { canvas, redraw: () => this.#drawLine(line) };
  }

  move(matrix) {
    this.matrix = matrix;
    this.element.style.setProperty("transform", matrix.toString());
    const { a, b } = matrix;
    this.element.classList.toggle("viewport__stage--enlarged", Math.hypot(a, b) * devicePixelRatio >= 1);
    this.lines.forEach((line) => this.#drawLine(line));
  }

  /* Everything that is shown, drawn once more by `matrix` in `context`: what the magnifier needs. */
  drawOn(context, matrix) {
    context.save();
    context.transform(matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f);
    context.imageSmoothingEnabled = false;
    for (const layer of this.element.children) {
      if (layer.hidden) continue;
      context.globalAlpha = Number(getComputedStyle(layer).opacity);
      context.drawImage(layer, 0, 0, this.image.columns, this.image.rows);
    }
    context.restore();
    for (const { canvas, draw } of this.lines) if (!canvas.hidden) draw(context, matrix);
  }

  #layer(name, parent) {
    const canvas = document.createElement("canvas");
    canvas.className = `viewport__layer viewport__${name}`;
    canvas.hidden = true;
    canvas.setAttribute("aria-hidden", "true");
    parent?.append(canvas);
    return canvas;
  }

  #drawLine({ canvas, draw }) {
    const { width, height } = this.box;
    if (canvas.hidden || !width) return;
    canvas.width = Math.round(width * devicePixelRatio);
    canvas.height = Math.round(height * devicePixelRatio);
    const context = canvas.getContext("2d");
    context.scale(devicePixelRatio, devicePixelRatio);
    draw(context, this.matrix);
  }
}
