// Writes reports of runs that the browser test looks at: report_sample FOLDER makes FOLDER/<kind>.html.
//   plain    three models, cells with expression
//   hostile  names that are markup, for the run, perturbations and genes
//   large    enough cells for WebGL, thousands of perturbations and genes
//   huge     200,000 cells, all shown
//   single   an autoencoder alone, as for a file without labels, that differs from PCA in no cell
//   predicting  the same with predictions, and a baseline that predicts few perturbations
//   wide     the same with a long name and more metrics of predictions than a page is wide for
#include <cstdio>
#include <filesystem>

#include "run_sample.h"
#include "sparcell/report.h"

namespace {

constexpr const char* hostile = "</script><img src=x onerror=alert(1)>&\"'";

sparcell::RunSample sample_of(const std::string& kind) {
  sparcell::RunSample run;
  run.name = kind;
  run.cells = 240;
  run.epochs = 12;
  run.stops_early = kind == "plain";
  run.expression = kind == "plain" || kind == "hostile";
  if (kind == "hostile") run.name = run.perturbation = run.gene = hostile;
  if (kind == "large") {
    run.cells = 30000;
    run.perturbations = 3000;
    run.genes = 5000;
  }
  if (kind == "huge") {
    run.cells = 200000;
    run.genes = 60;
    run.expression = true;
  }
  if (kind == "single" || kind == "predicting" || kind == "wide") {
    run.models.resize(1);
    run.perturbations = kind == "wide" ? 6 : 1;
  }
  run.nothing_differs = kind == "single";
  run.predictions = kind == "predicting" || kind == "wide";
  run.more_metrics = kind == "wide";
  if (kind == "wide") run.genes = 40;  // more than a page of their table
  if (kind == "wide") run.models[0].first = "an_autoencoder_whose_name_is_longer_than_its_panel";
  return run;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return 2;
  sparcell::Log quiet([](auto, const std::string&) {});
  for (const std::string kind : {"plain", "hostile", "large", "huge", "single", "predicting", "wide"}) {
    const std::string folder = std::string(arguments[1]) + "/" + kind;
    std::filesystem::create_directories(folder);
    sparcell::write_run(folder, sample_of(kind));
    const sparcell::ReportOptions options{.max_points = kind == "huge" ? 200000 : 20000};
    sparcell::write_report(folder, folder + ".html", options, quiet);
    std::puts((folder + ".html").c_str());
  }
}
