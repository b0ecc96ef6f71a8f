// Correlations of the most variable genes, real beside generated, in one order and on one scale.
const divergingScales = {light: [[0, "#9a3b00"], [.25, "#e9a56b"], [.5, "#f7f7f5"], [.75, "#7fb2d8"], [1, "#00467a"]],
                         dark: [[0, "#ff9450"], [.25, "#8c4f28"], [.5, "#1a1d22"], [.75, "#2f6f9f"], [1, "#7cc7ff"]]};

function drawCorrelations() {
  const correlations = data.correlations;
  if (!correlations) return;
  figure(byId("generated-figure"), {
    name: "correlations", title: "Correlations of genes",
    caption: `Pearson correlations over cells of the ${format(correlations.genes.length)} genes that vary most in training cells. Neighbours in the real cells' order belong together; a gene that a model keeps constant is blank.${agreementSentence()}`,
    draw: width => correlationPanels(correlations, width)});
}

function agreementSentence() {
  const metric = data.metrics.find(({key}) => key === "correlation_agreement");
  const values = [...models(), ["one half of real cells with the other", result.baselines?.split_half ?? {}]].map(([who, entry]) => [who, entry.test?.correlation_agreement]).filter(([, value]) => isNumber(value));
  return metric && values.length > 0 ? ` Agreement with the real ones, over more genes: ${values.map(([who, value]) => `${who} ${format(value)}`).join(", ")}.` : "";
}

function correlationPanels({genes, samples}, width) {
  const labelled = width > 600;  // a phone has no room for names: a touch tells them
  const margin = {l: labelled ? 92 : 34, r: 76, t: 40, b: labelled ? 102 : 40};
  const columns = labelled ? Math.min(samples.length, 3) : 1;
  const gap = 24;
  const side = Math.min((width - margin.l - margin.r - gap * (columns - 1)) / columns, 460);
  if (columns * side + gap * (columns - 1) < width - margin.l - margin.r) margin.r = width - margin.l - columns * side - gap * (columns - 1);
  const grid = panelGrid({width, panels: samples.length, columns, panelHeight: side, gap, rowGap: labelled ? 120 : 70, margin});
  const layout = baseLayout({height: grid.height, margin, annotations: [], coloraxis: {colorscale: divergingScales[theme()], cmin: -1, cmax: 1,
    colorbar: {title: {text: "Pearson r", font: {size: 11}}, thickness: 12, lenmode: "pixels", len: 260, y: 1, yanchor: "top", outlinewidth: 0, tickfont: {size: 11}}}});
  const names = genes.map(plain);
  const traces = samples.map((sample, panel) => {
    const name = axisName("", panel);
    const labels = {showgrid: false, ticks: "", showline: false, tickfont: {size: 8}, type: "category", nticks: Math.max(4, Math.floor(side / 11)), automargin: false};
    const titled = shown => shown ? "genes" : "";
    layout[`xaxis${name}`] = axis(titled(true), {...labels, domain: grid.places[panel].x, anchor: `y${name}`, tickangle: -90, showticklabels: labelled});
    layout[`yaxis${name}`] = axis(titled(panel % columns === 0), {...labels, domain: grid.places[panel].y, anchor: `x${name}`, autorange: "reversed", showticklabels: labelled && panel % columns === 0});
    layout.annotations.push(panelTitle(`<b>${plain(sample.name)}</b>`, grid.places[panel]));
    const values = numbersOf(sample.values);
    return {type: "heatmap", x: names, y: names, z: genes.map((_, row) => Array.from(values.subarray(row * genes.length, (row + 1) * genes.length), r => isNumber(r) ? r : null)),
            xaxis: `x${name}`, yaxis: `y${name}`, coloraxis: "coloraxis", hovertemplate: `%{x}, %{y}<br>r = %{z:.2f}<extra>${plain(sample.name)}</extra>`};
  });
  return {traces, layout};
}
