/* The result page: overlays on and off (heatmap, region, lesion), focused or unfocused heatmap, opacity, compare and single layout.
   How the image itself is shown is the viewer's. */
import { onKey } from "./keys.js";
import { remember, remembered } from "./settings.js";
import { rovingToolbar } from "./toolbar.js";
import { SlicePage } from "./slice_page.js";
import { StackViewer } from "./viewer/stack.js";
import { startViewer } from "./viewer/start.js";
import { focusDock, showDock } from "./verdict.js";
import { Viewport } from "./viewport.js";

const comparison = document.querySelector("[data-comparison]");
if (comparison) start();

function start() {
  const toolbar = document.querySelector("[data-toolbar]");
  const slider = toolbar.querySelector("#opacity");
  const columns = [...comparison.querySelectorAll("[data-model]")];
  const viewer = startViewer(comparison, toolbar);
  const viewports = viewer.panes.map((pane) => new Viewport(pane.stage));
  /* A task without a region has one heatmap, which is not focused on anything. */
  const heatmaps = [...toolbar.querySelectorAll("[data-heatmap]")].map((button) => button.dataset.heatmap);
  const state = { heatmap: heatmaps[0] ?? "none", region: true, lesion: true, overlays: true, layout: "compare", model: 0 };
  const opacity = () => Number(slider?.value ?? 100) / 100;

  const press = (selector, on) =>
    toolbar.querySelectorAll(selector).forEach((button) => button.setAttribute("aria-pressed", on(button)));
  const draw = () => {
    press("[data-heatmap]", (button) => button.dataset.heatmap === state.heatmap);
    press("[data-layout]", (button) => button.dataset.layout === state.layout);
    press("[data-region-toggle]", () => state.region);
    press("[data-lesion-toggle]", () => state.lesion);
    press("[data-overlays-toggle]", () => state.overlays);
    comparison.dataset.layout = state.layout;
    columns.forEach((column, i) => (column.dataset.active = i === state.model));
    if (state.layout === "single") viewer.activateIn(columns[state.model]);
    showDock(columns[state.model].dataset.model);
    viewports.forEach((viewport) => viewport.show({ ...state, opacity: opacity() }));
  };
  const set = (changes) => {
    Object.assign(state, changes);
    draw();
  };
  const setOpacity = (percent) => {
    if (!slider) return;
    slider.value = percent;
    remember("opacity", Number(slider.value));
    draw();
  };
  const nextHeatmap = () =>
    set({ heatmap: heatmaps[(heatmaps.indexOf(state.heatmap) + 1) % heatmaps.length] ?? "none", overlays: true });
  const nextModel = (step) => set({ model: (state.model + step + columns.length) % columns.length });

  slider?.addEventListener("input", () => setOpacity(slider.value));
  toolbar.querySelectorAll("[data-heatmap]").forEach((button) =>
    button.addEventListener("click", () => set({ heatmap: button.dataset.heatmap, overlays: true })),
  );
  toolbar.querySelectorAll("[data-layout]").forEach((button) =>
    button.addEventListener("click", () => set({ layout: button.dataset.layout })),
  );
  toolbar.querySelector("[data-region-toggle]")?.addEventListener("click", () => set({ region: !state.region }));
  toolbar.querySelector("[data-lesion-toggle]")?.addEventListener("click", () => set({ lesion: !state.lesion }));
  toolbar.querySelector("[data-overlays-toggle]").addEventListener("click", () => set({ overlays: !state.overlays }));
  columns.forEach((column, i) => {
    const button = column.querySelector("[data-expand]");
    button.hidden = false;
    button.addEventListener("click", () => set({ layout: state.layout === "single" ? "compare" : "single", model: i }));
    column.addEventListener("click", (event) => {
      if (!event.target.closest("[data-judge]")) return;
      event.preventDefault();
      set({ model: i });
      focusDock();
    });
  });

  onKey("o", () => set({ overlays: !state.overlays }));
  onKey("h", nextHeatmap);
  onKey("g", () => set({ region: !state.region }));
  onKey("e", () => set({ lesion: !state.lesion }));
  onKey("[", () => setOpacity(Number(slider?.value) - 5));
  onKey("]", () => setOpacity(Number(slider?.value) + 5));
  onKey("c", () => set({ layout: "compare" }));
  onKey("s", () => set({ layout: "single" }));
  onKey("m", () => nextModel(1));
  onKey("Shift m", () => nextModel(-1));

  const bar = document.querySelector("[data-stack]");
  if (bar && comparison.dataset.pixels) {
    const page = new SlicePage(comparison, draw);
    const stack = new StackViewer(bar, viewer, comparison.dataset.pixels, (slice) => {
      /* Until the overlays of this slice are known, none lies on it. */
      viewports.forEach((viewport) => viewport.show({ ...state, overlays: false, opacity: opacity() }));
      page.show(slice);
    });
    document.querySelectorAll("[data-to-slice]").forEach((link) =>
      link.addEventListener("click", (event) => {
        const slice = Number(link.dataset.toSlice);
        if (slice < stack.slices.first || slice > stack.slices.last) return;
        event.preventDefault();
        stack.slices.go(slice);
      }),
    );
  }

  /* After a verdict the page comes back to the model that was judged. */
  state.model = Math.max(0, columns.findIndex((column) => `#model-${column.dataset.model}` === location.hash));
  if (slider) slider.value = remembered("opacity", 70);
  rovingToolbar(toolbar);
  toolbar.hidden = false;
  draw();
}
