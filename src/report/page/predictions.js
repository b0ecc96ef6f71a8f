// What models predict, perturbation by perturbation, against a baseline: a table of means does not say which of them it is good at.
const predictedMetrics = {predicted_l2: {title: "distance (L2)", better: "below"}, predicted_centroid_pearson: {title: "Pearson of differences to the mean perturbation", better: "above"}};
const mostLabels = 20;

function drawPredictions(rows) {
  const predicting = names => names.filter(name => rows.some(row => isNumber(row.values?.[`${name}_predicted_l2`])));
  const ours = predicting(models().map(([name]) => name)), baselines = predicting(Object.keys(result.baselines ?? {}));
  if (ours.length === 0 || baselines.length === 0) return;
  const meanDistance = name => { const own = rows.map(row => row.values?.[`${name}_predicted_l2`]).filter(isNumber); return own.reduce((sum, value) => sum + value, 0) / own.length; };
  const covered = name => rows.filter(row => isNumber(row.values?.[`${name}_predicted_l2`])).length;
  const best = [...baselines].sort((a, b) => covered(b) - covered(a) || meanDistance(a) - meanDistance(b))[0];  // one that predicts few may have the easy ones
  const state = {metric: "predicted_l2", baseline: best}, parent = byId("perturbation-table");
  const controls = element("div", {class: "controls"});
  parent.append(element("h4", {}, "Predictions of each perturbation"), controls);
  const made = figure(parent, {name: "predictions-each", title: "Model against baseline",
    caption: "Each point is a perturbation of the test cells, predicted from controls; on the line both do as well, and the shaded side is where the model does better. Circles are perturbations that no training cell has.",
    draw: width => predictionPanels(rows, ours, state, width)});
  const set = (key, value) => { state[key] = value; made.redraw(); };
  controls.append(choice("Metric", Object.entries(predictedMetrics).map(([value, {title}]) => ({value, title})), state.metric, value => set("metric", value)),
    element("label", {}, "Against", element("select", {onchange: event => set("baseline", event.target.value)}, ...baselines.map(name => element("option", {value: name, selected: name === best}, name)))));
}

function predictionPanels(rows, ours, {metric, baseline}, width) {
  const c = colours(), {title, better} = predictedMetrics[metric];
  const margin = {l: 62, r: 16, t: 40, b: 52}, columns = width > 600 ? panelColumns(ours.length) : 1;
  const panelWidth = Math.min((width - margin.l - margin.r - 64 * (columns - 1)) / columns, 460);
  margin.r = width - margin.l - columns * panelWidth - 64 * (columns - 1);
  const grid = panelGrid({width, panels: ours.length, columns, panelHeight: Math.max(panelWidth, 240), margin});
  const layout = baseLayout({height: grid.height, margin, annotations: [], shapes: [], showlegend: false});
  const values = name => rows.map(row => row.values?.[`${name}_${metric}`] ?? null);
  const [low, high] = extent([baseline, ...ours].flatMap(values)), edge = .06 * (high - low || 1), range = [low - edge, high + edge];
  const corner = better === "below" ? range[0] : range[1];
  const traces = ours.map((model, panel) => {
    const name = axisName("", panel), look = modelLook(model);
    layout[`xaxis${name}`] = axis(plain(`${baseline}: ${title}`), {domain: grid.places[panel].x, anchor: `y${name}`, range});
    layout[`yaxis${name}`] = axis(plain(model), {domain: grid.places[panel].y, anchor: `x${name}`, range});
    layout.annotations.push(panelTitle(panelName(model, panelWidth), grid.places[panel]));
    layout.shapes.push({type: "path", xref: `x${name}`, yref: `y${name}`, path: `M${range[0]},${range[0]}L${range[1]},${range[1]}L${better === "below" ? range[1] : range[0]},${corner}Z`,
                        fillcolor: c.tint, line: {width: 0}, layer: "below"},
                       {type: "line", xref: `x${name}`, yref: `y${name}`, x0: range[0], y0: range[0], x1: range[1], y1: range[1], line: {color: c.soft, width: 1, dash: "dot"}, layer: "below"});
    const labelled = rows.filter(row => isNumber(row.values?.[`${model}_${metric}`])).length <= mostLabels;
    return {type: "scatter", mode: labelled ? "markers+text" : "markers", x: values(baseline), y: values(model), xaxis: `x${name}`, yaxis: `y${name}`,
            text: rows.map(row => plain(row.label)), textposition: "top center", textfont: {size: 10, color: c.soft}, cliponaxis: false,
            marker: {size: 7, color: look.color, opacity: .8, symbol: rows.map(row => row.train > 0 ? "diamond" : "circle")},
            hovertemplate: `<b>%{text}</b><br>${plain(baseline)} %{x:.4g}<br>${plain(model)} %{y:.4g}<extra></extra>`};
  });
  return {traces, layout};
}
