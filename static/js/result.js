/* The result page: overlays on and off (heatmap, region, lesion, agreement map), focused or unfocused heatmap, opacity; all
   models, one model or the agreement map large.
   How the image itself is shown is the viewer's. */
import { onKey } from "./keys.js";
import { remember, remembered } from "./settings.js";
import { rovingToolbar } from "./toolbar.js";
import { SlicePage } from "./slice_page.js";
import { StackViewer } from "./viewer/stack.js";
import { startViewer } from "./viewer/start.js";
import { focusDock, showDock } from "./verdict.js";
import { Viewport } from "./viewport.js";
import { Votes } from "./votes.js";

const comparison = document.querySelector("[data-comparison]");
if (comparison) start();

function start() {
  const toolbar = document.querySelector("[data-toolbar]");
  const slider = toolbar.querySelector("#opacity");
  const columns = [...comparison.querySelectorAll("[data-model]")];
  const maps = [...comparison.querySelectorAll("[data-agreement]")];
  const viewer = startViewer(comparison, toolbar);
  const viewports = viewer.panes.map(({ stage }) => (stage.figure.dataset.votes ? new Votes(stage) : new Viewport(stage)));
  /* A task without a region has one heatmap, which is not focused on anything. */
  const heatmaps = [...toolbar.querySelectorAll("[data-heatmap]")].map((button) => button.dataset.heatmap);
  const state = { heatmap: heatmaps[0] ?? "none", region: true, lesion: true, corrected: true, overlays: true, layout: "compare", model: 0, map: 0 };
  const opacity = () => Number(slider?.value ?? 100) / 100;

  const press = (selector, on) =>
    toolbar.querySelectorAll(selector).forEach((button) => button.setAttribute("aria-pressed", on(button)));
  const draw = () => {
    press("[data-heatmap]", (button) => button.dataset.heatmap === state.heatmap);
    press("[data-layout]", (button) => button.dataset.layout === state.layout);
    press("[data-region-toggle]", () => state.region);
    press("[data-lesion-toggle]", () => state.lesion);
    press("[data-corrected-toggle]", () => state.corrected);
    press("[data-overlays-toggle]", () => state.overlays);
    const large = { single: columns[state.model], agreement: maps[state.map] }[state.layout];
    comparison.dataset.layout = large ? "single" : "compare";
    columns.forEach((column) => (column.dataset.active = column === (large ?? columns[state.model])));
    maps.forEach((map) => (map.dataset.active = map === large));
    if (large) viewer.activateIn(large);
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
  /* The map stands before the first model. */
  const nextModel = (step) => {
    if (state.layout !== "agreement") return set({ model: (state.model + step + columns.length) % columns.length });
    return set({ layout: "single", model: step > 0 ? 0 : columns.length - 1 });
  };
  const nextMap = () => {
    if (!maps.length) return false;
    if (state.layout !== "agreement") return set({ layout: "agreement", map: 0, overlays: true });
    return state.map + 1 < maps.length ? set({ map: state.map + 1 }) : set({ layout: "compare" });
  };

  slider?.addEventListener("input", () => setOpacity(slider.value));
  toolbar.querySelectorAll("[data-heatmap]").forEach((button) =>
    button.addEventListener("click", () => set({ heatmap: button.dataset.heatmap, overlays: true })),
  );
  toolbar.querySelectorAll("[data-layout]").forEach((button) =>
    button.addEventListener("click", () => (button.dataset.layout === "agreement" ? nextMap() : set({ layout: button.dataset.layout }))),
  );
  toolbar.querySelector("[data-region-toggle]")?.addEventListener("click", () => set({ region: !state.region }));
  toolbar.querySelector("[data-lesion-toggle]")?.addEventListener("click", () => set({ lesion: !state.lesion }));
  toolbar.querySelector("[data-corrected-toggle]")?.addEventListener("click", () => set({ corrected: !state.corrected }));
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

  maps.forEach((map, i) => {
    const button = map.querySelector("[data-expand]");
    button.hidden = false;
    button.addEventListener("click", () => set({ layout: state.layout === "compare" ? "agreement" : "compare", map: i, overlays: true }));
  });

  onKey("o", () => set({ overlays: !state.overlays }));
  onKey("h", nextHeatmap);
  onKey("g", () => set({ region: !state.region }));
  onKey("e", () => set({ lesion: !state.lesion }));
  onKey("Shift g", () => set({ corrected: !state.corrected }));
  onKey("[", () => setOpacity(Number(slider?.value) - 5));
  onKey("]", () => setOpacity(Number(slider?.value) + 5));
  onKey("c", () => set({ layout: "compare" }));
  onKey("s", () => set({ layout: "single" }));
  onKey("v", nextMap);
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

  /* A button of which a corner is seen already has the focus without being scrolled to. */
  comparison.addEventListener("focusin", ({ target }) => {
    if (target.matches("a, button")) target.scrollIntoView({ block: "nearest", inline: "nearest" });
  });

  /* After a verdict the page comes back to the model that was judged. */
  state.model = Math.max(0, columns.findIndex((column) => `#model-${column.dataset.model}` === location.hash));
  if (slider) slider.value = remembered("opacity", 70);
  rovingToolbar(toolbar);
  toolbar.hidden = false;
  draw();
}
