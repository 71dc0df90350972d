/* A verdict with a drawing is sent by script: the page, and so the drawing, stays until the server has stored it. */
export function signWith(form, drawing, phrases) {
  const button = form.querySelector("button.button--primary");
  const alert = form.querySelector("[data-sign-error]");
  const fail = (sentence) => {
    alert.querySelector("span").textContent = sentence;
    alert.hidden = false;
    alert.scrollIntoView({ block: "nearest" });
    button.removeAttribute("aria-busy");
  };

  form.addEventListener("submit", async (event) => {
    if (!drawing.touched) return;
    event.preventDefault();
    if (button.getAttribute("aria-busy")) return;
    if (drawing.points.length) return fail(phrases.open);
    alert.hidden = true;
    button.setAttribute("aria-busy", "true");
    try {
      const fields = new FormData(form);
      fields.set("outline", await drawing.toBlob(), "outline.png");
      const answer = await fetch(form.action, {
        method: "POST",
        body: fields,
        headers: { Accept: "application/json" },
        redirect: "manual",
      });
      /* The log-in page is the only place that this request is sent on to. */
      if (answer.type === "opaqueredirect") return fail(phrases.loggedOut);
      const told = await answer.json().catch(() => ({}));
      if (!told.location) return fail(told.sentence ?? phrases.refused);
      drawing.kept = true;
      location.assign(told.location);
    } catch {
      fail(phrases.unreachable);
    }
  });
}
