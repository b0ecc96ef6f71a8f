// Library size and detected genes of real cells, of two halves of them, and of generated ones.
const totalMetrics = {"library size": "library_size_wasserstein", "detected genes": "genes_per_cell_wasserstein"};

function drawTotals() {
  const totals = data.totals;
  if (!totals) return;
  figure(byId("generated-figure"), {
    name: "totals", title: "Library size and detected genes",
    caption: `Shares of cells in equal steps, the outermost with what lies beyond. Library size is the sum of the selected genes' normalized counts; a gene is detected from 0.05. ` +
      `The thin dotted lines are two random halves of the test cells: what chance alone does. ${notFiniteSentence(totals)}${distanceSentence(totals)}`,
    draw: width => totalPanels(totals, width)});
}

// Cells whose total is no number are in no step: e to the power of a large value is infinite.
function notFiniteSentence(totals) {
  const parts = totals.flatMap(total => total.samples.filter(sample => sample.not_finite > 0)
    .map(sample => `${count(sample.not_finite, "cell")} of ${sample.name} (${total.name})`));
  return parts.length > 0 ? `Not shown, for their total is not finite: ${parts.join(", ")}. ` : "";
}

function distanceSentence(totals) {
  const parts = totals.map(({name}) => {
    const key = totalMetrics[name];
    const values = [...models(), ["two halves of real cells", result.baselines?.split_half ?? {}]].map(([who, entry]) => [who, entry.test?.[key]]).filter(([, value]) => isNumber(value));
    return values.length > 0 ? `${name}: ${values.map(([who, value]) => `${who} ${format(value)}`).join(", ")}` : null;
  }).filter(Boolean);
  return parts.length > 0 ? `Wasserstein distances to test cells: ${parts.join("; ")}.` : "";
}

function totalPanels(totals, width) {
  const c = colours();
  const labels = totals[0].samples.map(sample => sample.name);
  const columns = width > 640 ? totals.length : 1;
  const margin = {l: 60, r: 16, t: 40, b: 66 + 19 * legendRows(labels, width - 70)};
  const grid = panelGrid({width, panels: totals.length, columns, panelHeight: 260, margin});
  const layout = baseLayout({height: grid.height, margin, annotations: [],
    legend: {orientation: "h", x: 0, y: -54 / (grid.height - margin.t - margin.b), yanchor: "top", font: {size: 11}, bgcolor: "rgba(0,0,0,0)"}});
  const traces = totals.flatMap((total, panel) => {
    const name = axisName("", panel);
    layout[`xaxis${name}`] = axis(`${total.name} (${total.unit})`, {domain: grid.places[panel].x, anchor: `y${name}`});
    layout[`yaxis${name}`] = axis("share of cells", {domain: grid.places[panel].y, anchor: `x${name}`, rangemode: "tozero"});
    layout.annotations.push(panelTitle(`<b>${capital(plain(total.name))}</b>`, grid.places[panel]));
    return total.samples.map(sample => {
      const x = sample.shares.map((_, bin) => total.low + (bin + .5) * total.width);
      const {color, dash} = modelLook(sample.name);
      const look = {real: {line: {color: c.grey, width: 1, shape: "hvh"}, fill: "tozeroy", fillcolor: c.faint + "88"},
                    half: {line: {color: c.ink, width: 1, shape: "hvh", dash: "dot"}},
                    generated: {line: {color, dash, width: 2, shape: "hvh"}}}[sample.kind];
      return {type: "scatter", mode: "lines", name: plain(sample.name), legendgroup: sample.name, showlegend: panel === 0, x, y: sample.shares, xaxis: `x${name}`, yaxis: `y${name}`,
              ...look, hovertemplate: `${plain(sample.name)}<br>%{x:.4g}: %{y:.3g}<extra></extra>`};
    });
  });
  return {traces, layout};
}
