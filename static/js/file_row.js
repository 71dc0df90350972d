/* One file of an upload: its name, how far it is, and what came of it. */
const icon = (name) => `/static/icons.svg#i-${name}`;

export class FileRow {
  /* `kind`: dicom, zip or image. `onRemove` is called when the reader takes it off the list. */
  constructor(file, kind, phrases) {
    Object.assign(this, { file, kind, phrases, stored: false, tooLarge: false, onRemove: () => {} });
    this.element = document.querySelector("[data-file-row]").content.firstElementChild.cloneNode(true);
    this.#part("name").textContent = file.name;
    this.#part("size").textContent = `${(file.size / 2 ** 20).toFixed(1)} MB`;
    const remove = this.#part("remove");
    remove.setAttribute("aria-label", phrases.remove.replace("{name}", file.name));
    remove.addEventListener("click", () => {
      this.element.remove();
      this.onRemove();
    });
  }

  /* `share`, 0 to 1, of the file has gone. */
  progress(share) {
    const percent = `${Math.round(100 * share)}%`;
    const bar = this.#part("progress");
    /* An SVG has the attribute only. */
    bar.removeAttribute("hidden");
    bar.querySelector(".progress__done").setAttribute("width", percent);
    bar.setAttribute("aria-valuenow", Math.round(100 * share));
    this.#part("remove").hidden = true;
    this.#say(share < 1 ? percent : this.phrases.checking);
  }

  done(address, sentence) {
    this.stored = true;
    this.#end("check", "ok", this.phrases.stored);
    const open = this.#part("open");
    open.href = address;
    open.hidden = false;
    this.#explain(sentence);
  }

  /* It stays on the list: it may be sent again, or taken off. */
  fail(sentence) {
    this.#end("warning", "danger", this.phrases.refused);
    this.#part("remove").hidden = false;
    this.#explain(sentence);
  }

  #end(sign, tone, words) {
    this.#part("progress").setAttribute("hidden", "");
    this.#part("remove").hidden = true;
    this.#part("status").className = `status status--${tone}`;
    this.#part("status").querySelector("use").setAttribute("href", icon(sign));
    this.#part("status").querySelector("svg").removeAttribute("hidden");
    this.#say(words);
  }

  #explain(sentence) {
    this.#part("error").textContent = sentence;
    this.#part("error").hidden = !sentence;
  }

  #say(words) {
    this.#part("word").textContent = words;
  }

  #part(name) {
    return this.element.querySelector(`[data-${name}]`);
  }
}
