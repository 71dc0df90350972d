/* One image in the viewer with its toolbar: pages without a comparison. Gives {viewer, pane, toolbar}; null without an image. */
import { rovingToolbar } from "./toolbar.js";
import { startViewer } from "./viewer/start.js";

export function startSingleView() {
  const place = document.querySelector("[data-single-view]");
  if (!place) return null;
  const toolbar = document.querySelector("[data-toolbar]");
  /* Tools of one viewer may stand in several bars. */
  const viewer = startViewer(place, toolbar.parentElement);
  rovingToolbar(toolbar);
  toolbar.hidden = false;
  return { viewer, pane: viewer.panes[0], toolbar };
}
