/* A stack without any answer of the models: the second reader goes through its previews. */
import { ofSlice, Slices } from "./slices.js";

const AHEAD = 4;
const place = document.querySelector("[data-stack-images]");
const picture = place.querySelector("img");
const fetched = new Map();

const slices = new Slices(place.querySelector("[data-stack]"), (slice) => {
  picture.src = of(slice).src;
  slices.around(slice, AHEAD).forEach(of);
});
place.querySelector("figure").addEventListener(
  "wheel",
  (event) => {
    if (event.ctrlKey) return;
    event.preventDefault();
    slices.turn(event.deltaY * (event.deltaMode ? 20 : 1));
  },
  { passive: false },
);
slices.around(slices.slice, AHEAD).forEach(of);

/* The picture of a slice; while it is kept the browser asks for it only once. */
function of(slice) {
  if (!fetched.has(slice)) fetched.set(slice, Object.assign(new Image(), { src: ofSlice(place.dataset.stackImages, slice) }));
  return fetched.get(slice);
}
