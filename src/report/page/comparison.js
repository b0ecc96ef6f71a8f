// The tables of metrics: models beside baselines. Tables that no model of the run is in stand folded below the others.
function drawComparison() {
  byId("judged-cells").textContent = data.judged_cells;
  const alone = [];
  for (const group of new Set(data.metrics.map(metric => metric.group))) {
    const metrics = data.metrics.filter(metric => metric.group === group && !Object.values(countsOf).includes(metric.key));
    if (metrics.length === 0) continue;
    const {ours, baselines} = entriesOf(metrics);
    if (ours.length > 0) byId("comparison-tables").append(comparisonTable(metrics, ours, baselines));
    else if (baselines.length > 0) alone.push(comparisonTable(metrics, ours, baselines));
  }
  if (alone.length > 0) byId("comparison-tables").append(element("details", {}, element("summary", {}, "What baselines reach where no model of this run competes"), ...alone));
  const note = leakageNote();
  if (note) byId("comparison-tables").append(note);
  if (data.verdicts.length === 0) byId("verdicts").remove();
  else drawVerdicts();
}

// How many genes a mean over genes is of, or leaves out: said below the value instead of in a column of its own.
const countsOf = {r2_varying: "varying_genes", pearson_per_gene: "pearson_undefined"};

// What predicts few perturbations has a mean over those, which may be the easy ones: it does not compete.
const perturbationsOf = (metric, entry) => entry.test?.[`${metric.key.split("_")[0]}_perturbations`];

function mostPerturbations(metric, entries) {
  return Math.max(...entries.filter(([, entry]) => isNumber(entry.test?.[metric.key])).map(([, entry]) => perturbationsOf(metric, entry)).filter(isNumber));
}

function predictsFewer(metric, entry, most) {
  const own = perturbationsOf(metric, entry);
  return isNumber(entry.test?.[metric.key]) && isNumber(own) && own < most;
}

function remarkOn(metric, entry, most) {
  if (predictsFewer(metric, entry, most)) return element("small", {}, `of ${count(perturbationsOf(metric, entry), "perturbation")}`);
  const genes = entry.test?.[countsOf[metric.key]];
  if (!isNumber(genes) || genes === 0) return null;
  return element("small", {}, `${count(genes, "gene")}${metric.key === "r2_varying" ? "" : " left out"}`);
}

function remarkOnModel(entry) {
  if (entry.failed) return `failed: ${entry.failed}`;
  const type = typeNames[entry.type] ?? entry.type;
  return isNumber(entry.seeds) ? `${type ? `${type}, ` : ""}mean of ${count(entry.seeds, "seed")}` : type;
}

function leakageNote() { return data.leakage_note ? element("p", {class: "warning"}, data.leakage_note) : null; }

function unitsOf(metrics) {
  const units = [...new Set(metrics.map(metric => metric.unit).filter(Boolean))];
  if (units.length === 0) return null;
  const sentences = units.map(unit => `${metrics.filter(metric => metric.unit === unit).map(metric => metric.short).join(", ")}: ${unit}`);
  const rest = metrics.every(metric => metric.unit) ? "" : "; the others have none";
  return element("p", {class: "note"}, `Units. ${sentences.join("; ")}${rest}.`);
}

function bestOf(metric, entries, most) {
  const values = entries.filter(([, entry]) => !predictsFewer(metric, entry, most)).map(([, entry]) => entry.test?.[metric.key]).filter(isNumber);
  if (metric.best === "none" || values.length < 2) return null;
  const badness = {smallest: v => v, largest: v => -v, nearest_one: v => Math.abs(v - 1), nearest_half: v => Math.abs(v - 0.5)}[metric.best];
  return values.reduce((a, b) => (badness(b) < badness(a) ? b : a));
}

function entriesOf(metrics) {
  const shown = entries => entries.filter(([, entry]) => entry.failed || metrics.some(metric => isNumber(entry.test?.[metric.key])));
  return {ours: shown(models()), baselines: shown(Object.entries(result.baselines ?? {}))};
}

