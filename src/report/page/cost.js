// Time and memory: of stages, of training, of its phases.
function drawStages(column) {
  const stages = Object.entries(result.stages ?? {}).filter(([, value]) => isNumber(value));
  if (stages.length === 0) return;
  const memory = data.provenance?.peak_memory_bytes_after ?? {};
  const longest = Math.max(...stages.map(([, value]) => value)), total = stages.reduce((sum, [, value]) => sum + value, 0);
  const bars = element("div", {class: "bars"});
  for (const [stage, value] of stages) {
    const bar = element("i");
    bar.style.width = `${100 * value / (longest || 1)}%`;
    bars.append(element("span", {}, words(stage)), bar, element("span", {}, seconds(value)), element("span", {}, isNumber(memory[stage]) ? bytes(memory[stage]) : ""));
  }
  const peak = isNumber(result.peak_memory_bytes) && result.peak_memory_bytes > 0 ? `, peak memory ${bytes(result.peak_memory_bytes)}` : "";
  const note = Object.keys(memory).length > 0 ? " The memory of a stage is the largest that the process had held when it ended." : "";
  column("Time and memory by stage", bars, element("p", {class: "note"}, `${seconds(total)} together${peak}.${note}`));
}

function drawCost() {
  const costs = {train_seconds: ["training", seconds], steps: ["steps", format], step_microseconds: ["per step", value => seconds(value * 1e-6)],
                 cells_per_second: ["cells per second", value => format(Math.round(value))]};
  const trained = models().filter(([, entry]) => entry.cost || isNumber(entry.parameters));
  if (trained.length === 0) return;
  const cells = (name, entry) => [entry.parameters, entry.epochs].map(value => isNumber(value) ? format(value) : "–")
    .map((text, column) => column === 1 && entry.stopped_early === true ? `${text}, stopped early` : text)
    .concat(hasBestEpoch(name) ? count(entry.best_epoch + 1, "epoch") : "–")  // "epoch 3" would be the axes', which begin at 0
    .concat(Object.entries(costs).map(([key, [, show]]) => isNumber(entry.cost?.[key]) ? show(entry.cost[key]) : "–"));
  const heads = ["", "parameters", "epochs", "best after", ...Object.values(costs).map(([title]) => title)];
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
