// The page, section by section.
drawHead();
drawComparison();
drawTraining();
drawCells();
drawGenerated();
drawGenes();
drawRun();
paintAll();

// The bar shows where the reader is.
const seen = new IntersectionObserver(entries => {
  for (const {target, isIntersecting} of entries) {
    const link = document.querySelector(`.bar a[href="#${target.id}"]`);
    if (isIntersecting) link?.setAttribute("aria-current", "true");
    else link?.removeAttribute("aria-current");
  }
}, {rootMargin: "-20% 0px -70% 0px"});
document.querySelectorAll("main section").forEach(section => seen.observe(section));
