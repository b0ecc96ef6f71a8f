// The page, section by section: words and tables at once, what needs the page's arrays when they are unpacked.
drawHead();
drawComparison();
drawTraining();
drawRun();

async function drawFigures() {
  try {
    await loadArrays();
  } catch (error) {
    for (const id of ["cells", "generated", "genes"]) byId(id).append(element("p", {class: "failed"}, `Nothing can be drawn here: ${error.message}.`));
    return paintAll();
  }
  drawCells();
  drawGenerated();
  drawGenes();
  return paintAll();
}
drawFigures();

// The bar shows where the reader is.
const seen = new IntersectionObserver(entries => {
  for (const {target, isIntersecting} of entries) {
    const link = document.querySelector(`.bar a[href="#${target.id}"]`);
    if (isIntersecting) link?.setAttribute("aria-current", "true");
    else link?.removeAttribute("aria-current");
  }
}, {rootMargin: "-20% 0px -70% 0px"});
document.querySelectorAll("main section").forEach(section => seen.observe(section));
