/* Masks and heatmaps as the server keeps them: grey PNG on the image's own grid, each fetched once. */
async function greyOf(address) {
  const image = new Image();
  image.src = address;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), {
    width: image.naturalWidth,
    height: image.naturalHeight,
  });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  const { data, width, height } = context.getImageData(0, 0, canvas.width, canvas.height);
  const grey = new Uint8ClampedArray(width * height);
  for (let i = 0; i < grey.length; i++) grey[i] = data[4 * i];
  return { grey, width, height };
}

const cache = new Map();

/* {grey: values from 0 to 255, row by row; width, height}. Fails where there is no such picture. */
export function loaded(address) {
  if (!cache.has(address)) cache.set(address, greyOf(address));
  return cache.get(address);
}
