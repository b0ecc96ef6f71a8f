// Figures: plotly.js is unpacked once, then every figure is drawn, and drawn again when the theme or the width changes.
const figures = [];
const touched = matchMedia("(hover: none)").matches;
let plotlyReady = null;

// The page carries plotly.js gzipped; the browser unpacks it.
function loadPlotly() {
  plotlyReady ??= (async () => {
    const source = await (await unpacked("plotly")).text();
    const script = document.createElement("script");
    script.textContent = source;
    document.head.append(script);
    if (typeof Plotly === "undefined") throw new Error("plotly.js did not start");
  })();
  return plotlyReady;
}

const hasWebGL = (() => {
  try {
    const context = document.createElement("canvas").getContext("webgl");
    context?.getExtension("WEBGL_lose_context")?.loseContext();
    return context !== null;
  } catch {
    return false;
  }
})();

// Many points are drawn by WebGL; few, or all where a browser has none, by SVG, which prints sharper.
function scatterType(points) { return hasWebGL && points > 4000 ? "scattergl" : "scatter"; }

// Plotly reads a little markup in labels: names of the data must not become markup.
function plain(text) { return String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;"); }

function axis(title, more = {}) {
  const c = colours();
  return {title: {text: title, font: {size: 12, color: c.soft}, standoff: 8}, gridcolor: c.rule, zeroline: false, linecolor: c.soft,
          showline: true, ticks: "outside", ticklen: 4, tickcolor: c.soft, tickfont: {size: 11}, automargin: true, ...more};
}

function baseLayout(more = {}) {
  const c = colours();
  return {paper_bgcolor: c.sheet, plot_bgcolor: c.sheet, font: {family: c.sans, size: 12, color: c.ink},
          margin: {l: 58, r: 16, t: 16, b: 48}, hovermode: "closest", dragmode: touched ? false : "zoom",  // a finger scrolls the page
          hoverlabel: {bgcolor: c.sheet, bordercolor: c.soft, font: {family: c.sans, size: 12, color: c.ink}},
          legend: {font: {size: 12}, bgcolor: "rgba(0,0,0,0)"}, ...more};
}

// figure(parent, {name, title, caption, draw}): draw(width) gives {traces, layout} for that width in pixels. A small one has no
// row of tools; it zooms by dragging like the others. What `lags` draws its lines a moment later, and is printed as it stands, made smaller.
function figure(parent, {name, title, caption, draw, small = false, lags = false}) {
  const plot = element("div", {class: "plot", role: "img", "aria-label": title});
  const save = kind => element("button", {type: "button", onclick: () => exportFigure(plot, name, kind),
                                          "aria-label": `Save “${title}” as ${kind.toUpperCase()}`}, kind.toUpperCase());
  const text = element("span", {class: "caption"}, element("b", {}, `${title}.`), caption ? ` ${caption}` : "");
  const made = element("figure", {id: name}, plot,
                       element("figcaption", {}, text, element("span", {}, save("svg"), " ", save("png"))));
  parent.append(made);
  const entry = {plot, draw, small, lags};
  figures.push(entry);
  return {redraw: () => paint(entry)};
}

function exportFigure(plot, name, format) {
  if (!plot.data) return;
  Plotly.downloadImage(plot, {format, filename: `${result.name || "sparcell"}_${name}`, width: plot.clientWidth, height: plot.clientHeight,
                              scale: format === "png" ? 3 : 1});
}

async function paint(entry) {
  const {plot, draw, small, lags} = entry;
  await loadPlotly();
  plot.style.zoom = lags && printing() && entry.width ? plot.parentNode.clientWidth / entry.width : "";
  const width = plot.style.zoom ? entry.width : plot.clientWidth;
  entry.width = width;
  const {traces, layout} = draw(width);
  plot.style.height = `${layout.height}px`;
  await Plotly.react(plot, traces, {...layout, width, autosize: false},
                     {displaylogo: false, responsive: false, displayModeBar: small ? false : "hover", modeBarButtonsToRemove: ["lasso2d", "select2d", "autoScale2d", "toImage"]});
}

// The first time: between two figures the reader can scroll.
async function paintAll() {
  try {
    for (const entry of figures) {
      await new Promise(resolve => setTimeout(resolve));
      await paint(entry);
    }
    root.dataset.figures = String(figures.length);  // says that all are drawn
  } catch (error) {
    for (const {plot} of figures) {
      if (!plot.data) plot.replaceChildren(element("p", {class: "failed"}, `The figure cannot be drawn: ${error.message}.`));
    }
  }
}

// Again, at once: a page that is about to be printed does not wait.
function redrawAll() {
  for (const entry of figures) if (entry.plot.data) paint(entry);
}

themeListeners.push(redrawAll);
let resizing = 0;
let drawnWidth = innerWidth;
addEventListener("resize", () => {
  clearTimeout(resizing);
  resizing = setTimeout(() => {
    if (innerWidth !== drawnWidth) redrawAll();  // a phone's bars change only the height
    drawnWidth = innerWidth;
  }, 150);
});
