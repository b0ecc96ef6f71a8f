// The page of a sweep or an ablation: arms, configurations, runs, parameters, curves, cost.
const finished = data.runs.filter(run => run.state === "done" && isNumber(run.metric));
const better = data.smaller_is_better ? (a, b) => a - b : (a, b) => b - a;
const ranked = [...finished].sort((a, b) => better(a.metric, b.metric));
// Where there are several seeds, what is ranked is their mean.
const rankedConfigurations = data.configurations.filter(configuration => configuration.rank !== null);
const isBest = data.seeded ? run => run.configuration === rankedConfigurations[0]?.configuration : run => run.run === ranked[0]?.run;

function runName(run) { return data.ablation ? `${run.arm}, seed ${run.seed}` : run.run; }

function drawHead() {
  byId("kicker").textContent = data.ablation ? "Report of an ablation" : "Report of a sweep";
  const states = [...new Set(data.runs.map(run => run.state))].map(state =>
    `${format(data.runs.filter(run => run.state === state).length)} ${state}`);
  const facts = [count(data.runs.length, "run"), ...states, `metric ${data.metric}, ${data.smaller_is_better ? "smaller" : "larger"} is better`];
  byId("facts").append(...facts.map(fact => element("span", {}, fact)));
  byId("warnings").append(...data.warnings.map(text => element("p", {class: "warning"}, element("b", {}, "Warning. "), text)));
  const failed = data.runs.filter(run => run.state === "failed"), shown = 5;
  byId("warnings").append(...failed.slice(0, shown).map(run =>
    element("p", {class: "warning"}, element("b", {}, "Failed. "), `${runName(run)}: ${run.reason}`)));
  if (failed.length > shown) byId("warnings").append(element("p", {class: "note"}, `${format(failed.length - shown)} more failed; sparcell status says why.`));
  byId("colophon").append(element("span", {class: "note"}, `Written by sparcell ${data.version}`));
}

function drawAblation() {
  if (!data.ablation || data.differences.length === 0) return remove("ablation");
  const metrics = [...new Set(data.differences.map(difference => difference.metric))];
  const choice = element("select", {}, ...metrics.map(metric => element("option", {selected: metric === data.metric}, metric)));
  byId("ablation-controls").append(element("label", {}, "Metric ", choice));
  const chosen = () => data.differences.filter(difference => difference.metric === choice.value);
  const made = figure(byId("ablation-figure"), {name: "ablation-bars", title: "Arm minus reference",
    caption: "Bars are the mean difference over seeds, whiskers its 95 % interval; with one seed there is none.", draw: () => ablationBars(chosen())});
  const table = () => byId("ablation-table").replaceChildren(sortableTable({caption: choice.value, rows: chosen(), pageSize: 50, columns: [
    {title: "Arm", value: row => row.arm, text: true},
    {title: "Reference", value: row => row.reference},
    {title: "Difference", value: row => row.difference},
    {title: "95 % from", value: row => row.low},
    {title: "95 % to", value: row => row.high},
    {title: "Seeds", value: row => row.seeds, cell: row => row.seeds_text}]}));
  choice.addEventListener("change", () => { made.redraw(); table(); });
  table();
}

function ablationBars(differences) {
  const c = colours();
  const rows = [...differences].reverse();  // plotly draws from the bottom
  const whiskers = end => rows.map(row => row[end] === null ? 0 : Math.abs(row[end] - row.difference));
  return {traces: [{type: "bar", orientation: "h", y: rows.map(row => plain(row.arm)), x: rows.map(row => row.difference),
                    marker: {color: c.series[0]}, error_x: {type: "data", symmetric: false, array: whiskers("high"), arrayminus: whiskers("low"), color: c.ink},
                    customdata: rows.map(row => row.seeds), hovertemplate: "%{y}: %{x:.5g} (%{customdata} seeds)<extra></extra>"}],
          layout: baseLayout({height: 120 + 34 * rows.length, showlegend: false, xaxis: axis("difference", {zeroline: true, zerolinecolor: c.soft}),
                              yaxis: axis("", {ticks: ""})})};
}

