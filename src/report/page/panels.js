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

// Of a wide figure: four in two rows of two, else rows of three.
function panelColumns(panels) { return panels === 4 ? 2 : Math.min(panels, 3); }

function axisName(letter, index) { return letter + (index === 0 ? "" : index + 1); }

// A bold name that ends where the panel of that width in pixels does.
function panelName(name, width) {
  const room = Math.max(8, Math.floor(width / 8.4));
  return `<b>${plain(name.length > room ? `${name.slice(0, room - 1)}…` : name)}</b>`;
}

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

// Epochs and steps are whole numbers: few of them are a tick each.
function epochAxis(title, curves) {
  const last = Math.max(...curves.map(curve => extent(curve.x)[1]));
  return axis(title, last <= 8 ? {dtick: 1} : {});
}

// A logarithmic axis whose numbers are written out, at 1, 2 and 5 of each power of ten or at the powers alone.
function logarithmicAxis(title, curves) {
  const ends = curves.map(curve => extent(curve.y)), decades = Math.log10(Math.max(...ends.map(([, high]) => high)) / Math.min(...ends.map(([low]) => low)));
  return axis(title, {type: "log", tickformat: "~g", nticks: Math.min(Math.max(3, Math.floor(decades / .4)), 10)});
}
