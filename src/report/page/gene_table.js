// The table of genes, one model or baseline at a time: all columns of all would not fit a page.
function drawGeneTable(genes) {
  const names = Object.keys(genes.columns);
  const real = names.filter(name => name.endsWith("_real")), others = names.filter(name => !real.includes(name));
  const rows = genes.names.map((gene, index) => ({gene, index}));
  const known = {mse: "MSE", r2: "R²", pearson: "Pearson", mean: "mean, made", variance: "variance, made", zero_fraction: "zeros, made", wasserstein: "Wasserstein",
                 zero_fraction_real: "zeros, real", mean_real: "mean, real", variance_real: "variance, real"};
  const place = element("div");
  const show = (own, owner) => place.replaceChildren(sortableTable({
    label: "Genes", caption: owner || null, columns: [{title: "gene", text: true, value: row => row.gene},
              ...[...real.map(name => ({name, key: name})), ...own].map(({name, key}) => ({title: titleOf(key, known), saved: name, note: noteOf(key), value: valueOf(numbersOf(genes.columns[name]))}))],
    rows, filterBy: row => row.gene, filterLabel: "Find a gene", saved: owner ? `genes_${owner}` : "genes"}));
  byId("gene-table").append(element("h3", {}, marked("Table of genes")));
  const choices = others.length > 0 ? ownerChoice(columnsByOwner(others), show) : show([], "");
  byId("gene-table").append(...[choices, place].filter(Boolean));
}

function valueOf(numbers) {
  return row => {
    const value = numbers[row.index];
    return Number.isFinite(value) ? Number(value.toPrecision(4)) : null;
  };
}
