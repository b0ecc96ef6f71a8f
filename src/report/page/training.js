// Loss curves: for each model a panel for every kind of quantity that was recorded.
const panelKinds = [
  {title: "Loss", names: ["loss"], log: true},
  {title: "Reconstruction", names: ["reconstruction"], log: true},
  {title: "KL divergence", names: ["kl"], log: true},
  {title: "Weight of the KL term", names: ["kl_weight"], zero: true},
  {title: "Adversarial losses", names: ["discriminator", "generator"]},
  {title: "Penalties", names: ["penalty", "sparsity"], log: true},
  {title: "Critic's output", names: ["real_score", "generated_score"]},
  {title: "Gap of the critic's outputs", names: ["critic_gap"]},
  {title: "Spectral norms of the critic", prefix: "sigma_"},
  {title: "Norm of the gradient", names: ["gradient_norm", "generator_gradient_norm", "critic_gradient_norm"], log: true},
  {title: "Zeros of generated cells", names: ["zero_share"]},
  {title: "Learning rate", names: ["learning_rate", "generator_learning_rate", "critic_learning_rate"], zero: true},
];

const quantityAxes = {kl: "nats", kl_weight: "weight", gradient_norm: "norm", generator_gradient_norm: "norm", critic_gradient_norm: "norm",
                      critic_gap: "real − generated", zero_share: "share", learning_rate: "rate", generator_learning_rate: "rate", real_score: "mean output",
                      sigma_: "largest singular value", penalty: "unweighted value"};

// What a curve is called within its panel.
const curveNames = {real_score: "real cells", generated_score: "generated cells", generator_learning_rate: "generator", critic_learning_rate: "critic",
                    generator_gradient_norm: "generator", critic_gradient_norm: "critic"};

function curveName(name) {
  const layer = name.match(/^sigma_(\d+)$/);
  return layer ? `layer ${Number(layer[1]) + 1}` : curveNames[name] ?? words(name);
}

// Lines that are told apart without their colours.
const dashes = ["solid", "5px,3px", "1.5px,2.5px", "8px,3px,2px,3px", "12px,4px"];

function panelsOf(curves) {
  const left = new Set(curves.map(curve => curve.name));
  const panels = [];
  for (const kind of panelKinds) {
    const names = [...left].filter(name => kind.prefix ? name.startsWith(kind.prefix) : kind.names.includes(name));
    if (names.length === 0) continue;
    names.forEach(name => left.delete(name));
    panels.push({...kind, curves: curves.filter(curve => names.includes(curve.name))});
  }
  for (const name of left) panels.push({title: capital(words(name)), quantity: words(name), curves: curves.filter(curve => curve.name === name)});
  return panels;
}

function drawTraining() {
  const recorded = Object.entries(data.curves ?? {}).filter(([, curves]) => curves.length > 0);
  if (recorded.length === 0) return remove("training");
  const redraws = [];
  for (const [model, curves] of recorded) {
    const entry = result.models?.[model] ?? {};
    const facts = [typeNames[entry.type] ?? entry.type, isNumber(entry.epochs) ? count(entry.epochs, "epoch") : null,
                   entry.stopped_early === true ? "stopped early" : null,
                   hasBestEpoch(model) ? `lowest validation ${words(entry.monitor ?? "loss")} after ${count(entry.best_epoch + 1, "epoch")}` : null];
    byId("training-figures").append(element("h3", {}, model, element("small", {}, facts.filter(Boolean).join(" · "))));
    const grid = element("div", {class: "panels"});
    byId("training-figures").append(grid);
    panelsOf(curves).forEach((panel, index) => {
      const name = `training-${model}-${index}`;
      redraws.push(figure(grid, {name, title: `${model} · ${panel.title}`, small: true, draw: () => trainingPanel(panel)}).redraw);
    });
  }
  byId("logarithmic").addEventListener("change", () => redraws.forEach(redraw => redraw()));
}

// Without validation no epoch is the best one.
function hasBestEpoch(model) {
  return isNumber(result.models?.[model]?.best_epoch) && (data.curves?.[model] ?? []).some(curve => curve.split === "validation");
}

function trainingPanel(panel) {
  const c = colours();
  const names = [...new Set(panel.curves.map(curve => curve.name))];
  const splits = [...new Set(panel.curves.map(curve => curve.split))];
  const traces = panel.curves.map(curve => {
    const index = names.length > 1 ? names.indexOf(curve.name) : splits.indexOf(curve.split);
    const label = names.length > 1 ? curveName(curve.name) : curve.split;
    const dash = dashes[(splits.length > 1 ? splits.indexOf(curve.split) : index) % dashes.length];
    return {type: "scatter", mode: curve.x.length > 1 ? "lines" : "markers", x: curve.x, y: curve.y, name: plain(label),
            showlegend: names.length === 1 || curve.split === splits[0],
            line: {color: c.series[index % c.series.length], width: 1.8, dash},
            hovertemplate: `${curve.axis} %{x}: %{y:.5g}<extra>${plain(names.length > 1 ? `${label}, ${curve.split}` : label)}</extra>`};
  });
  const positive = panel.curves.every(curve => curve.y.every(value => value === null || value > 0));
  const logarithmic = panel.log && positive && byId("logarithmic").checked;
  const quantity = quantityAxes[panel.prefix ?? names[0]] ?? panel.quantity ?? "loss";
  return {traces, layout: baseLayout({
    height: 250, margin: {l: 56, r: 14, t: 34, b: 44}, showlegend: traces.length > 1, hovermode: "x unified",
    legend: {orientation: "h", x: 0, y: 1.02, yanchor: "bottom", font: {size: 11}, bgcolor: "rgba(0,0,0,0)"},
    xaxis: epochAxis(panel.curves[0].axis, panel.curves),
    yaxis: logarithmic ? logarithmicAxis(quantity, panel.curves) : axis(quantity, {exponentformat: "power", ...(panel.zero ? {rangemode: "tozero"} : {})}),
  })};
}
