// What a colleague reads in ten seconds: the facts, the result in words, and who beats what.
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
      const name = models().map(([model]) => model).filter(model => [`${model} `, `${model}: `].some(start => sentence.startsWith(start))).sort((a, b) => b.length - a.length)[0] ?? "";
      return element("li", {}, element("strong", {}, name), minus(sentence.slice(name.length)));
    })));
  }
  drawStandings();
  if (data.summary.length > 0) byId("summary").append(element("p", {class: "note"}, data.seed_sentence));
  if (data.early_stops.length > 0) byId("summary").append(element("p", {class: "note", id: "early-stops"}, data.early_stops.join(" ")));
  if (data.judged_weights) byId("summary").append(element("p", {class: "note", id: "judged-weights"}, data.judged_weights));
  byId("warnings").append(...(result.warnings ?? []).map(text => element("p", {class: "warning"}, element("b", {}, "Warning. "), text)));
  const made = [`Written by sparcell${data.version ? ` ${data.version}` : ""}`,
                result.config_hash ? `configuration ${String(result.config_hash).slice(0, 12)}` : null];
  byId("colophon").append(element("span", {class: "note"}, made.filter(Boolean).join(" · ")));
}

// Models against questions: how many baselines are beaten, and which are not.
function drawStandings() {
  const groups = [...new Set(data.standings.map(standing => standing.group))];
  const names = [...new Set(data.standings.map(standing => standing.model))];
  if (groups.length === 0) return;
  const phrase = group => capital(data.standings.find(standing => standing.group === group).phrase);
  const cell = (model, group) => {
    const standing = data.standings.find(entry => entry.model === model && entry.group === group);
    return element("td", {class: "text"}, ...(standing ? standingOf(standing) : ["–"]));
  };
  byId("summary").append(element("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": "Which models beat their baselines"},
    element("table", {class: "standings"}, element("caption", {}, marked("Which models beat their baselines")),
      element("thead", {}, element("tr", {}, element("th", {scope: "col"}, ""), ...groups.map(group => element("th", {scope: "col", class: "text"}, phrase(group))))),
      element("tbody", {}, ...names.map(model => element("tr", {}, element("th", {scope: "row"}, model), ...groups.map(group => cell(model, group))))))));
}

function standingOf(standing) {
  const open = standing.undecided.concat(standing.unjudged), all = standing.better.length + open.length + standing.worse.length;
  const lines = [];
  const shortly = names => names.length <= 2 ? names.map(name => words(name).replace(/^pca/, "PCA")).join(", ") : count(names.length, "baseline");
  if (all > 0) {
    const side = open.length + standing.worse.length === 0 ? "better" : standing.better.length > 0 ? "undecided" : standing.worse.length > 0 ? "worse" : "undecided";
    const share = all === 1 ? {better: "beats it", undecided: "undecided", worse: "does worse"}[side] : `${standing.better.length} of ${all}`;
    lines.push(element("span", {class: side}, `${outcomes[side][0]} ${share}`));
    if (all === 1) lines.push(element("small", {}, shortly([...standing.better, ...open, ...standing.worse])));
    else if (standing.worse.length > 0) lines.push(element("small", {}, `worse than ${shortly(standing.worse)}`));
    if (all > 1 && open.length > 0) lines.push(element("small", {}, `open against ${shortly(open)}`));
  }
  if (standing.real) {
    lines.push(element("small", {}, {better: "not told from real cells", undecided: "not told from real cells", worse: "told from real cells",
                                     unjudged: "not judged against real cells"}[standing.real]));
  }
  return lines;
}
