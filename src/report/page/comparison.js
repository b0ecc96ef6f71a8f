// The head of the page, the headline tables and the verdicts.
const outcomes = {better: ["▲", "beats it"], undecided: ["◆", "no difference shown"], worse: ["▼", "does worse"],
                  unjudged: ["–", "not judged: a value is not finite"]};

function drawHead() {
  if (Array.isArray(result.seeds)) document.querySelector(".kicker").textContent = "Runs side by side";
  const d = result.data ?? {};
  const facts = [
    isNumber(d.cells) && isNumber(d.genes) ? `${format(d.cells)} cells × ${format(d.genes)} genes` : null,
    isNumber(d.perturbations) && d.perturbations > 0 ? count(d.perturbations, "perturbation") : null,
    count(models().length, "model"),
    isNumber(result.seed) ? `seed ${result.seed}` : null,
    result.device ? `${result.device}${isNumber(result.threads) ? `, ${count(result.threads, "thread")}` : ""}` : null,
    data.version ? `sparcell ${data.version}` : null,
  ];
  byId("facts").append(...facts.filter(Boolean).map(fact => element("span", {}, fact)));
  if (data.summary.length > 0) {
    byId("summary").append(element("ul", {class: "lead"}, ...data.summary.map(sentence => {
      const name = models().map(([model]) => model).find(model => sentence.startsWith(`${model} `)) ?? "";
      return element("li", {}, element("strong", {}, name), minus(sentence.slice(name.length)));
    })), element("p", {class: "note"}, data.seed_sentence));
  }
  byId("warnings").append(...(result.warnings ?? []).map(text => element("p", {class: "warning"}, element("b", {}, "Warning. "), text)));
  const made = [`Written by sparcell${data.version ? ` ${data.version}` : ""}`,
                result.config_hash ? `configuration ${String(result.config_hash).slice(0, 12)}` : null];
  byId("colophon").append(element("span", {class: "note"}, made.filter(Boolean).join(" · ")));
}

function drawComparison() {
  const groups = [...new Set(data.metrics.map(metric => metric.group))];
  for (const group of groups) {
    const table = comparisonTable(group, data.metrics.filter(metric => metric.group === group && !Object.values(countsOf).includes(metric.key)));
    if (table) byId("comparison-tables").append(table);
  }
  const note = leakageNote();
  if (note) byId("comparison-tables").append(note);
  if (data.verdicts.length === 0) byId("verdicts").remove();
  else drawVerdicts();
}

// How many genes a mean over genes is of, or leaves out: said below the value instead of in a column of its own.
const countsOf = {r2_varying: "varying_genes", pearson_per_gene: "pearson_undefined"};

function remarkOn(metric, entry) {
  const genes = entry.test?.[countsOf[metric.key]];
  if (!isNumber(genes) || genes === 0) return null;
  return element("small", {}, `${count(genes, "gene")}${metric.key === "r2_varying" ? "" : " left out"}`);
}

function remarkOnModel(entry) {
  if (entry.failed) return `failed: ${entry.failed}`;
  const type = typeNames[entry.type] ?? entry.type;
  return isNumber(entry.seeds) ? `${type ? `${type}, ` : ""}mean of ${count(entry.seeds, "seed")}` : type;
}

// Tables of what knew its test cells carry a mark, and the note that explains it.
function marked(title) { return data.leakage_note ? `${title} ${data.leakage_note[0]}` : title; }
function leakageNote() { return data.leakage_note ? element("p", {class: "warning"}, data.leakage_note) : null; }

function unitsOf(metrics) {
  const units = [...new Set(metrics.map(metric => metric.unit).filter(Boolean))];
  if (units.length === 0) return null;
  const sentences = units.map(unit => `${metrics.filter(metric => metric.unit === unit).map(metric => capital(metric.label)).join(", ")}: ${unit}`);
  return element("p", {class: "note"}, `Units. ${sentences.join("; ")}; the others have none.`);
}

