// Latent spaces and principal components, coloured by perturbation.
const maxLegend = 24;
const symbols = ["circle", "diamond", "square", "triangle-up"];
const controlNames = ["control", "ctrl", "non-targeting"];

// Which perturbations get a colour and shape of their own: the most frequent ones; the others share a faint grey.
function perturbationStyles(labels, codes) {
  const counts = labels.map(() => 0);
  for (const code of codes) if (code >= 0) ++counts[code];
  const isControl = label => controlNames.includes(label.toLowerCase());
  const ranked = labels.map((label, code) => ({label, code, control: isControl(label), cells: counts[code]}))
    .filter(entry => entry.cells > 0).sort((a, b) => b.control - a.control || b.cells - a.cells);
  let used = 0;
  const own = ranked.slice(0, ranked.length > maxLegend ? maxLegend - 1 : maxLegend).map(entry => {
    const turn = entry.control ? null : used++;
    return {...entry, codes: new Set([entry.code]), turn};
  });
  const rest = ranked.slice(own.length);
  const unlabelled = codes.some(code => code < 0);
  if (rest.length > 0 || unlabelled) {
    own.push({label: rest.length > 0 ? `${format(rest.length)} other perturbations` : "no label", control: false, turn: -1,
              codes: new Set([...rest.map(entry => entry.code), -1])});
  }
  return own;
}

function styleOf(style, c) {
  if (style.control) return {color: c.grey, symbol: "circle", opacity: .55};
  if (style.turn < 0) return {color: c.faint, symbol: "circle", opacity: .55};
  return {color: c.series[style.turn % c.series.length], symbol: symbols[Math.floor(style.turn / c.series.length) % symbols.length], opacity: .8};
}

function drawCells() {
  const cells = data.cells;
  drawPerturbationTable();
  if (!cells || cells.spaces.length === 0) {
    if (!data.perturbations) return remove("cells");
    return byId("cell-controls").remove();
  }
  const shown = cells.perturbation.length;
  const state = {split: "", highlight: ""};
  const left = cells.total > shown ? ` ${format(shown)} of ${format(cells.total)} cells are shown, drawn at random.` : ` All ${format(shown)} cells are shown.`;
  const made = figure(byId("cell-figure"), {
    name: "cell-scatter", title: cells.perturbations.length > 0 ? "Cells by perturbation" : "Cells",
    caption: `Press a name in the legend to hide it, twice to see it alone.${left}`, draw: width => cellPanels(cells, state, width)});

  if (cells.splits.length > 1) {
    const buttons = ["", ...cells.splits].map(split => element("button", {type: "button", "aria-pressed": String(split === ""), onclick: event => {
      state.split = split;
      buttons.forEach(button => button.setAttribute("aria-pressed", String(button === event.target)));
      made.redraw();
    }}, split || "all"));
    byId("cell-controls").append(element("span", {class: "choice", role: "group", "aria-label": "Cells shown"}, ...buttons));
  }
  if (cells.perturbations.length > 1) {
    const list = element("datalist", {id: "perturbation-names"}, ...cells.perturbations.map(label => element("option", {value: label})));
    byId("cell-controls").append(element("label", {}, "Highlight", element("input", {type: "search", list: "perturbation-names", placeholder: "a perturbation",
      onchange: event => { state.highlight = event.target.value; made.redraw(); }})), list);
  }
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

function cellPanels(cells, state, width) {
  const c = colours();
  const indices = [...cells.perturbation.keys()].filter(i => !state.split || cells.splits[cells.split[i]] === state.split);
  const type = scatterType(indices.length);
  const styles = perturbationStyles(cells.perturbations, cells.perturbation);
  const wide = width > 600, many = styles.length > 1;
  const labels = [...styles.map(style => style.label), ...(state.highlight ? [`${state.highlight} (highlighted)`] : [])];
  const margin = {l: 52, r: 14, t: 40, b: many ? 66 + 19 * legendRows(labels, width - 66) : 48};
  const columns = wide ? Math.min(cells.spaces.length, width > 1000 ? 3 : 2) : 1;
  const plotWidth = (width - margin.l - margin.r - 64 * (columns - 1)) / columns;
  const grid = panelGrid({width, panels: cells.spaces.length, columns, panelHeight: Math.min(Math.max(plotWidth, 240), 440), margin});
  const size = indices.length > 8000 ? 3 : indices.length > 2000 ? 4 : 5;
  const traces = [], layout = baseLayout({height: grid.height, margin, annotations: [],
    legend: {font: {size: 11}, itemsizing: "constant", tracegroupgap: 0, bgcolor: "rgba(0,0,0,0)",
             orientation: "h", x: 0, y: -54 / (grid.height - margin.t - margin.b), yanchor: "top"}});
  cells.spaces.forEach((space, panel) => {
    const name = axisName("", panel);
    layout[`xaxis${name}`] = axis(space.axes[0], {domain: grid.places[panel].x, anchor: `y${name}`});
    layout[`yaxis${name}`] = axis(space.axes[1], {domain: grid.places[panel].y, anchor: `x${name}`});
    layout.annotations.push(panelTitle(`<b>${plain(space.title)}</b>`, grid.places[panel]));
    const add = (chosen, label, marker, showlegend) => traces.push({
      type, mode: "markers", name: plain(label), legendgroup: label, showlegend, xaxis: `x${name}`, yaxis: `y${name}`,
      x: chosen.map(i => space.x[i]), y: chosen.map(i => space.y[i]), marker,
      text: chosen.map(i => `${plain(cells.perturbations[cells.perturbation[i]] ?? "")}${cells.splits.length > 0 ? `<br>${plain(cells.splits[cells.split[i]] ?? "")}` : ""}`),
      hovertemplate: "%{text}<br>%{x:.3g}, %{y:.3g}<extra></extra>"});
    // Faint ones first, so that they lie below.
    for (const style of [...styles].sort((a, b) => (a.turn ?? -2) - (b.turn ?? -2))) {
      const chosen = indices.filter(i => style.codes.has(cells.perturbation[i]));
      const muted = state.highlight ? {opacity: .15} : {};
      add(chosen, style.label, {size, ...styleOf(style, c), ...muted}, panel === 0 && many);
    }
    const wanted = cells.perturbations.indexOf(state.highlight);
    if (wanted >= 0) {
      add(indices.filter(i => cells.perturbation[i] === wanted), `${state.highlight} (highlighted)`,
          {size: size + 4, color: c.ink, symbol: "circle-open", line: {width: 1.6}, opacity: 1}, panel === 0);
    }
  });
  return {traces, layout};
}

function drawPerturbationTable() {
  const rows = data.perturbations ?? [];
  if (rows.length < 2) return byId("perturbations").remove();
  const counts = Object.keys(rows[0]).filter(key => key !== "label" && key !== "values");
  const values = [...new Set(rows.flatMap(row => Object.keys(row.values ?? {})))];
  if (values.length > 0) byId("perturbations").querySelector("h3").textContent = marked("Perturbations");
  byId("perturbation-table").append(sortableTable({
    columns: [{title: "perturbation", text: true, value: row => row.label}, ...counts.map(key => ({title: key, value: row => row[key] ?? 0})),
              ...values.map(key => ({title: words(key), value: row => row.values?.[key]}))],
    rows, filterBy: row => row.label, filterLabel: "Find", pageSize: 10, sortBy: 1, descending: true}));
}
