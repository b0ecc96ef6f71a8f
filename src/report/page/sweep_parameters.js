// The parameters of a sweep: the metric against each of them, and all of them together.
function isLogarithmic(values) { return values.every(value => value > 0) && Math.max(...values) > 50 * Math.min(...values); }

// Values that are no numbers, or that span decades, get an axis of their own kind.
function dimensionOf(path, rows) {
  const values = rows.map(row => row.parameters[path]);
  if (values.every(isNumber)) {
    const ticks = [...new Set(values)].length <= 8 ? [...new Set(values)] : null;
    if (!isLogarithmic(values)) return {label: plain(path), values, ...(ticks ? {tickvals: ticks, ticktext: ticks.map(String)} : {})};
    return {label: plain(path), values: values.map(Math.log10), ...(ticks ? {tickvals: ticks.map(Math.log10), ticktext: ticks.map(String)} : {label: `${plain(path)} (log10)`})};
  }
  const words = [...new Set(values.map(String))];
  return {label: plain(path), values: values.map(value => words.indexOf(String(value))), tickvals: words.map((_, i) => i), ticktext: words.map(plain)};
}

function drawParameters() {
  const rows = data.seeded ? rankedConfigurations.map(row => ({parameters: row.parameters, metric: row.mean})) : finished;
  const paths = data.parameters.filter(path => new Set(rows.map(row => String(row.parameters[path]))).size > 1);
  if (data.ablation || rows.length < 2 || paths.length === 0) return remove("parameters");
  const one = data.seeded ? "configuration, by its mean over seeds" : "run", several = data.seeded ? "configurations" : "runs";
  drawEachParameter(rows, paths, one);
  if (paths.length < 2) return;
  if (!hasWebGL) {
    byId("parameters-figure").append(element("p", {class: "note"}, "This browser has no WebGL, which a figure of all parameters together needs."));
    return;
  }
  figure(byId("parameters-figure"), {name: "parameters-lines", title: "All parameters together", lags: true,
    caption: `Each line is a ${one}; its colour is the metric. Dragging along an axis keeps the ${several} within.`, draw: () => {
    const c = colours();
    const metric = rows.map(row => row.metric);
    return {traces: [{type: "parcoords", labelangle: paths.length > 4 ? -20 : 0, labelfont: {color: c.ink}, tickfont: {color: c.ink}, rangefont: {color: c.soft},
                      line: {color: metric, colorscale: "Viridis", reversescale: data.smaller_is_better, showscale: true, colorbar: {title: {text: plain(data.metric), side: "right"}}},
                      dimensions: [...paths.map(path => dimensionOf(path, rows)), {label: plain(data.metric), values: metric}]}],
            layout: baseLayout({height: 420, margin: {l: 70, r: 30, t: 90, b: 30}})};
  }});
}

const mostParameters = 12;

// A panel for each parameter: every value's points, and a line through their means.
function drawEachParameter(rows, paths, one) {
  const shown = paths.slice(0, mostParameters);
  const left = paths.length > shown.length ? ` ${count(paths.length - shown.length, "more parameter")} ${paths.length - shown.length === 1 ? "is" : "are"} left out.` : "";
  figure(byId("parameters-figure"), {name: "parameters-each", title: `${data.metric} against each parameter`,
    caption: `Each point is a ${one}, the best in colour; lines join the means of a parameter's values, over all that the others are.${left}`,
    draw: width => parameterPanels(rows, shown, width)});
}

function parameterPanels(rows, paths, width) {
  const margin = {l: 62, r: 16, t: 36, b: 48};
  const grid = panelGrid({width, panels: paths.length, columns: Math.min(paths.length, width > 1000 ? 3 : width > 560 ? 2 : 1), panelHeight: 220, margin});
  const layout = baseLayout({height: grid.height, margin, annotations: [], showlegend: false});
  const traces = paths.flatMap((path, panel) => {
    const name = axisName("", panel), place = grid.places[panel];
    const values = rows.map(row => row.parameters[path]), numbers = values.every(isNumber);
    layout[`xaxis${name}`] = axis("", {domain: place.x, anchor: `y${name}`, ...(numbers ? isLogarithmic(values) ? {type: "log", tickformat: "~g", nticks: 4} : {} : {type: "category"})});
    layout[`yaxis${name}`] = axis(panel === 0 ? plain(data.metric) : "", {domain: place.y, anchor: `x${name}`, matches: panel === 0 ? undefined : "y"});
    layout.annotations.push(panelTitle(panelName(path, (place.x[1] - place.x[0]) * (width - margin.l - margin.r)), place));
    return parameterTraces(rows, numbers ? values : values.map(value => plain(String(value))), {xaxis: `x${name}`, yaxis: `y${name}`});
  });
  return {traces, layout};
}

function parameterTraces(rows, values, axes) {
  const c = colours(), metric = rows.map(row => row.metric), best = metric.indexOf((data.smaller_is_better ? Math.min : Math.max)(...metric));
  const distinct = [...new Set(values)].sort((a, b) => isNumber(a) ? a - b : 0);
  const mean = value => { const own = metric.filter((_, i) => values[i] === value); return own.reduce((sum, number) => sum + number, 0) / own.length; };
  const line = {...axes, type: "scatter", mode: "lines", x: distinct, y: distinct.map(mean), line: {color: c.soft, width: 1.4}, hoverinfo: "skip"};
  const points = {...axes, type: "scatter", mode: "markers", x: values, y: metric, hovertemplate: "%{x}: %{y:.5g}<extra></extra>",
                  marker: {size: 7, opacity: .8, color: rows.map((_, i) => i === best ? c.series[1] : c.series[0])}};
  return distinct.length < rows.length && distinct.length <= 20 ? [line, points] : [points];
}
