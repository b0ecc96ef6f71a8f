// Moments and zeros per gene, and the table of genes.
const genePanels = [
  {key: "mean", title: "mean", unit: "expression"},
  {key: "variance", title: "variance", unit: "expression²"},
  {key: "zero_fraction", title: "share of zeros", unit: "share of cells"},
];

function drawGenes() {
  const genes = data.genes;
  if (!genes || genes.names.length === 0) return remove("genes");
  const columns = genes.columns;
  const generating = models().map(([name]) => name).filter(name => genePanels.some(panel => columns[`${panel.key}_real`] && columns[`${name}_${panel.key}`]));
  if (generating.length > 0) {
    byId("gene-figures").append(element("p", {class: "intro"}, "Each point is a gene: real test cells against cells that a model made. On the line they agree."));
  }
  const unit = data.metrics.find(metric => metric.key === "mae")?.unit;
  for (const model of generating) {
    const panels = genePanels.filter(panel => columns[`${panel.key}_real`] && columns[`${model}_${panel.key}`]);
    figure(byId("gene-figures"), {name: `genes-${model}`, title: `${model}: moments and zeros per gene`,
      caption: `${count(genes.names.length, "gene")}${unit ? `, in ${unit}` : ""}; r is Pearson's correlation over genes. ${zeroRule(panels)}`,
      draw: width => geneFigure(genes, model, panels, width)});
  }
  drawGeneTable(genes);
}

// A linear output is never exactly zero, so zeros are what lies near it: the run's registry says how near.
function zeroRule(panels) {
  const limit = data.metrics.find(metric => metric.key === "zero_fraction_error")?.definition.match(/\|x\| < ([\d.]*\d)/)?.[1];
  return limit && panels.some(panel => panel.key === "zero_fraction") ? `Zeros are values below ${limit} in size.` : "";
}

function geneFigure(genes, model, panels, width) {
  const c = colours(), look = modelLook(model);
  const zeros = genes.columns.zero_fraction_real && genes.columns[`${model}_zero_fraction`] && genes.columns.mean_real && genes.columns[`${model}_mean`];
  const number = panels.length + (zeros ? 1 : 0);
  const margin = {l: 58, r: 16, t: 44, b: 52};
  const columns = Math.min(number, width > 1000 ? 4 : width > 560 ? 2 : 1);
  const gap = 70;
  const panelWidth = (width - margin.l - margin.r - gap * (columns - 1)) / columns;
  const grid = panelGrid({width, panels: number, columns, panelHeight: Math.min(Math.max(panelWidth, 200), 320), gap, rowGap: 100, margin});
  const layout = baseLayout({height: grid.height, margin, annotations: [], showlegend: false});
  const type = scatterType(genes.names.length * number);
  const marker = {size: genes.names.length > 2000 ? 3 : 4.5, opacity: .6};
  const labels = genes.names.map(plain);
  const traces = [];
  panels.forEach((panel, index) => {
    const name = axisName("", index);
    const x = numbersOf(genes.columns[`${panel.key}_real`]), y = numbersOf(genes.columns[`${model}_${panel.key}`]);
    const [low, high] = extent([...x, ...y]);
    traces.push({type: "scatter", mode: "lines", x: [low, high], y: [low, high], xaxis: `x${name}`, yaxis: `y${name}`, hoverinfo: "skip", showlegend: false,
                 line: {color: c.soft, width: 1, dash: "dot"}},
                {type, mode: "markers", x, y, text: labels, xaxis: `x${name}`, yaxis: `y${name}`, showlegend: false, marker: {...marker, color: look.color},
                 hovertemplate: "<b>%{text}</b><br>real %{x:.4g}<br>generated %{y:.4g}<extra></extra>"});
    layout[`xaxis${name}`] = axis(`real (${panel.unit})`, {domain: grid.places[index].x, anchor: `y${name}`});
    layout[`yaxis${name}`] = axis(`${plain(model)} (${panel.unit})`, {domain: grid.places[index].y, anchor: `x${name}`});
    const r = correlation(x, y);
    layout.annotations.push(panelTitle(`<b>${panel.title}</b>${r === null ? "" : `  r = ${r.toFixed(3)}`}`, grid.places[index]));
  });
  if (zeros) {
    const name = axisName("", panels.length);
    const place = grid.places[panels.length];
    const series = [["real", "mean_real", "zero_fraction_real", c.grey, "circle"], [model, `${model}_mean`, `${model}_zero_fraction`, look.color, "diamond"]];
    for (const [label, mean, zero, color, symbol] of series) {
      traces.push({type, mode: "markers", name: plain(label), showlegend: true, x: numbersOf(genes.columns[mean]), y: numbersOf(genes.columns[zero]), text: labels, xaxis: `x${name}`, yaxis: `y${name}`,
                   marker: {...marker, color, symbol}, hovertemplate: `<b>%{text}</b>, ${plain(label)}<br>mean %{x:.4g}<br>zeros %{y:.4g}<extra></extra>`});
    }
    layout[`xaxis${name}`] = axis("mean (expression)", {domain: place.x, anchor: `y${name}`});
    layout[`yaxis${name}`] = axis("share of zeros", {domain: place.y, anchor: `x${name}`});
    layout.annotations.push(panelTitle("<b>zeros against mean</b>", place));
    layout.showlegend = true;
    layout.legend = {x: place.x[1], y: place.y[1], xanchor: "right", yanchor: "top", font: {size: 11}, bgcolor: "rgba(0,0,0,0)"};
  }
  return {traces, layout};
}

function correlation(x, y) {
  const pairs = Array.from(x, (value, i) => [value, y[i]]).filter(([a, b]) => isNumber(a) && isNumber(b));
  const mean = index => pairs.reduce((sum, pair) => sum + pair[index], 0) / pairs.length;
  const [mx, my] = [mean(0), mean(1)];
  let xy = 0, xx = 0, yy = 0;
  for (const [a, b] of pairs) {
    xy += (a - mx) * (b - my);
    xx += (a - mx) ** 2;
    yy += (b - my) ** 2;
  }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : null;
}
