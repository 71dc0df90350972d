/* The door to the viewer: stages for all viewports of the page, and hands and keys on them. */
import { control } from "./controls.js";
import { listen } from "./gestures.js";
import { Stage } from "./stage.js";
import { Viewer } from "./viewer.js";

function imageOf({ rows, columns, mmRow, mmColumn, edges }) {
  const mm = mmRow ? { row: Number(mmRow), column: Number(mmColumn) } : null;
  const [left, right, top, bottom] = edges?.split(" ") ?? [];
  return {
    rows: Number(rows),
    columns: Number(columns),
    mm,
    tall: mm ? mm.row / mm.column : 1,
    edges: edges ? { left, right, top, bottom } : null,
  };
}

/* The viewer of a comparison. The previews are there at once; the stored grey values follow. */
export function startViewer(comparison, toolbar) {
  const image = imageOf(comparison.dataset);
  const phrases = JSON.parse(comparison.dataset.phrases);
  const figures = [...comparison.querySelectorAll("[data-viewport]")];
  const says = comparison.parentElement.querySelector("[data-viewer-says]");
  const say = (text) => (says.textContent = text);
  const viewer = new Viewer(figures.map((figure) => new Stage(figure, image)), image, phrases);
  viewer.panes.forEach((pane) => listen(viewer, pane, say));
  control(viewer, toolbar);
  viewer.activate(viewer.active);
  viewer.choose("window");
  if (comparison.dataset.pixels) {
    viewer.load(comparison.dataset.pixels).catch(() => viewer.fail());
  }
  return viewer;
}
