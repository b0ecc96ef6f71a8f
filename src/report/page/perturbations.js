// The table of perturbations: their cells, and what each model or baseline makes of them, one at a time.
function drawPerturbationTable() {
  const rows = data.perturbations ?? [];
  if (rows.length < 2) return byId("perturbations").remove();
  const counts = Object.keys(rows[0]).filter(key => key !== "label" && key !== "values");
  const values = [...new Set(rows.flatMap(row => Object.keys(row.values ?? {})))];
  if (values.length > 0) byId("perturbations").querySelector("h3").textContent = marked("Perturbations");
  const place = element("div");
  const known = {mse: "MSE", silhouette: "silhouette", knn_purity: "kNN purity", linear_accuracy: "linear accuracy"};
  // Where whole perturbations are held out, those that are judged stand first, whatever the training cells of others.
  const heldOut = counts.includes("test") && rows.some(row => !row.test), sortBy = 1 + counts.indexOf(heldOut ? "test" : "cells");
  const show = (columns, owner) => place.replaceChildren(sortableTable({
    label: "Perturbations", caption: owner || null, columns: [{title: "perturbation", text: true, value: row => row.label}, ...counts.map(key => ({title: key, value: row => row[key] ?? 0})),
              ...columns.map(({name, key}) => ({title: titleOf(key, known), saved: name, note: noteOf(key), value: row => row.values?.[name]}))],
    rows, filterBy: row => row.label, filterLabel: "Find", saved: owner ? `perturbations_${owner}` : "perturbations", pageSize: 10, sortBy, descending: true}));
  const choices = values.length > 0 ? ownerChoice(columnsByOwner(values), show) : show([], "");
  drawPredictions(rows);
  byId("perturbation-table").append(...[choices, place].filter(Boolean));
}
