// The CUDA device measured: tools/bench/gpu.py runs this beside its peers and makes the table. Every answer
// is a line of JSON.
//   bench_gpu list         rows and precisions
//   bench_gpu ceilings     what the device can do at best
//   bench_gpu row NAME     makes the row ready, compares it with f64, then measures: --repeats times, or with
//                          --turns once for each line of the standard input, so that peers have their turns
//   bench_gpu step NAME    the row's work once, between the marks of a profiler
//   bench_gpu rehearse     every row, small: compared, not measured
// Exit codes: 0; 1 where a result is too far from f64; as the program's else.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <iostream>

#include "core/version.h"
#include "device.h"
#include "sparcell/core/products.h"

namespace {

using namespace sparcell;
using namespace sparcell::bench_gpu;

constexpr std::int64_t warm_up = 50;
constexpr Precision precisions[] = {Precision::f32, Precision::tf32, Precision::bf16};

struct Options {
  std::string row, precision = "f32", exchange;
  bool small = false, turns = false;
  int repeats = 11;
};

std::vector<Row> all_rows() {
  std::vector<Row> rows;
  for (const auto& some : {statistics_rows(), layer_rows(), training_rows(), evaluation_rows()})
    rows.insert(rows.end(), some.begin(), some.end());
  return rows;
}

void print(const Json& json) {
  std::printf("%s\n", json.dump().c_str());
  std::fflush(stdout);
}

std::vector<std::string> names() {
  std::vector<std::string> names;
  for (const Precision precision : precisions) names.push_back(name_of(precision));
  return names;
}

Context make_context(const std::string& precision) {
  for (const Precision known : precisions) {
    if (name_of(known) != precision) continue;
    Context context(find_device("cuda"));
    set_training_products(context, {.precision = known, .plan = ProductOptions::heuristic});
    return context;
  }
  throw UsageError("precision {}: known are {}", precision, fmt::join(names(), ", "));
}

int list() {
  Json rows = Json::array();
  for (const Row& row : all_rows())
    rows.push_back({{"row", row.name}, {"title", row.title}, {"goal", row.goal}, {"trains", row.trains}});
  print({{"commit", commit}, {"rows", rows}, {"precisions", names()}});
  return 0;
}

int ceilings() {
  Context context(find_device("cuda"));
  Json json{{"device", device_facts(context)}};
  json["ceilings"] = measure_ceilings(context);
  print(json);
  return 0;
}

const Row& find_row(const std::vector<Row>& rows, const std::string& name) {
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return row.name == name; });
  if (found == rows.end()) throw UsageError("no row is called {}; bench_gpu list names them", name);
  return *found;
}

double allowed_error(const Prepared& row) {
  return row.f64_tolerance > 0 ? row.f64_tolerance : row.tolerance;
}

bool agrees(const Prepared& row) {
  return std::all_of(row.variants.begin(), row.variants.end(),
                     [&](const Variant& v) { return v.error <= allowed_error(row); });
}

Json json_of(const Row& row, const Prepared& prepared, const Options& options) {
  Json json{{"row", row.name},
            {"title", row.title},
            {"goal", row.goal},
            {"precision", options.precision},
            {"size", prepared.size},
            {"bytes", prepared.bytes},
            {"flops", prepared.flops},
            {"rate", prepared.rate},
            {"times", prepared.times},
            {"tolerance", prepared.tolerance},
            {"allowed_error", allowed_error(prepared)},
            {"agrees", agrees(prepared)},
            {"peer", prepared.peer}};
  for (const Variant& v : prepared.variants) json["error"][v.name] = v.error;
  return json;
}

double microseconds_of(Context& context, const Variant& variant, std::int64_t times) {
  const auto measure = [&](const std::function<void(std::int64_t)>& work) {
    if (variant.rewind) variant.rewind();
    return microseconds(context, [&] { work(times); });
  };
  const double all = measure(variant.work), same = variant.less ? measure(variant.less) : 0;
  return (all - same) / static_cast<double>(times) / variant.parts;
}

