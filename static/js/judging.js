/* The page of a verdict: the image in the viewer, what the model and readers marked, and a drawing of the right outline. */
import { startDrawing } from "./drawing/start.js";
import { signWith } from "./drawing/signing.js";
import { onKey } from "./keys.js";
import { remember, remembered } from "./settings.js";
import { startSingleView } from "./single_view.js";
import { rovingToolbar } from "./toolbar.js";
import { Viewport } from "./viewport.js";

const view = startSingleView();
if (view) start(view);

function start({ viewer, pane, toolbar }) {
  const viewport = new Viewport(pane.stage);
  const slider = toolbar.querySelector("#opacity");
  const toggles = [...toolbar.querySelectorAll("[data-layer]")];
  const heatmap = ["focused", "unfocused"].find((key) => pane.figure.dataset[key]);
  /* The image comes first: a heatmap covers it. */
  const state = { heat: false, region: true, lesion: true, corrected: true, overlays: true };

  const draw = () => {
    for (const button of toggles) button.setAttribute("aria-pressed", state[button.dataset.layer]);
    viewport.show({ ...state, heatmap: state.heat ? heatmap : "none", opacity: Number(slider?.value ?? 100) / 100 });
  };
  const toggle = (name) => {
    state[name] = !state[name];
    draw();
  };
  for (const button of toggles) {
    button.addEventListener("click", () => toggle(button.dataset.layer));
    onKey(button.dataset.layerKey, () => toggle(button.dataset.layer));
  }
  const setOpacity = (percent) => {
    if (!slider) return;
    slider.value = percent;
    remember("opacity", Number(slider.value));
    draw();
  };
  if (slider) slider.value = remembered("opacity", 70);
  slider?.addEventListener("input", () => setOpacity(slider.value));
  onKey("[", () => setOpacity(Number(slider?.value) - 5));
  onKey("]", () => setOpacity(Number(slider?.value) + 5));

  draw();

  const tools = document.querySelector("[data-drawing]");
  if (!tools) return;
  const drawing = startDrawing(viewer, pane, tools, document.querySelector("[data-viewer-says]"));
  rovingToolbar(tools.querySelector("[role=toolbar]"));
  signWith(document.querySelector("form[data-verdict]"), drawing, JSON.parse(tools.dataset.phrases));
}
