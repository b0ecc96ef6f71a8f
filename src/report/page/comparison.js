// The tables of metrics: models above the line, baselines below it.
function drawComparison() {
  byId("judged-cells").textContent = data.judged_cells;
  for (const group of new Set(data.metrics.map(metric => metric.group))) {
    const metrics = data.metrics.filter(metric => metric.group === group && !Object.values(countsOf).includes(metric.key));
    const table = metrics.length > 0 ? comparisonTable(metrics[0].title, metrics) : null;
    if (table) byId("comparison-tables").append(table);
  }
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
  const sentences = units.map(unit => `${metrics.filter(metric => metric.unit === unit).map(metric => capital(metric.label)).join(", ")}: ${unit}`);
  return element("p", {class: "note"}, `Units. ${sentences.join("; ")}; the others have none.`);
}

function bestOf(metric, entries, most) {
  const values = entries.filter(([, entry]) => !predictsFewer(metric, entry, most)).map(([, entry]) => entry.test?.[metric.key]).filter(isNumber);
  if (metric.best === "none" || values.length < 2) return null;
  const badness = {smallest: v => v, largest: v => -v, nearest_one: v => Math.abs(v - 1), nearest_half: v => Math.abs(v - 0.5)}[metric.best];
  return values.reduce((a, b) => (badness(b) < badness(a) ? b : a));
}

function comparisonTable(title, metrics) {
  const shown = entries => entries.filter(([, entry]) => entry.failed || metrics.some(metric => isNumber(entry.test?.[metric.key])));
  const ours = shown(models()), baselines = shown(Object.entries(result.baselines ?? {}));
  if (ours.length + baselines.length === 0) return null;
  // Real cells against real cells are what can be reached at best, not a competitor.
  const competitors = [...ours, ...baselines.filter(([name]) => name !== "split_half")];
  const most = metrics.map(metric => mostPerturbations(metric, competitors));
  const best = metrics.map((metric, i) => bestOf(metric, competitors, most[i]));
  const digits = metrics.map(metric => decimals([...ours, ...baselines].map(([, entry]) => entry.test?.[metric.key])));
  const row = ([name, entry], remark) => element("tr", {},
    element("th", {scope: "row"}, name, remark ? element("small", {}, remark) : null),
    ...metrics.map((metric, i) => {
      const value = entry.test?.[metric.key];
      const isBest = isNumber(value) && value === best[i] && !predictsFewer(metric, entry, most[i]);
      return element("td", {class: isBest ? "best" : null}, isNumber(value) ? format(value, digits[i]) : "–",
                     isNumber(entry.spread?.[metric.key]) ? element("small", {}, `± ${format(entry.spread[metric.key], digits[i])}`) : null,
                     isBest ? element("span", {class: "hidden-text"}, " best") : null, remarkOn(metric, entry, most[i]));
    }));
  const arrow = {smallest: "↓", largest: "↑", nearest_one: "→ 1", nearest_half: "→ ½", none: ""};
  const spoken = {smallest: "smaller is better", largest: "larger is better", nearest_one: "one is best", nearest_half: "one half is best", none: null};
  return element("div", {}, element("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": title}, element("table", {class: "wide"},
    element("caption", {}, marked(title)),
    element("thead", {}, element("tr", {}, element("th", {scope: "col"}, ""), ...metrics.map(metric =>
      element("th", {scope: "col", title: metric.definition || null}, capital(metric.label), " ",
              element("span", {class: "direction", title: spoken[metric.best], "aria-label": spoken[metric.best]}, arrow[metric.best]))))),
    element("tbody", {}, ...ours.map(entry => row(entry, remarkOnModel(entry[1])))),
    element("tbody", {class: "baselines"}, ...baselines.map(entry => row(entry, data.baseline_phrases[entry[0]]))))), unitsOf(metrics));
}
