/* The door to the viewer: stages for all viewports of the page, and hands and keys on them. */
import { control } from "./controls.js";
import { listen } from "./gestures.js";
import { Stage } from "./stage.js";
import { Together } from "./together.js";
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

/* The viewer of all viewports in an element whose data describe their image. The previews are there at once; the stored grey
   values follow. */
function viewerOf(element, say) {
  const image = imageOf(element.dataset);
  const phrases = JSON.parse(element.dataset.phrases);
  const figures = [...element.querySelectorAll("[data-viewport]")];
  const viewer = new Viewer(figures.map((figure) => new Stage(figure, image)), image, phrases);
  viewer.panes.forEach((pane) => listen(viewer, pane, say));
  if (element.dataset.pixels) {
    viewer.load(element.dataset.pixels).catch(() => viewer.fail());
  }
  return viewer;
}

/* What the toolbar controls: one image in all viewports of a comparison, or one image a study. */
export function startViewer(comparison, toolbar) {
  const says = comparison.parentElement.querySelector("[data-viewer-says]");
  const say = (text) => (says.textContent = text);
  const studies = [...comparison.querySelectorAll("[data-model][data-phrases]")];
  const viewer = studies.length ? new Together(studies.map((study) => viewerOf(study, say))) : viewerOf(comparison, say);
  control(viewer, toolbar);
  viewer.activate(viewer.active);
  viewer.choose("window");
  return viewer;
}
