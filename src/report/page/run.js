// What was run, on what, and how long it took.
const dataNames = {nonzeros: "non-zero values", train: "training cells", validation: "validation cells", test: "test cells",
                   perturbations: "perturbations, without the control"};

function drawRun() {
  const column = (title, ...content) => byId("run-facts").append(element("div", {}, element("h3", {}, title), ...content));
  if (result.data) column("Data", facts(Object.fromEntries(Object.entries(result.data).map(([key, value]) => [dataNames[key] ?? key, value]))));
  const stages = Object.entries(result.stages ?? {}).filter(([, value]) => isNumber(value));
  if (stages.length > 0) {
    const longest = Math.max(...stages.map(([, value]) => value)), total = stages.reduce((sum, [, value]) => sum + value, 0);
    const bars = element("div", {class: "bars"});
    for (const [stage, value] of stages) {
      const bar = element("i");
      bar.style.width = `${100 * value / (longest || 1)}%`;
      bars.append(element("span", {}, words(stage)), bar, element("span", {}, seconds(value)));
    }
    const memory = isNumber(result.peak_memory_bytes) && result.peak_memory_bytes > 0 ? `, peak memory ${bytes(result.peak_memory_bytes)}` : "";
    column("Time by stage", bars, element("p", {class: "note"}, `${seconds(total)} together${memory}.`));
  }
  drawCost();
  const details = (title, content, open = false) => byId("run-details").append(element("details", {open}, element("summary", {}, title), content));
  const defined = data.metrics.filter(metric => metric.definition);
  if (defined.length > 0) {
    details("How the metrics are defined", element("dl", {}, ...defined.flatMap(metric =>
      [element("dt", {}, capital(metric.label)), element("dd", {}, metric.definition)])));
  }
  if (data.config) details("Configuration", configuration(data.config));
  if (data.provenance) details("Provenance", facts(data.provenance));
}

function drawCost() {
  const costs = {train_seconds: ["training", seconds], steps: ["steps", format], step_microseconds: ["per step", value => seconds(value * 1e-6)],
                 cells_per_second: ["cells per second", value => format(Math.round(value))]};
  const trained = models().filter(([, entry]) => entry.cost || isNumber(entry.parameters));
  if (trained.length === 0) return;
  const cells = (name, entry) => [entry.parameters, entry.epochs, hasBestEpoch(name) ? entry.best_epoch : null]
    .map(value => isNumber(value) ? format(value) : "–")
    .concat(Object.entries(costs).map(([key, [, show]]) => isNumber(entry.cost?.[key]) ? show(entry.cost[key]) : "–"));
  const heads = ["", "parameters", "epochs", "best epoch", ...Object.values(costs).map(([title]) => title)];
  drawPhases(trained);
  costTable("Cost of training", heads, trained.map(([name, entry]) => [name, ...cells(name, entry)]));
}

// Shares of the time that the phase timer saw, with its seconds. On a GPU it sees sample steps.
function drawPhases(trained) {
  const timed = trained.filter(([, entry]) => Object.values(entry.cost?.phases ?? {}).some(value => value > 0));
  if (timed.length === 0) return;
  const phases = Object.keys(timed[0][1].cost.phases);
  costTable("Time by phase of training", ["", ...phases.map(words), "together"], timed.map(([name, entry]) => {
    const values = phases.map(phase => entry.cost.phases[phase] ?? 0), total = values.reduce((sum, value) => sum + value, 0);
    return [name, ...values.map(value => `${format(Math.round(1000 * value / total) / 10)} %`), seconds(total)];
  }), timed.filter(([, entry]) => isNumber(entry.cost.phase_samples)).map(([name, entry]) =>
    `${name}: steps run as recorded graphs; their time is divided as that of ${entry.cost.phase_samples} sample steps outside the graph.`));
}

function costTable(title, heads, rows, notes = []) {
  byId("run-facts").after(element("h3", {}, title),
    element("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": title}, element("table", {},
      element("thead", {}, element("tr", {}, ...heads.map(head => element("th", {scope: "col"}, head)))),
      element("tbody", {}, ...rows.map(([name, ...texts]) => element("tr", {}, element("th", {scope: "row"}, name),
        ...texts.map(text => element("td", {}, text))))))), ...notes.map(note => element("p", {class: "note"}, note)));
}

// Any JSON as nested pairs.
function facts(value) {
  if (Array.isArray(value)) return value.every(item => typeof item !== "object") ? value.join(", ") : element("div", {}, ...value.map(facts));
  if (value !== null && typeof value === "object") {
    return element("dl", {}, ...Object.entries(value).flatMap(([key, item]) => [element("dt", {}, words(key)), element("dd", {}, facts(item))]));
  }
  return typeof value === "number" ? format(value) : String(value);
}

// YAML with its keys and remarks in colour.
function configuration(text) {
  const pre = element("pre", {tabindex: "0"});
  for (const line of text.split("\n")) {
    const [, indent, key, rest] = line.match(/^(\s*(?:- )?)([\w.-]+:)?(.*)$/);
    const remark = rest.search(/(^|\s)#/);
    pre.append(indent, key ? element("span", {class: "key"}, key) : "", remark < 0 ? rest : rest.slice(0, remark),
               remark < 0 ? "" : element("span", {class: "remark"}, rest.slice(remark)), "\n");
  }
  const copy = element("button", {type: "button", onclick: async () => {
    try {
      await navigator.clipboard.writeText(text);
      copy.textContent = "Copied";
    } catch {  // the browser does not allow it: the reader's own keys do
      getSelection().selectAllChildren(pre);
      copy.textContent = "Selected";
    }
  }}, "Copy");
  return element("div", {}, navigator.clipboard ? element("div", {class: "controls"}, copy) : null, pre);
}
