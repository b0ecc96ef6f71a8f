// The page of a sweep or an ablation: its result in words, configurations, runs, curves, cost.
const finished = data.runs.filter(run => run.state === "done" && isNumber(run.metric));
const better = data.smaller_is_better ? (a, b) => a - b : (a, b) => b - a;
const ranked = [...finished].sort((a, b) => better(a.metric, b.metric));
// Where there are several seeds, what is ranked is their mean.
const rankedConfigurations = data.configurations.filter(configuration => configuration.rank !== null);
const isBest = data.seeded ? run => run.configuration === rankedConfigurations[0]?.configuration : run => run.run === ranked[0]?.run;

function signed(value) { return `${value > 0 ? "+" : ""}${format(value)}`; }

function runName(run) { return data.ablation ? `${run.arm}, seed ${run.seed}` : run.run; }

function drawHead() {
  byId("kicker").textContent = data.ablation ? "Report of an ablation" : "Report of a sweep";
  const states = [...new Set(data.runs.map(run => run.state))].map(state =>
    `${format(data.runs.filter(run => run.state === state).length)} ${state}`);
  const facts = [count(data.runs.length, "run"), ...states, `metric ${data.metric}, ${data.smaller_is_better ? "smaller" : "larger"} is better`];
  byId("facts").append(...facts.map(fact => element("span", {}, fact)));
  const sentences = [...(data.ablation ? ablationSentences() : []), bestSentence()];
  byId("summary").append(element("ul", {class: "lead"}, ...sentences.map(sentence => element("li", {}, sentence))));
  byId("warnings").append(...data.warnings.map(text => element("p", {class: "warning"}, element("b", {}, "Warning. "), text)));
  drawFailures();
  byId("colophon").append(element("span", {class: "note"}, `Written by sparcell ${data.version}`));
}

// Runs that failed alike are told once: their reasons begin alike but for numbers.
function drawFailures() {
  const alike = new Map();
  for (const run of data.runs.filter(({state}) => state === "failed")) {
    const reason = run.reason.split(". ", 1)[0].replace(/\d+/g, "");
    alike.set(reason, [...alike.get(reason) ?? [], run]);
  }
  const groups = [...alike.values()].sort((a, b) => b.length - a.length), shown = 5;
  byId("warnings").append(...groups.slice(0, shown).map(([first, ...others]) => element("p", {class: "warning"}, element("b", {}, "Failed. "),
    `${runName(first)}${others.length > 0 ? ` and ${format(others.length)} like it` : ""}: ${first.reason}`)));
  if (groups.length > shown) byId("warnings").append(element("p", {class: "note"}, `${format(groups.slice(shown).flat().length)} more failed; sparcell status says why.`));
}

function parameterColumns() {
  return data.parameters.map(path => ({title: path, text: data.runs.some(run => run.parameters[path] !== undefined && !isNumber(run.parameters[path])),
                                       value: row => row.parameters[path] ?? null,
                                       cell: row => String(row.parameters[path] ?? "")}));  // as it was set, not rounded as a column of measurements
}

function drawConfigurations() {
  if (!data.seeded) return remove("configurations");
  const incomplete = data.configurations.length - rankedConfigurations.length;
  byId("configurations-intro").textContent = "Runs that differ in their seed only are one configuration; what is ranked is the mean of the metric over its seeds, beside its standard deviation, which is of runs on the same data and says nothing of other cells."
    + (data.configurations.some(row => row.from_best) ? " Differences are from the best one over equal seeds, with 95 % intervals, which are too narrow by what it owes to having been chosen by the same numbers." : "")
    + (incomplete === 0 ? "" : ` ${count(incomplete, "configuration")} of which not every seed has the metric ${incomplete === 1 ? "stands" : "stand"} below without a rank.`);
  const columns = [{title: "Configuration", value: row => row.configuration}, {title: "Rank", value: row => row.rank},
                   ...(data.ablation ? [{title: "Arm", value: row => row.arm, text: true}] : []),
                   {title: data.metric, value: row => row.mean, note: "mean over seeds"}, {title: "SD", value: row => row.deviation, note: "standard deviation over seeds"},
                   ...(data.configurations.some(row => row.from_best) ? [{title: "From the best", value: row => row.from_best?.value ?? null,
                     cell: row => row.from_best ? `${signed(row.from_best.value)} (${signed(row.from_best.low)} to ${signed(row.from_best.high)})` : ""}] : []),
                   {title: "Seeds", value: row => row.seeds, text: true}, ...parameterColumns()];
  byId("configurations-table").append(sortableTable({label: "Configurations", columns, rows: data.configurations, saved: "configurations",
    filterBy: row => Object.values(row.parameters).concat(row.configuration, row.arm, row.seeds).join(" "), filterLabel: "Filter "}));
}

