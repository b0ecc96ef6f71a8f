#include <algorithm>
#include <cctype>

#include "config/check.h"

namespace sparcell::config {
namespace {

constexpr double rounding = 1e-9;  // 0.7 + 0.15 + 0.15 may be a little above 1

bool is_device(const std::string& device) {
  if (device == "auto" || device == "cpu" || device == "cuda") return true;
  const std::string_view number = std::string_view(device).substr(std::min<std::size_t>(5, device.size()));
  return device.starts_with("cuda:") && !number.empty() && number.size() < 4 &&
         std::all_of(number.begin(), number.end(), [](unsigned char c) { return std::isdigit(c); });
}

void check_top(const Experiment& e, Checker& checker) {
  const bool bad_name = e.name.empty() || e.name.front() == '.' || e.name.find('/') != std::string::npos;
  checker.refuse_if(bad_name && checker.sound("name"), "name",
                    "name is '{}', but must be the name of a folder: no slash, no dot in front", e.name);
  checker.refuse_if(!is_device(e.device) && checker.sound("device"), "device",
                    "device must be auto, cpu, cuda or cuda:N, not '{}'", e.device);
  if (!checker.sound("device")) return;
  const bool on_cpu = e.device == "cpu";
  checker.refuse_if(
      on_cpu && e.products.precision == Precision::tf32 && checker.sound("precision"), "precision",
      "precision tf32 is a GPU's, and device is cpu; use precision: f32 or bf16, or device: cuda");
  checker.refuse_if(e.products.plan.empty() && checker.sound("products"), "products.plan",
                    "products.plan is empty; write heuristic, or a file of sparcell tune");
  checker.refuse_if(
      on_cpu && e.products.has_plan() && checker.sound("products"), "products.plan",
      "products.plan names a plan for a GPU, and device is cpu; use products.plan: heuristic, or "
      "device: cuda");
}

void check_read(const ReadOptions& read, const LoadOptions& options, Checker& checker) {
  checker.refuse_if(options.needs_path && read.path.empty(), "read.path",
                    "read.path is not set; name the data file there or on the command line (read.path=FILE)");
  checker.refuse_if(read.fractional_counts && read.counts.empty(), "read.fractional_counts",
                    "read.fractional_counts is of the matrix that read.counts names: X, raw or layers/NAME");
  const PerturbationOptions& labels = read.perturbation;
  checker.refuse_if(
      labels.preset == LabelPreset::none &&
          !(labels.column.empty() && labels.separator.empty() && labels.controls.empty()),
      "read.perturbation.preset",
      "read.perturbation.preset none reads no labels, but column, separator or controls say how to");
}

void check_filter(const FilterOptions& filter, Checker& checker) {
  checker.refuse_if(filter.max_genes > 0 && filter.max_genes < filter.min_genes, "filter.max_genes",
                    "filter.max_genes ({}) is below filter.min_genes ({}): no cell can be kept",
                    filter.max_genes, filter.min_genes);
  checker.refuse_if(filter.max_counts > 0 && filter.max_counts < filter.min_counts, "filter.max_counts",
                    "filter.max_counts ({}) is below filter.min_counts ({}): no cell can be kept",
                    filter.max_counts, filter.min_counts);
  const std::vector<std::string>& labels = filter.perturbations;
  checker.refuse_if(labels.empty(), "filter.perturbations",
                    "filter.perturbations is empty; write all to keep every one");
  for (const char* word : {"all", "single"}) {
    checker.refuse_if(labels.size() > 1 && std::count(labels.begin(), labels.end(), word) > 0,
                      "filter.perturbations", "filter.perturbations: '{}' cannot stand beside other labels",
                      word);
  }
  for (const auto& [column, values] : filter.obs) {
    checker.refuse_if(values.empty(), "filter.obs", "filter.obs.{} lists no value: no cell can be kept",
                      column);
  }
}

void check_split(const SplitOptions& split, Checker& checker) {
  const bool drawn = split.by == SplitBy::cell || split.by == SplitBy::perturbation;
  const double sum = split.train + split.validation + split.test;
  checker.refuse_if(drawn && sum > 1 + rounding, "split",
                    "split.train, split.validation and split.test sum to {:.6g}, above 1", sum);
  checker.refuse_if(drawn && split.train == 0, "split.train",
                    "split.train is 0: there would be no cell to train on");
  checker.refuse_if(drawn && split.test == 0, "split.test",
                    "split.test is 0: there would be no cell to judge models on");
  checker.refuse_if(split.stratify && split.by != SplitBy::cell, "split.stratify",
                    "split.stratify draws within perturbations and needs split.by cell, not {}",
                    name_of(split.by));
  const bool by_perturbation = split.by == SplitBy::perturbation;
  checker.refuse_if(split.hold_out != HoldOut::any && !by_perturbation, "split.hold_out",
                    "split.hold_out {} holds perturbations out and needs split.by perturbation, not {}",
                    name_of(split.hold_out), name_of(split.by));
  checker.refuse_if(split.seen && !(by_perturbation && split.hold_out == HoldOut::doubles), "split.seen",
                    "split.seen chooses among doubles and needs split.hold_out doubles, not {}",
                    name_of(split.hold_out));
  checker.refuse_if(split.by == SplitBy::column && split.column.empty(), "split.by",
                    "split.by column needs split.column, the obs column to take the split from");
  checker.refuse_if(split.by != SplitBy::column && !split.column.empty(), "split.column",
                    "split.column is only read with split.by column, not {}", name_of(split.by));
  checker.refuse_if(split.by == SplitBy::file && split.file.empty(), "split.by",
                    "split.by file needs split.file, a split.csv of an earlier run");
  checker.refuse_if(split.by != SplitBy::file && !split.file.empty(), "split.file",
                    "split.file is only read with split.by file, not {}", name_of(split.by));
}

void check_select(const Experiment& e, Checker& checker) {
  const SelectOptions& select = e.select;
  checker.refuse_if(select.flavor == SelectFlavor::list && select.file.empty(), "select.flavor",
                    "select.flavor list needs select.file, a text file with one gene name a line");
  checker.refuse_if(select.flavor != SelectFlavor::list && !select.file.empty(), "select.file",
                    "select.file is only read with select.flavor list, not {}", name_of(select.flavor));
  if (!checker.sound("normalize")) return;
  checker.refuse_if(
      select.flavor == SelectFlavor::seurat_v3 && !e.normalize.enabled, "select.flavor",
      "select.flavor seurat_v3 ranks counts, but with normalize none the data need not be counts; use "
      "seurat, cell_ranger or variance");
  const bool logarithmic =
      select.flavor == SelectFlavor::seurat || select.flavor == SelectFlavor::cell_ranger;
  checker.refuse_if(logarithmic && e.normalize.enabled && !e.normalize.log1p, "select.flavor",
                    "select.flavor {} ranks log1p values, but normalize.log1p is false",
                    name_of(select.flavor));
}

/// What needs perturbation labels when none are read.
void check_labels(const Experiment& e, Checker& checker) {
  if (e.read.perturbation.preset != LabelPreset::none) return;
  constexpr auto sentence = "{} needs perturbation labels, but read.perturbation.preset none reads none";
  const bool chooses = e.filter.perturbations != std::vector<std::string>{"all"};
  checker.refuse_if(chooses, "filter.perturbations", sentence, "filter.perturbations");
  checker.refuse_if(e.filter.min_cells_per_perturbation > 0, "filter.min_cells_per_perturbation", sentence,
                    "filter.min_cells_per_perturbation");
  checker.refuse_if(e.split.by == SplitBy::perturbation, "split.by", sentence, "split.by perturbation");
  checker.refuse_if(e.split.stratify, "split.stratify", sentence, "split.stratify");
  checker.refuse_if(e.select.include_perturbed, "select.include_perturbed", sentence,
                    "select.include_perturbed");
}

}  // namespace

void check_data(const Experiment& e, const LoadOptions& options, Checker& checker) {
  check_top(e, checker);
  if (checker.sound("read")) check_read(e.read, options, checker);
  if (checker.sound("filter")) check_filter(e.filter, checker);
  if (checker.sound("split")) check_split(e.split, checker);
  if (checker.sound("select")) check_select(e, checker);
  if (checker.sound("read") && checker.sound("filter") && checker.sound("split") && checker.sound("select")) {
    check_labels(e, checker);
  }
}

}  // namespace sparcell::config
