/* The stored grey values of the image, fetched once, and how a window makes them visible. */
export async function greyValues(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`The grey values did not come: ${answer.status}`);
  const told = JSON.parse(answer.headers.get("Sidelight-Image"));
  /* The server sends little-endian values, which is the order of every machine that runs a browser. */
  return { ...told, values: new Uint16Array(await answer.arrayBuffer()), counts: null, painted: null };
}

/* The value below which this share (0 to 1) of the pixels lies. */
export function percentile(grey, share) {
  if (!grey.counts) {
    grey.counts = new Uint32Array(65536);
    for (const value of grey.values) grey.counts[value]++;
  }
  const wanted = share * (grey.values.length - 1);
  let seen = 0;
  for (let value = 0; value < 65536; value++) {
    seen += grey.counts[value];
    if (seen > wanted) return value;
  }
  return 65535;
}

/* A stored value in the unit that the reader knows it in: Hounsfield where the file tells, else as stored. */
export function inUnits(grey, value) {
  const [slope, intercept] = grey.rescale ?? [1, 0];
  return slope * value + intercept;
}

/* Stored value to grey on the screen, 0 to 255: `low` is black and `high` is white, or the other way round. */
export function shade(value, { low, high, inverted }) {
  const share = Math.min(1, Math.max(0, (value - low) / Math.max(high - low, 1e-6)));
  return Math.round(255 * (inverted ? 1 - share : share));
}

/* The image through a window, as ImageData; linked viewports share the last one. */
export function windowed(grey, { low, high, inverted }) {
  const key = `${low} ${high} ${inverted}`;
  if (grey.painted?.key === key) return grey.painted.picture;
  const colours = new Uint32Array(percentile(grey, 1) + 1);
  for (let value = 0; value < colours.length; value++) {
    colours[value] = 0xff000000 | (shade(value, { low, high, inverted }) * 0x010101);
  }
  const picture = new ImageData(grey.columns, grey.rows);
  const pixels = new Uint32Array(picture.data.buffer);
  for (let i = 0; i < pixels.length; i++) pixels[i] = colours[grey.values[i]];
  grey.painted = { key, picture };
  return picture;
}