function bestOf(metric, entries) {
  const values = entries.map(([, entry]) => entry.test?.[metric.key]).filter(isNumber);
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
  const best = metrics.map(metric => bestOf(metric, competitors));
  const digits = metrics.map(metric => decimals([...ours, ...baselines].map(([, entry]) => entry.test?.[metric.key])));
  const row = ([name, entry], remark) => element("tr", {},
    element("th", {scope: "row"}, name, remark ? element("small", {}, remark) : null),
    ...metrics.map((metric, i) => {
      const value = entry.test?.[metric.key];
      const isBest = isNumber(value) && value === best[i];
      return element("td", {class: isBest ? "best" : null}, isNumber(value) ? format(value, digits[i]) : "–",
                     isNumber(entry.spread?.[metric.key]) ? element("small", {}, `± ${format(entry.spread[metric.key], digits[i])}`) : null,
                     isBest ? element("span", {class: "hidden-text"}, " best") : null, remarkOn(metric, entry));
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

function drawVerdicts() {
  const metricOf = key => data.metrics.find(metric => metric.key === key) ?? {label: key, best: "none"};
  const rows = data.verdicts.map(verdict => {
    const [sign, spoken] = outcomes[verdict.outcome];
    const metric = metricOf(verdict.metric);
    const numbers = [verdict.difference, ...verdict.interval], judged = numbers.every(isNumber);
    const digits = decimals(numbers);
    return element("tr", {title: verdict.text},
      element("th", {scope: "row"}, verdict.model),
      element("td", {class: "text"}, capital(metric.label)),
      element("td", {class: "text"}, data.baseline_phrases[verdict.baseline] ?? verdict.baseline,
              isNumber(verdict.seeds) ? element("small", {}, `over ${count(verdict.seeds, "seed")}`) : null,
              isNumber(verdict.p_value) ? element("small", {}, `p = ${format(verdict.p_value, 3)} that they are alike`) : null),
      element("td", {class: `text ${verdict.outcome}`}, `${sign} ${spoken}`),
      element("td", {}, judged ? intervalGlyph(verdict, metric.best === "smallest" ? -1 : 1) : null),
      element("td", {}, judged ? format(verdict.difference, digits) : "–"),
      element("td", {}, judged ? `${format(verdict.interval[0], digits)} to ${format(verdict.interval[1], digits)}` : "–"));
  });
  const heads = [["Model"], ["Metric", "text"], ["Against", "text"], ["Verdict", "text"], ["worse ← 0 → better", "line"], ["Difference"], ["95 % interval"]];
  byId("verdict-table").append(element("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": "Verdicts"}, element("table", {class: "wide"},
    data.leakage_note ? element("caption", {}, marked("Verdicts")) : null,
    element("thead", {}, element("tr", {}, ...heads.map(([head, kind]) => element("th", {scope: "col", class: kind}, head)))),
    element("tbody", {}, ...rows))));
  byId("seed-sentence").textContent = data.seed_sentence;
}

// The interval around zero, each on its own scale, with the better side on the right.
function intervalGlyph(verdict, sign) {
  const [low, high] = verdict.interval.map(end => end * sign).sort((a, b) => a - b);
  const scale = 46 / Math.max(Math.abs(low), Math.abs(high), Math.abs(verdict.difference), Number.MIN_VALUE);
  const svg = (name, attributes) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };
  const glyph = svg("svg", {class: `glyph ${verdict.outcome}`, viewBox: "-50 -8 100 16", preserveAspectRatio: "none", "aria-hidden": "true"});
  glyph.append(svg("line", {x1: 0, x2: 0, y1: -8, y2: 8, stroke: "var(--soft)", "stroke-width": 1, "vector-effect": "non-scaling-stroke"}),
               svg("line", {x1: low * scale, x2: high * scale, y1: 0, y2: 0, stroke: "currentColor", "stroke-width": 3,
                            "vector-effect": "non-scaling-stroke"}),
               svg("ellipse", {cx: verdict.difference * sign * scale, cy: 0, rx: 2.6, ry: 3.6, fill: "currentColor"}));
  return glyph;
}
