// Every verdict with its interval.
const outcomes = {better: ["▲", "beats it"], undecided: ["◆", "no difference shown"], worse: ["▼", "does worse"],
                  unjudged: ["–", "not judged: a value is not finite"]};

function drawVerdicts() {
  const metricOf = key => data.metrics.find(metric => metric.key === key) ?? {label: key, best: "none"};
  const judged = verdict => [verdict.difference, ...verdict.interval].every(isNumber);
  const digits = verdict => decimals([verdict.difference, ...verdict.interval]);
  const against = verdict => data.baseline_phrases[verdict.baseline] ?? verdict.baseline;
  const rank = {better: 2, undecided: 1, worse: 0, unjudged: null};
  byId("verdicts").querySelector("h3").textContent = marked("Verdicts");
  byId("verdict-table").append(sortableTable({
    label: "Verdicts", rows: data.verdicts, saved: "verdicts", wide: true, pageSize: 20, filterLabel: "Find a model, metric or baseline",
    filterBy: verdict => `${verdict.model} ${metricOf(verdict.metric).label} ${verdict.baseline} ${against(verdict)} ${outcomes[verdict.outcome][1]}`,
    columns: [
      {title: "Model", text: true, value: verdict => verdict.model, cell: verdict => element("span", {title: verdict.text}, verdict.model)},
      {title: "Metric", text: true, value: verdict => capital(metricOf(verdict.metric).label)},
      {title: "Against", text: true, value: against, cell: verdict => element("span", {}, against(verdict),
        isNumber(verdict.seeds) ? element("small", {}, `over ${count(verdict.seeds, "seed")}`) : null,
        isNumber(verdict.p_value) ? element("small", {}, `permutation p = ${format(verdict.p_value, 3)}`) : null)},
      {title: "Verdict", text: true, value: verdict => verdict.outcome, class: verdict => verdict.outcome, cell: verdict => outcomes[verdict.outcome].join(" ")},
      {title: "worse ← 0 → better", line: true, value: verdict => rank[verdict.outcome], saved: "rank",
       cell: verdict => judged(verdict) ? intervalGlyph(verdict, metricOf(verdict.metric).best === "smallest" ? -1 : 1) : "–"},
      {title: "Difference", value: verdict => verdict.difference, cell: verdict => judged(verdict) ? format(verdict.difference, digits(verdict)) : "–"},
      {title: "95 % from", value: verdict => verdict.interval[0], cell: verdict => judged(verdict) ? format(verdict.interval[0], digits(verdict)) : "–"},
      {title: "to", value: verdict => verdict.interval[1], cell: verdict => judged(verdict) ? format(verdict.interval[1], digits(verdict)) : "–"}]}));
  byId("seed-sentence").textContent = data.seed_sentence;
  byId("held-out").textContent = data.held_out_note;
}

// The interval around zero, each on its own scale, with the better side on the right.
function intervalGlyph(verdict, sign) {
  const [low, high] = verdict.interval.map(end => end * sign).sort((a, b) => a - b);
  const scale = 46 / Math.max(Math.abs(low), Math.abs(high), Math.abs(verdict.difference), 1e-300);  // all are 0 where nothing differs in any cell
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
