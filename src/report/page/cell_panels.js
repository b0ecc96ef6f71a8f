// Panels of cells: one for every space, or generated cells over real ones in the principal components.
function cellPanels(cells, state, width) {
  if (state.colour === "model") return modelPanel(width);
  const indices = [];
  for (let i = 0; i < cells.count; ++i) if (!state.split || cells.splits[cells.split[i]] === state.split) indices.push(i);
  const colouring = colouringOf(cells, state);
  const {layout, size} = panelLayout(cells, colouring, state, indices.length, width);
  const traces = colouring.groups ? groupTraces(cells, colouring, indices, state, size) : scaleTraces(cells, colouring, indices, size);
  const wanted = cells.perturbations.indexOf(state.highlight);
  if (wanted >= 0) traces.push(...highlightTraces(cells, indices.filter(i => cells.perturbation[i] === wanted), state, size));
  return {traces, layout};
}

function panelLayout(cells, colouring, state, points, width) {
  const wide = width > 600, legend = colouring.groups?.length > 1;
  const labels = [...(colouring.groups ?? []).map(group => group.label), ...(state.highlight ? [`${state.highlight} (highlighted)`] : [])];
  const margin = {l: 52, r: colouring.groups ? 14 : wide ? 92 : 76, t: 40, b: legend || state.highlight ? 66 + 19 * legendRows(labels, width - 66) : 48};
  const columns = wide ? Math.min(panelColumns(cells.spaces.length), width > 1000 ? 3 : 2) : 1;
  const plotWidth = (width - margin.l - margin.r - 64 * (columns - 1)) / columns;
  const grid = panelGrid({width, panels: cells.spaces.length, columns, panelHeight: Math.min(Math.max(plotWidth, 240), 440), margin});
  const layout = baseLayout({height: grid.height, margin, annotations: [],
    legend: {font: {size: 11}, itemsizing: "constant", tracegroupgap: 0, bgcolor: "rgba(0,0,0,0)",
             orientation: "h", x: 0, y: -54 / (grid.height - margin.t - margin.b), yanchor: "top"}});
  cells.spaces.forEach((space, panel) => {
    const name = axisName("", panel);
    layout[`xaxis${name}`] = axis(space.axes[0], {domain: grid.places[panel].x, anchor: `y${name}`});
    layout[`yaxis${name}`] = axis(space.axes[1], {domain: grid.places[panel].y, anchor: `x${name}`});
    layout.annotations.push(panelTitle(panelName(space.title, plotWidth), grid.places[panel]));
  });
  if (colouring.values) layout.coloraxis = colourAxis(colouring);
  return {layout, size: points > 50000 ? 2 : points > 8000 ? 3 : points > 2000 ? 4 : 5};
}

function colourAxis({values, name, unit}) {
  const [cmin, cmax] = scaleRange(values);
  return {colorscale: scales[theme()], cmin, cmax,
          colorbar: {title: {text: `${plain(name)}<br>(${plain(unit).replace(/ /g, "<br>")})`, font: {size: 11}}, thickness: 12, lenmode: "pixels", len: 280, y: 1, yanchor: "top", outlinewidth: 0, tickfont: {size: 11}, xpad: 6}};
}

function pointsOf(cells, space, panel, chosen, more) {
  const name = axisName("", panel);
  return {type: scatterType(cells.count), mode: "markers", xaxis: `x${name}`, yaxis: `y${name}`,
          x: Float32Array.from(chosen, i => space.x[i]), y: Float32Array.from(chosen, i => space.y[i]), text: chosen.map(i => cells.text[i]),
          hovertemplate: "%{text}<br>%{x:.3g}, %{y:.3g}<extra></extra>", ...more};
}

// Faint groups first, so that they lie below.
function groupTraces(cells, colouring, indices, state, size) {
  const members = membersOf(cells, indices, colouring);
  const order = [...colouring.groups.keys()].sort((a, b) => (colouring.groups[b].faint ?? false) - (colouring.groups[a].faint ?? false));
  return cells.spaces.flatMap((space, panel) => order.map(index => {
    const {label, marker} = colouring.groups[index];
    return pointsOf(cells, space, panel, members[index], {name: plain(label), legendgroup: label, showlegend: panel === 0 && colouring.groups.length > 1, legendrank: 1000 + index,
      marker: {size, ...marker, ...(state.highlight ? {opacity: .15} : {})}});
  }));
}

// The highest values last, so that they lie on top.
function scaleTraces(cells, {values, name}, indices, size) {
  const order = indices.filter(i => isNumber(values[i])).sort((a, b) => values[a] - values[b]);
  return cells.spaces.map((space, panel) => pointsOf(cells, space, panel, order, {showlegend: false, customdata: order.map(i => values[i]),
    marker: {size, color: Float32Array.from(order, i => values[i]), coloraxis: "coloraxis", opacity: .85},
    hovertemplate: `%{text}<br>${plain(name)} %{customdata:.3g}<extra></extra>`}));
}

function highlightTraces(cells, chosen, state, size) {
  const label = `${state.highlight} (highlighted)`;
  return cells.spaces.map((space, panel) => pointsOf(cells, space, panel, chosen, {name: plain(label), legendgroup: label, showlegend: panel === 0,
    marker: {size: size + 4, color: colours().ink, symbol: "circle-open", line: {width: 1.6}, opacity: 1}}));
}

// Generated cells have no place in a latent space: they are shown where real ones are too.
function modelPanel(width) {
  const generated = data.generated;
  const each = generated.real.x.count;
  const series = [{name: "real test cells", ...generated.real, color: colours().grey, symbol: "circle"},
                  ...generated.models.map(model => ({name: `generated by ${model.model}`, ...model, ...modelLook(model.model)}))];
  const margin = {l: 52, r: 14, t: 40, b: 66 + 19 * legendRows(series.map(({name}) => name), width - 66)};
  const height = Math.min(Math.max(width * .6, 320), 620);
  return {traces: series.map(part => ({type: scatterType(each * series.length), mode: "markers", name: plain(part.name), x: numbersOf(part.x), y: numbersOf(part.y),
            marker: {size: each > 5000 ? 3 : 5, color: part.color, symbol: part.symbol, opacity: .6}, hovertemplate: `${plain(part.name)}<br>%{x:.3g}, %{y:.3g}<extra></extra>`})),
          layout: baseLayout({height, margin, xaxis: axis("PC 1"), yaxis: axis("PC 2"), annotations: [panelTitle(`<b>Principal components</b>, ${format(each)} cells of each`, {x: [0, 1], y: [0, 1]})],
                              legend: {font: {size: 11}, itemsizing: "constant", bgcolor: "rgba(0,0,0,0)", orientation: "h", x: 0, y: -54 / (height - margin.t - margin.b), yanchor: "top"}})};
}