function parameterColumns() {
  return data.parameters.map(path => ({title: path, text: data.runs.some(run => run.parameters[path] !== undefined && !isNumber(run.parameters[path])),
                                       value: row => row.parameters[path] ?? null,
                                       cell: row => String(row.parameters[path] ?? "")}));  // as it was set, not rounded as a column of measurements
}

function drawConfigurations() {
  if (!data.seeded) return remove("configurations");
  const incomplete = data.configurations.length - rankedConfigurations.length;
  byId("configurations-intro").textContent = "Runs that differ in their seed only are one configuration; what is ranked is the mean of the metric over its seeds, beside its standard deviation."
    + (incomplete === 0 ? "" : ` ${count(incomplete, "configuration")} of which not every seed has the metric ${incomplete === 1 ? "stands" : "stand"} below without a rank.`);
  const columns = [{title: "Configuration", value: row => row.configuration}, {title: "Rank", value: row => row.rank},
                   ...(data.ablation ? [{title: "Arm", value: row => row.arm, text: true}] : []), ...parameterColumns(),
                   {title: data.metric, value: row => row.mean, note: "mean over seeds"}, {title: "SD", value: row => row.deviation, note: "standard deviation over seeds"},
                   {title: "Seeds", value: row => row.seeds, text: true}];
  byId("configurations-table").append(sortableTable({caption: "Configurations", columns, rows: data.configurations, saved: "configurations",
    filterBy: row => Object.values(row.parameters).concat(row.configuration, row.arm, row.seeds).join(" "), filterLabel: "Filter "}));
}

function bestSentence() {
  if (ranked.length === 0) return "No run is finished yet.";
  if (!data.seeded) return `Best: ${runName(ranked[0])} with ${data.metric} ${format(ranked[0].metric)}.`;
  const best = rankedConfigurations[0];
  if (!best) return "No configuration has the metric of all its seeds yet.";
  const name = data.ablation ? best.arm : `configuration ${best.configuration}`;
  return `Best over seeds: ${name} with ${data.metric} ${format(best.mean)}${isNumber(best.deviation) ? ` ± ${format(best.deviation)}` : ""}. A single run may be lucky in its seed.`;
}

function drawRuns() {
  const parameters = parameterColumns();
  byId("runs-intro").textContent = bestSentence();
  const columns = [{title: "Run", value: run => run.run, text: true}, {title: "State", value: run => run.state, text: true},
                   ...(data.ablation ? [{title: "Arm", value: run => run.arm, text: true}] : data.seeded ? [{title: "Configuration", value: run => run.configuration}] : []),
                   {title: "Seed", value: run => run.seed}, ...parameters,
                   ...(data.runs.some(run => run.stopped_early.length > 0) ? [{title: "Stopped early", value: run => run.stopped_early.join(", "), text: true}] : []),
                   {title: data.metric, value: run => run.metric}, {title: "Seconds", value: run => run.seconds, note: "of training"}];
  byId("runs-table").append(sortableTable({caption: "Runs", columns, rows: data.runs, filterBy: run => Object.values(run.parameters).concat(run.run, run.arm, run.state).join(" "),
                                           filterLabel: "Filter ", sortBy: columns.length - 2, descending: !data.smaller_is_better}));
}

// Values that are no numbers, or that span decades, get an axis of their own kind.
function dimensionOf(path, rows) {
  const values = rows.map(row => row.parameters[path]);
  if (values.every(isNumber)) {
    const logarithmic = values.every(value => value > 0) && Math.max(...values) > 50 * Math.min(...values);
    if (!logarithmic) return {label: plain(path), values};
    const ticks = [...new Set(values)].length <= 8 ? [...new Set(values)] : null;
    return {label: plain(path), values: values.map(Math.log10), ...(ticks ? {tickvals: ticks.map(Math.log10), ticktext: ticks.map(String)} : {label: `${plain(path)} (log10)`})};
  }
  const words = [...new Set(values.map(String))];
  return {label: plain(path), values: values.map(value => words.indexOf(String(value))), tickvals: words.map((_, i) => i), ticktext: words.map(plain)};
}

