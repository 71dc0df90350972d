/* The agreement map over the image: how many models mark each pixel. The server colours it; the legend writes the counts. */
export class Votes {
  constructor(stage) {
    const { figure } = stage;
    this.figure = figure;
    this.layer = stage.gridLayer("votes");
    this.legend = figure.querySelector("[data-votes-legend]");
  }

  /* `wanted` as for a model's viewport (viewport.js): {overlays: bool, opacity: 0 to 1}. */
  async show({ overlays, opacity }) {
    this.layer.style.setProperty("opacity", opacity);
    this.layer.hidden = this.legend.hidden = !overlays;
    if (!overlays || this.drawn) return;
    this.drawn = true;
    try {
      await this.#draw(this.figure.dataset.votes);
    } catch {
      this.figure.querySelector("[data-overlay-error]").hidden = false;
    }
  }

  async #draw(address) {
    const picture = new Image();
    picture.src = address;
    await picture.decode();
    Object.assign(this.layer, { width: picture.naturalWidth, height: picture.naturalHeight });
    this.layer.getContext("2d").drawImage(picture, 0, 0);
  }
}
