/* Lengths on the image: in millimetres where the file tells its spacing, else in pixels of the image. */
export function lengthOf(image, from, to) {
  const [across, down] = [to.x - from.x, to.y - from.y];
  return image.mm ? Math.hypot(across * image.mm.column, down * image.mm.row) : Math.hypot(across, down);
}

/* The round length, in mm, whose bar takes at most a quarter of the viewport: {mm, width in CSS pixels}. */
export function scaleBar(image, scale, width) {
  const perMm = scale / image.mm.column;
  const most = width / 4 / perMm;
  const power = 10 ** Math.floor(Math.log10(most));
  const mm = [5, 2, 1].map((step) => step * power).find((length) => length <= most);
  return { mm, width: mm * perMm };
}

const EDGED = [["#000", 4], ["#fff", 1.5]];
const END = 5;

/* The ruler with its ends and its length, and the cross that the keys move; both in CSS pixels through `matrix`. */
export function drawMarks(context, matrix, { ruler, cross }, text) {
  const path = new Path2D();
  const place = (point) => matrix.transformPoint(new DOMPoint(point.x, point.y));
  const line = (x1, y1, x2, y2) => {
    path.moveTo(x1, y1);
    path.lineTo(x2, y2);
  };
  if (cross) {
    const { x, y } = place({ x: Math.floor(cross.x) + 0.5, y: Math.floor(cross.y) + 0.5 });
    line(x - 3 * END, y, x - END, y);
    line(x + END, y, x + 3 * END, y);
    line(x, y - 3 * END, x, y - END);
    line(x, y + END, x, y + 3 * END);
  }
  if (ruler) {
    const [from, to] = [place(ruler.from), place(ruler.to)];
    const long = Math.hypot(to.x - from.x, to.y - from.y) || 1;
    const [across, down] = [(-(to.y - from.y) / long) * END, ((to.x - from.x) / long) * END];
    line(from.x, from.y, to.x, to.y);
    for (const end of [from, to]) line(end.x - across, end.y - down, end.x + across, end.y + down);
  }
  for (const [colour, thickness] of EDGED) {
    context.strokeStyle = colour;
    context.lineWidth = thickness;
    context.stroke(path);
  }
  if (ruler) label(context, place(ruler.to), text);
}

function label(context, { x, y }, text) {
  context.font = "600 12px system-ui, sans-serif";
  const { width } = context.measureText(text);
  const left = x + 10 + width > context.canvas.width / devicePixelRatio ? x - width - 14 : x + 6;
  context.fillStyle = "rgb(0 0 0 / .72)";
  context.fillRect(left, y - 9, width + 8, 18);
  context.fillStyle = "#fff";
  context.textBaseline = "middle";
  context.fillText(text, left + 4, y);
}
