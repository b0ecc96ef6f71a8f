// Latent spaces and principal components: the section's controls. What points look like is cell_colours.js, where they are cell_panels.js.
function drawCells() {
  drawPerturbationTable();
  const cells = data.cells;
  if (!cells || cells.spaces.length === 0) {
    if (!data.perturbations) return remove("cells");
    return byId("cell-controls").remove();
  }
  const shown = shownCells(cells);
  const state = {split: "", highlight: "", colour: "perturbation", gene: cells.genes?.[0]?.name ?? ""};
  const left = cells.total > shown.count ? `${format(shown.count)} of ${format(cells.total)} cells are shown, drawn at random.` : `All ${format(shown.count)} cells are shown.`;
  const made = figure(byId("cell-figure"), {
    name: "cell-scatter", title: cells.perturbations.length > 0 ? "Cells in principal components and latent spaces" : "Cells",
    caption: `${left} Press a name in a legend to hide it, twice to see it alone.`, draw: width => cellPanels(shown, state, width)});
  drawCellControls(cells, state, made.redraw);
}

// What is shown, with typed columns: 200,000 cells are not copied for every drawing.
function shownCells(cells) {
  const perturbation = numbersOf(cells.perturbation), split = numbersOf(cells.split);
  const hover = new Map();
  const text = (p, s) => {
    const key = p * (cells.splits.length + 1) + s;
    if (!hover.has(key)) hover.set(key, [cells.perturbations[p], cells.splits[s]].filter(part => part !== undefined).map(plain).join("<br>"));
    return hover.get(key);
  };
  return {...cells, perturbation, split, count: perturbation.length, spaces: cells.spaces.map(space => ({...space, x: numbersOf(space.x), y: numbersOf(space.y)})),
          text: Array.from(perturbation, (p, i) => text(p, split[i]))};
}

function drawCellControls(cells, state, redraw) {
  const bar = byId("cell-controls");
  const set = (key, value) => { state[key] = value; redraw(); };
  const colourings = [cells.perturbations.length > 0 ? ["perturbation", "perturbation"] : null, cells.splits.length > 1 ? ["split", "split"] : null,
                      ...(cells.totals ?? []).map((total, index) => [`total:${index}`, total.name]),
                      cells.genes?.length > 0 ? ["gene", "a gene"] : null, data.generated ? ["model", "model"] : null].filter(Boolean);
  if (colourings.length > 0) state.colour = colourings[0][0];
  if (colourings.length > 1) {
    const genes = element("label", {hidden: true}, "Gene", element("input", {type: "search", id: "gene-colour", list: "gene-names", value: state.gene, onchange: event => {
      const found = cells.genes.find(gene => gene.name.toLowerCase() === event.target.value.trim().toLowerCase());
      event.target.setCustomValidity(found ? "" : `The page carries ${count(cells.genes.length, "gene")}, and not this one.`);
      event.target.reportValidity();
      if (found) set("gene", found.name);
    }}), element("datalist", {id: "gene-names"}, ...(cells.genes ?? []).map(gene => element("option", {value: gene.name}))));
    bar.append(element("label", {}, "Colour by", element("select", {id: "cell-colour", onchange: event => {
      genes.hidden = event.target.value !== "gene";
      set("colour", event.target.value);
    }}, ...colourings.map(([value, title]) => element("option", {value}, title)))), genes);
  }
  if (cells.splits.length > 1)
    bar.append(choice("Cells shown", [{value: "", title: "all"}, ...cells.splits.map(split => ({value: split, title: split}))], "", split => set("split", split)));
  if (cells.perturbations.length > 1) {
    bar.append(element("label", {}, "Find", element("input", {type: "search", id: "highlight", list: "perturbation-names", placeholder: "a perturbation",
      onchange: event => set("highlight", event.target.value)})),
      element("datalist", {id: "perturbation-names"}, ...cells.perturbations.map(label => element("option", {value: label}))));
  }
}
