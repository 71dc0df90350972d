/* The agreement map over the image: how many models mark each pixel. The server colours it; the legend writes the counts. */
export class Votes {
  constructor(stage) {
    const { figure } = stage;
    this.figure = figure;
    this.layer = stage.gridLayer("votes");
  }

  get legend() {
    return this.figure.querySelector("[data-votes-legend]");
  }

  /* `wanted` as for a model's viewport (viewport.js): {overlays: bool, opacity: 0 to 1}. */
  async show({ overlays, opacity }) {
    this.layer.style.setProperty("opacity", opacity);
    this.layer.hidden = this.legend.hidden = !overlays;
    const address = this.figure.dataset.votes;
    if (!overlays || this.drawn === address) return;
    this.drawn = address;
    try {
      await this.#draw(address);
    } catch {
      this.figure.querySelector("[data-overlay-error]").hidden = false;
    }
  }

  async #draw(address) {
    const picture = new Image();
    picture.src = address;
    await picture.decode();
    if (address !== this.figure.dataset.votes) return;
    Object.assign(this.layer, { width: picture.naturalWidth, height: picture.naturalHeight });
    this.layer.getContext("2d").drawImage(picture, 0, 0);
  }
}
