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
  const margin = {l: width > 600 ? 74 : 20, r: 76, t: 40, b: width > 600 ? 84 : 24};
  const columns = width > 600 ? Math.min(samples.length, 3) : 1;
  const gap = 24;
  const side = Math.min((width - margin.l - margin.r - gap * (columns - 1)) / columns, 460);
  if (columns * side + gap * (columns - 1) < width - margin.l - margin.r) margin.r = width - margin.l - columns * side - gap * (columns - 1);
  const grid = panelGrid({width, panels: samples.length, columns, panelHeight: side, gap, rowGap: width > 600 ? 110 : 56, margin});
  const layout = baseLayout({height: grid.height, margin, annotations: [], coloraxis: {colorscale: divergingScales[theme()], cmin: -1, cmax: 1,
    colorbar: {title: {text: "Pearson r", font: {size: 11}}, thickness: 12, len: .8, outlinewidth: 0, tickfont: {size: 11}}}});
  const names = genes.map(plain);
  const traces = samples.map((sample, panel) => {
    const name = axisName("", panel);
    const labels = {showgrid: false, ticks: "", showline: false, tickfont: {size: 8}, type: "category", nticks: Math.max(4, Math.floor(side / 11)), title: {text: ""}};
    layout[`xaxis${name}`] = axis("", {...labels, domain: grid.places[panel].x, anchor: `y${name}`, tickangle: -90, showticklabels: width > 600, automargin: false});
    layout[`yaxis${name}`] = axis("", {...labels, domain: grid.places[panel].y, anchor: `x${name}`, autorange: "reversed", showticklabels: width > 600 && panel % columns === 0, automargin: false});
    layout.annotations.push(panelTitle(`<b>${plain(sample.name)}</b>`, grid.places[panel]));
    const values = numbersOf(sample.values);
    return {type: "heatmap", x: names, y: names, z: genes.map((_, row) => Array.from(values.subarray(row * genes.length, (row + 1) * genes.length), r => isNumber(r) ? r : null)),
            xaxis: `x${name}`, yaxis: `y${name}`, coloraxis: "coloraxis", hovertemplate: `%{x}, %{y}<br>r = %{z:.2f}<extra>${plain(sample.name)}</extra>`};
  });
  return {traces, layout};
}