/// One measurement of every variant.
Json turn(Context& context, const Prepared& row) {
  Json times;
  for (const Variant& v : row.variants) times[v.name] = microseconds_of(context, v, row.times);
  return {{"microseconds", times}};
}

int measure(const Options& options) {
  const std::vector<Row> rows = all_rows();
  const Row& row = find_row(rows, options.row);
  Context context = make_context(options.precision);
  Surroundings surroundings{context, options.small ? Scale::small : Scale::full, options.precision,
                            options.exchange};
  const Prepared prepared = row.prepare(surroundings);
  print(json_of(row, prepared, options));
  if (!agrees(prepared)) return 1;
  if (!has_time()) throw UsageError("the emulated device has no time: bench_gpu measures on a GPU");
  for (const Variant& v : prepared.variants) microseconds_of(context, v, std::min(prepared.times, warm_up));
  std::string line;
  for (int i = 0; options.turns ? static_cast<bool>(std::getline(std::cin, line)) : i < options.repeats; ++i)
    print(turn(context, prepared));
  return 0;
}

int step(const Options& options) {
  const std::vector<Row> rows = all_rows();
  Context context = make_context(options.precision);
  Surroundings surroundings{context, options.small ? Scale::small : Scale::full, options.precision, ""};
  const Row& row = find_row(rows, options.row);
  const Prepared prepared = row.prepare(surroundings);
  const Variant& ours = prepared.variants.front();
  const auto once = [&] {
    if (ours.rewind) ours.rewind();
    ours.work(1);
    context.synchronize();
  };
  once(), once();  // the first is not recorded, the second records
  if (ours.rewind) ours.rewind();
  start_capture();
  ours.work(1);
  context.synchronize();
  stop_capture();
  print({{"row", row.name}, {"size", prepared.size}, {"captured", "one of its work"}});
  return 0;
}

int rehearse(Options options) {
  bool all_agree = true;
  options.small = true;
  for (const Row& row : all_rows()) {
    Context context = make_context(options.precision);
    Surroundings surroundings{context, Scale::small, options.precision, ""};
    const Prepared prepared = row.prepare(surroundings);
    for (const Variant& v : prepared.variants) {
      if (v.rewind) v.rewind();
      v.work(prepared.times);
      if (v.less) v.less(prepared.times);
    }
    context.synchronize();
    print(json_of(row, prepared, options));
    all_agree = all_agree && agrees(prepared);
  }
  return all_agree ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("The CUDA device measured");
  Options options;
  std::function<int()> command;
  const auto add = [&](const char* name, const char* help, bool of_a_row, std::function<int()> run) {
    CLI::App* sub = app.add_subcommand(name, help);
    if (of_a_row) {
      sub->add_option("row", options.row, "As list names it")->required();
      sub->add_option("--precision", options.precision, "Of matrix products");
      sub->add_flag("--small", options.small, "Sizes for a rehearsal");
    }
    sub->callback([&command, run] { command = run; });
    return sub;
  };
  add("list", "Rows and precisions", false, list);
  add("ceilings", "What the device can do at best", false, ceilings);
  CLI::App* row = add("row", "Compares and measures a row", true, [&] { return measure(options); });
  row->add_flag("--turns", options.turns, "A measurement for each line of the standard input");
  row->add_option("--exchange", options.exchange, "Folder for what a peer reads");
  row->add_option("--repeats", options.repeats, "Measurements")->check(CLI::PositiveNumber);
  add("step", "A row's work once, for a profiler", true, [&] { return step(options); });
  add("rehearse", "Every row, small: compared, not measured", false, [&] { return rehearse(options); });
  app.require_subcommand(1);
  CLI11_PARSE(app, argc, argv);
  try {
    return command();
  } catch (const Error& error) {
    std::fprintf(stderr, "bench_gpu: %s\n", error.what());
    return static_cast<int>(error.code());
  }
}
