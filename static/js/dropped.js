/* The files of what was dropped; folders are gone through. */
export async function filesOf(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files];
  return (await Promise.all(entries.map(within))).flat();
}

async function within(entry) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    /* Of a folder, what the system put there is no image. */
    return file.name.startsWith(".") || file.name.toUpperCase() === "DICOMDIR" ? [] : [file];
  }
  const reader = entry.createReader();
  const found = [];
  /* A reader gives its entries in portions, and at the end none. */
  for (let portion = await read(reader); portion.length; portion = await read(reader)) found.push(...portion);
  return (await Promise.all(found.map(within))).flat();
}

const read = (reader) => new Promise((resolve, reject) => reader.readEntries(resolve, reject));
