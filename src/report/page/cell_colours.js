// How the points of cells look: groups of their own colour and shape, or a scale of colours.
const maxLegend = 24;
const symbols = ["circle", "diamond", "square", "triangle-up"];
const controlNames = ["control", "ctrl", "non-targeting"];

// From pale to deep on paper, from dim to bright on a dark page: in print and to every eye the order is that of lightness.
const scales = {light: [[0, "#d3dae3"], [.35, "#86b4d8"], [.7, "#2b70ad"], [1, "#08264f"]],
                dark: [[0, "#3b434f"], [.35, "#3f78b4"], [.7, "#74b9ee"], [1, "#fff4b8"]]};

// A model looks the same in all figures where models stand side by side.
function modelLook(name) {
  const {series} = colours(), place = Math.max(0, models().findIndex(([model]) => model === name));
  return {color: series[place % series.length], dash: dashes[place % dashes.length], symbol: symbols[(place + 1) % symbols.length]};
}

// {groups: [{label, codes, marker}], of: the code of every cell} or {values, name, unit}.
function colouringOf(cells, state) {
  const c = colours();
  if (state.colour === "gene") {
    const gene = cells.genes.find(({name}) => name === state.gene);
    return {values: numbersOf(gene.values), name: gene.name, unit: data.metrics.find(metric => metric.key === "mae")?.unit ?? "expression"};
  }
  if (state.colour.startsWith("total:")) {
    const total = cells.totals[Number(state.colour.slice(6))];
    return {values: numbersOf(total.values), name: total.name, unit: total.unit};
  }
  if (state.colour === "split") {
    return {of: cells.split, groups: cells.splits.map((label, code) => ({label, codes: [code],
      marker: {color: c.series[code % c.series.length], symbol: symbols[code % symbols.length], opacity: .7}}))};
  }
  return {of: cells.perturbation, groups: perturbationGroups(cells, c)};
}

// The most frequent perturbations have a colour and shape of their own; the others share a faint grey.
function perturbationGroups(cells, c) {
  const counts = cells.perturbations.map(() => 0);
  for (const code of cells.perturbation) if (code >= 0) ++counts[code];
  const isControl = label => controlNames.includes(label.toLowerCase());
  const ranked = cells.perturbations.map((label, code) => ({label, code, control: isControl(label), cells: counts[code]}))
    .filter(entry => entry.cells > 0).sort((a, b) => b.control - a.control || b.cells - a.cells);
  const own = ranked.slice(0, ranked.length > maxLegend ? maxLegend - 1 : maxLegend), rest = ranked.slice(own.length);
  let turn = 0;
  const marker = entry => {
    if (entry.control) return {color: c.grey, symbol: "circle", opacity: .55};
    const place = turn++;
    return {color: c.series[place % c.series.length], symbol: symbols[Math.floor(place / c.series.length) % symbols.length], opacity: .8};
  };
  const groups = own.map(entry => ({label: entry.label, codes: [entry.code], marker: marker(entry)}));
  if (rest.length > 0 || cells.perturbation.some(code => code < 0)) {
    groups.push({label: rest.length > 0 ? `${format(rest.length)} other perturbations` : "no label", codes: [...rest.map(entry => entry.code), -1],
                 marker: {color: c.faint, symbol: "circle", opacity: .55}, faint: true});
  }
  return groups;
}

// The cells of every group, in one pass.
function membersOf(cells, indices, {groups, of}) {
  const place = new Map(groups.flatMap((group, index) => group.codes.map(code => [code, index])));
  const members = groups.map(() => []);
  for (const i of indices) members[place.get(of[i])]?.push(i);
  return members;
}

// The range of a scale: a hundredth of the cells on either side does not stretch it.
function scaleRange(values) {
  const sorted = Float32Array.from(values.filter(isNumber)).sort();
  if (sorted.length === 0) return [0, 1];
  const beyond = Math.floor(sorted.length / 100);
  const [low, high] = [sorted[beyond], sorted[sorted.length - 1 - beyond]];
  return high > low ? [low, high] : [sorted[0], sorted[sorted.length - 1]];
}