function drawParameters() {
  const rows = data.seeded ? rankedConfigurations.map(row => ({parameters: row.parameters, metric: row.mean})) : finished;
  const paths = data.parameters.filter(path => new Set(rows.map(row => String(row.parameters[path]))).size > 1);
  if (data.ablation || rows.length < 2 || paths.length === 0) return remove("parameters");
  if (data.seeded) byId("parameters-lines-are").textContent = "a configuration, by its mean over seeds";
  if (!hasWebGL) {
    byId("parameters-figure").append(element("p", {class: "note"}, "This browser has no WebGL, which the figure needs; the table above holds the same numbers."));
    return;
  }
  figure(byId("parameters-figure"), {name: "parameters-lines", title: "Parallel coordinates", draw: () => {
    const c = colours();
    const metric = rows.map(row => row.metric);
    return {traces: [{type: "parcoords", labelangle: paths.length > 4 ? -20 : 0, labelfont: {color: c.ink}, tickfont: {color: c.ink}, rangefont: {color: c.soft},
                      line: {color: metric, colorscale: "Viridis", reversescale: data.smaller_is_better, showscale: true, colorbar: {title: {text: plain(data.metric), side: "right"}}},
                      dimensions: [...paths.map(path => dimensionOf(path, rows)), {label: plain(data.metric), values: metric}]}],
            layout: baseLayout({height: 420, margin: {l: 70, r: 30, t: 90, b: 30}})};
  }});
}

function drawCurves() {
  if (data.curves.length === 0) return remove("curves");
  if (data.seeded) byId("curves-best").textContent = "those of the best configuration";
  figure(byId("curves-figure"), {name: "curves-overlaid", title: data.curve_title, draw: () => {
    const c = colours();
    const drawn = [...data.curves].sort((a, b) => isBest(a) - isBest(b));  // the best on top
    const traces = drawn.map(curve => ({type: scatterType(curve.x.length * drawn.length), mode: curve.x.length > 1 ? "lines" : "markers", x: curve.x, y: curve.y,
      line: {color: isBest(curve) ? c.series[1] : c.grey, width: isBest(curve) ? 2.4 : 1}, opacity: isBest(curve) ? 1 : 0.55,
      name: plain(curve.label), showlegend: false, hovertemplate: `${plain(curve.label)}<br>epoch %{x}: %{y:.5g}<extra></extra>`}));
    const positive = data.curves.every(curve => curve.y.every(value => value === null || value > 0));
    return {traces, layout: baseLayout({height: 420, xaxis: axis("epoch"), yaxis: axis("loss", positive ? {type: "log", exponentformat: "power"} : {})})};
  }});
}

function drawCost() {
  const timed = finished.filter(run => isNumber(run.seconds));
  if (timed.length === 0) return remove("cost");
  const total = timed.reduce((sum, run) => sum + run.seconds, 0);
  byId("cost-intro").textContent = `${seconds(total)} of training in ${count(timed.length, "finished run")}. ${data.smaller_is_better ? "Lower" : "Upper"} left: a good value for little time.`;
  figure(byId("cost-figure"), {name: "cost-scatter", title: "Metric against seconds of training", draw: () => {
    const c = colours();
    return {traces: [{type: scatterType(timed.length), mode: "markers", x: timed.map(run => run.seconds), y: timed.map(run => run.metric),
                      marker: {color: c.series[0], size: 8, opacity: 0.8}, text: timed.map(run => plain(runName(run))), showlegend: false,
                      hovertemplate: "%{text}<br>%{x:.3g} s, %{y:.5g}<extra></extra>"}],
            layout: baseLayout({height: 380, xaxis: axis("seconds of training", {rangemode: "tozero"}), yaxis: axis(plain(data.metric))})};
  }});
}

drawHead();
drawAblation();
drawConfigurations();
drawRuns();
drawParameters();
drawCurves();
drawCost();
paintAll();
