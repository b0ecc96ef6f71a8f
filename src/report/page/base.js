// The run's data, elements, numbers. Text of the run enters the page only as text, never as markup.
const data = JSON.parse(document.getElementById("data").textContent);
const result = data.result;

function byId(id) { return document.getElementById(id); }

// element("td", {class: "best"}, "0.12", child, ...)
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter(child => child !== null && child !== undefined));
  return made;
}

// A name that may be broken after its dots and underscores.
function breakable(name) { return element("span", {}, ...name.split(/(?<=[._])/).flatMap((part, i) => i === 0 ? [part] : [element("wbr"), part])); }

// A section that has nothing to show leaves the page and the bar.
function remove(id) {
  byId(id)?.remove();
  document.querySelector(`.bar a[href="#${id}"]`)?.remove();
}

// What the page carries gzipped in an element, as a response that the browser unpacks.
async function unpacked(id) {
  if (typeof DecompressionStream === "undefined") throw new Error("this browser has no DecompressionStream");
  const packed = Uint8Array.from(atob(byId(id).textContent.trim()), character => character.charCodeAt(0));
  return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip")));
}

function isNumber(value) { return typeof value === "number" && Number.isFinite(value); }

// Decimals that a column of numbers shares: none for whole numbers, four below ten, fewer above.
function decimals(values) {
  const numbers = values.filter(isNumber);
  if (numbers.every(Number.isInteger)) return 0;
  const largest = numbers.reduce((size, value) => Math.max(size, Math.abs(value)), 0);
  return largest < 10 ? 4 : largest < 100 ? 3 : largest < 1000 ? 2 : 0;
}

// A number as it is printed: grouped thousands, a true minus sign, a power of ten where the decimals would hide it.
function format(value, digits = decimals([value])) {
  if (value === null || value === undefined) return "";
  if (typeof value !== "number") return String(value);
  if (!Number.isFinite(value)) return "";
  const hidden = value !== 0 && Math.abs(value) < 5 * 10 ** -digits;
  const text = hidden && digits > 0
    ? value.toExponential(1).replace(/e([+-])(\d+)/, (_, sign, power) => ` × 10${superscript((sign === "-" ? "-" : "") + power)}`)
    : value.toLocaleString("en-US", {minimumFractionDigits: digits, maximumFractionDigits: digits});
  return text.replace(/^-/, "−");
}

// kNN stays as it is.
function capital(text) { return /^[a-z][A-Z]/.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1); }

function superscript(text) {
  return [...text].map(character => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(character)]).join("");
}

function minus(sentence) { return sentence.replace(/(^|\s)-(?=\d)/g, "$1−"); }

function count(number, noun) { return `${format(number)} ${noun}${number === 1 ? "" : "s"}`; }

function words(key) { return key.replaceAll("_", " "); }

function seconds(value) {
  if (value < 1e-3) return `${(value * 1e6).toPrecision(3)} µs`;
  if (value < 1) return `${(value * 1000).toPrecision(3)} ms`;
  if (value < 120) return `${value.toPrecision(3)} s`;
  return value < 7200 ? `${(value / 60).toPrecision(3)} min` : `${(value / 3600).toPrecision(3)} h`;
}

function bytes(value) {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  for (; value >= 1024 && unit + 1 < units.length; ++unit) value /= 1024;
  return `${unit === 0 ? value : value.toPrecision(3)} ${units[unit]}`;
}

const typeNames = {autoencoder: "autoencoder", vae: "variational autoencoder", gan: "generative adversarial network"};

function models() { return Object.entries(result.models ?? {}); }

// Buttons of which one is pressed. options: [{value, title}]; `changed` is called with the value of the new one.
function choice(label, options, chosen, changed) {
  const buttons = options.map(({value, title}) => element("button", {type: "button", "aria-pressed": String(value === chosen), onclick: event => {
    buttons.forEach(button => button.setAttribute("aria-pressed", String(button === event.currentTarget)));
    changed(value);
  }}, title));
  return element("span", {class: "choice", role: "group", "aria-label": label}, ...buttons);
}

// Tables of what knew its test cells carry a mark, and the note that explains it.
function marked(title) { return data.leakage_note ? `${title} ${data.leakage_note[0]}` : title; }
