// Long columns of numbers: the JSON says where they lie among the page's compressed bytes (src/report/arrays.h).
let arrayBytes = null;
const readArrays = new WeakMap();

async function loadArrays() { arrayBytes ??= new Uint8Array(await (await unpacked("arrays")).arrayBuffer()); }

// Of a place {at, count, bytes, low, step} the numbers; NaN where there is none.
function numbersOf(place) {
  let numbers = readArrays.get(place);
  if (!numbers) readArrays.set(place, numbers = readArray(place));
  return numbers;
}

function readArray({at, count, bytes, low, step}) {
  const codes = new Uint32Array(count);
  for (let byte = 0; byte < bytes; ++byte) {
    const start = at + byte * count;
    for (let i = 0; i < count; ++i) codes[i] |= arrayBytes[start + i] << (8 * byte);
  }
  if (step === undefined) return new Float32Array(codes.buffer);
  const missing = 2 ** (8 * bytes) - 1;
  return Float32Array.from(codes, code => code === missing ? NaN : low + step * code);
}