// Labels without the word that all of a group begin with, as in "unseen L2": the group's title says it.
function shortened(metrics) {
  const first = metrics[0].label.split(" ", 1)[0] + " ";
  const shared = metrics.length > 1 && metrics.every(({label}) => label.startsWith(first) && label.length > first.length);
  return metrics.map(metric => ({...metric, short: capital(shared ? metric.label.slice(first.length) : metric.label)}));
}

// More metrics than a page is wide for stand below each other, each beside what models and baselines reach in it.
const mostColumns = 10;

function comparisonTable(metrics, ours, baselines) {
  metrics = shortened(metrics);
  const title = metrics[0].title, cellOf = comparisonCells(metrics, ours, baselines);
  const down = metrics.length > mostColumns && metrics.length > ours.length + baselines.length;
  const table = down ? metricsDown(metrics, ours, baselines, cellOf) : metricsAcross(metrics, ours, baselines, cellOf);
  table.prepend(element("caption", {}, marked(title)));
  return element("div", {}, element("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": title}, table), down ? null : unitsOf(metrics));
}

function metricsAcross(metrics, ours, baselines, cellOf) {
  const row = (entry, remark) => element("tr", {}, nameOf(entry, remark, "row"), ...metrics.map((_, i) => cellOf(entry, i)));
  return element("table", {class: "wide"},
    element("thead", {}, element("tr", {}, element("th", {scope: "col"}, ""), ...metrics.map(metric => metricHead(metric, "col")))),
    element("tbody", {}, ...ours.map(entry => row(entry, remarkOnModel(entry[1])))),
    element("tbody", {class: "baselines"}, ...baselines.map(entry => row(entry, data.baseline_phrases[entry[0]]))));
}

function metricsDown(metrics, ours, baselines, cellOf) {
  return element("table", {class: "wide down"}, ...[1, ours.length, baselines.length].filter(span => span > 0).map(span => element("colgroup", {span})),
    element("thead", {}, element("tr", {}, element("th", {scope: "col"}, ""), ...ours.map(entry => nameOf(entry, remarkOnModel(entry[1]), "col")),
                                 ...baselines.map(entry => nameOf(entry, data.baseline_phrases[entry[0]], "col", "baseline")))),
    element("tbody", {}, ...metrics.map((metric, i) => {
      const head = metricHead(metric, "row");
      if (metric.unit) head.append(element("small", {}, metric.unit));
      return element("tr", {}, head, ...[...ours, ...baselines].map(entry => cellOf(entry, i)));
    })));
}

function nameOf([name], remark, scope, kind = null) {
  return element("th", {scope, class: kind}, breakable(name), remark ? element("small", {}, remark) : null);
}

const arrows = {smallest: "↓", largest: "↑", nearest_one: "→ 1", nearest_half: "→ ½", none: ""};
const spokenArrows = {smallest: "smaller is better", largest: "larger is better", nearest_one: "one is best", nearest_half: "one half is best", none: null};

function metricHead(metric, scope) {
  const spoken = spokenArrows[metric.best];
  return element("th", {scope, title: metric.definition || null}, metric.short, " ",
                 element("span", {class: "direction", title: spoken, "aria-label": spoken}, arrows[metric.best]));
}

// The cell of an entry and the metric of that place: its value, bold where it is the best, what spreads it and what it leaves out.
function comparisonCells(metrics, ours, baselines) {
  // Real cells against real cells are what can be reached at best, not a competitor.
  const competitors = [...ours, ...baselines.filter(([name]) => name !== "split_half")];
  const most = metrics.map(metric => mostPerturbations(metric, competitors));
  const best = metrics.map((metric, i) => bestOf(metric, competitors, most[i]));
  const digits = metrics.map(metric => decimals([...ours, ...baselines].map(([, entry]) => entry.test?.[metric.key])));
  return ([, entry], i) => {
    const metric = metrics[i], value = entry.test?.[metric.key], spread = entry.spread?.[metric.key];
    const isBest = isNumber(value) && value === best[i] && !predictsFewer(metric, entry, most[i]);
    return element("td", {class: isBest ? "best" : null}, isNumber(value) ? format(value, digits[i]) : "–",
                   isNumber(spread) ? element("small", {}, `± ${format(spread, digits[i])}`) : null,
                   isBest ? element("span", {class: "hidden-text"}, " best") : null, remarkOn(metric, entry, most[i]));
  };
}
