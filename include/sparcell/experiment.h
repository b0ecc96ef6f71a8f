// An experiment: the nine sections of a YAML file, and what runs them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sparcell/core/describe.h"
#include "sparcell/core/products.h"
#include "sparcell/evaluate.h"
#include "sparcell/filter.h"
#include "sparcell/model.h"
#include "sparcell/normalize.h"
#include "sparcell/read.h"
#include "sparcell/report.h"
#include "sparcell/select.h"
#include "sparcell/split.h"
#include "sparcell/train.h"

namespace sparcell {

struct Experiment {
  std::string name = "experiment";
  std::int64_t seed = 0;
  std::int64_t threads = 0;  ///< 0 in the file; resolved to a number
  std::string device = "auto";
  ProductOptions products;  ///< with the key `precision`
  std::vector<std::string> tags;
  bool fast_dev_run = false;
  ReadOptions read;
  FilterOptions filter;
  SplitOptions split;
  NormalizeOptions normalize;
  SelectOptions select;
  ModelSet model;
  TrainOptions train;
  EvaluateOptions evaluate;
  ReportOptions report;
};

}  // namespace sparcell