function bestSentence() {
  if (ranked.length === 0) return "No run is finished yet.";
  const settings = parameters => data.parameters.length > 0 ? ` (${data.parameters.map(path => `${path}=${parameters[path]}`).join(", ")})` : "";
  if (!data.seeded) return `Best: ${runName(ranked[0])}${settings(ranked[0].parameters)} with ${data.metric} ${format(ranked[0].metric)}.`;
  const best = rankedConfigurations[0];
  if (!best) return "No configuration has the metric of all its seeds yet.";
  const name = data.ablation ? best.arm : `configuration ${best.configuration}`;
  return `Best over seeds: ${name}${settings(best.parameters)} with ${data.metric} ${format(best.mean)}${isNumber(best.deviation) ? ` ± ${format(best.deviation)} (standard deviation over ${best.seeds} seeds)` : ""}.${alikeSentence()}`;
}

// Of how many ranked configurations the seeds do not tell the best.
function alikeSentence() {
  const compared = rankedConfigurations.filter(row => row.from_best);
  const alike = compared.filter(({from_best: {low, high}}) => low <= 0 && high >= 0);
  if (compared.length === 0) return "";
  if (alike.length === 0) return compared.length === 1 ? " The other one is behind it over equal seeds." : ` All ${format(compared.length)} others are behind it over equal seeds.`;
  return ` Equal seeds do not tell ${format(alike.length)} of ${count(compared.length, "other")} from it.`;
}

function drawRuns() {
  const parameters = parameterColumns();
  byId("runs-intro").textContent = data.seeded ? "Every run by itself: one may be lucky in its seed." : "Every run.";
  const columns = [{title: "Run", value: run => run.run, text: true}, {title: "State", value: run => run.state, text: true},
                   ...(data.ablation ? [{title: "Arm", value: run => run.arm, text: true}] : data.seeded ? [{title: "Configuration", value: run => run.configuration}] : []),
                   {title: "Seed", value: run => run.seed}, {title: data.metric, value: run => run.metric}, {title: "Seconds", value: run => run.seconds, note: "of training"},
                   ...(data.runs.some(run => run.stopped_early.length > 0) ? [{title: "Stopped early", value: run => run.stopped_early.join(", "), text: true}] : []), ...parameters];
  byId("runs-table").append(sortableTable({label: "Runs", columns, rows: data.runs, filterBy: run => Object.values(run.parameters).concat(run.run, run.arm, run.state).join(" "),
                                           filterLabel: "Filter ", sortBy: columns.findIndex(({title}) => title === data.metric), descending: !data.smaller_is_better}));
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
    return {traces, layout: baseLayout({height: 420, xaxis: epochAxis("epoch", data.curves), yaxis: positive ? logarithmicAxis("loss", data.curves) : axis("loss")})};
  }});
}

function drawCost() {
  const timed = finished.filter(run => isNumber(run.seconds));
  if (timed.length === 0) return remove("cost");
  const total = timed.reduce((sum, run) => sum + run.seconds, 0);
  byId("cost-intro").textContent = `${seconds(total)} of training in ${count(timed.length, "finished run")}. ${data.smaller_is_better ? "Lower" : "Upper"} left: a good value for little time. ${data.seeded ? "The best configuration's runs are" : "The best run is"} in the second colour.`;
  figure(byId("cost-figure"), {name: "cost-scatter", title: "Metric against seconds of training", draw: () => {
    const c = colours();
    return {traces: [{type: scatterType(timed.length), mode: "markers", x: timed.map(run => run.seconds), y: timed.map(run => run.metric),
                      marker: {color: timed.map(run => isBest(run) ? c.series[1] : c.series[0]), size: 8, opacity: 0.8}, text: timed.map(run => plain(runName(run))), showlegend: false,
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
