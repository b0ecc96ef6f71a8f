// Several panels in one figure.

// A grid of panels in one figure: the plot areas, in paper coordinates and pixels.
function panelGrid({width, panels, columns, panelHeight, gap = 64, rowGap = 84, margin}) {
  const rows = Math.ceil(panels / columns);
  const inner = width - margin.l - margin.r;
  const panelWidth = (inner - gap * (columns - 1)) / columns;
  const innerHeight = rows * panelHeight + (rows - 1) * rowGap;
  const places = [];
  for (let i = 0; i < panels; ++i) {
    const column = i % columns, row = Math.floor(i / columns);
    const left = column * (panelWidth + gap), top = row * (panelHeight + rowGap);
    places.push({x: [left / inner, (left + panelWidth) / inner],
                 y: [1 - (top + panelHeight) / innerHeight, 1 - top / innerHeight]});
  }
  return {places, height: innerHeight + margin.t + margin.b};
}

function axisName(letter, index) { return letter + (index === 0 ? "" : index + 1); }

function panelTitle(text, place) {
  return {text, xref: "paper", yref: "paper", x: place.x[0], y: place.y[1], xanchor: "left", yanchor: "bottom", yshift: 6, showarrow: false,
          font: {size: 13}};
}

// Rows of a horizontal legend of that width in pixels, about as plotly.js will lay it out.
function legendRows(labels, width) {
  let rows = 1, used = 0;
  for (const label of labels) {
    const item = 50 + 6.4 * label.length;
    if (used > 0 && used + item > width) {
      ++rows;
      used = 0;
    }
    used += item;
  }
  return rows;
}

function extent(values) {
  let low = Infinity, high = -Infinity;
  for (const value of values) {
    if (!isNumber(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low <= high ? [low, high] : [0, 1];
}
