#include "read/choose_matrix.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <mutex>

#include "sparcell/core/parallel.h"

#include "core/nearest.h"

namespace sparcell {
namespace {

// Logarithms of normalized counts stay below this; larger fractions are normalized counts.
constexpr float largest_logarithm = 30;

constexpr const char* way_of_fractions =
    "; corrected counts that are not whole are taken with read.fractional_counts: true";

constexpr std::int64_t values_worth_a_thread = 1 << 18;

std::vector<std::string> names_of(const std::vector<MatrixInfo>& matrices) {
  std::vector<std::string> names;
  for (const MatrixInfo& info : matrices) names.push_back(info.name);
  return names;
}

ValueKind kind_of_part(std::span<const float> values) {
  int not_finite = 0, negative = 0, fractions = 0;
  float largest = 0;
#pragma omp simd reduction(| : not_finite, negative, fractions) reduction(max : largest)
  for (std::size_t i = 0; i < values.size(); ++i) {
    const float value = values[i];
    not_finite |= !(std::abs(value) <= std::numeric_limits<float>::max());
    negative |= value < 0;
    fractions |= value != std::trunc(value);
    largest = value > largest ? value : largest;
  }
  return {not_finite == 0, negative != 0, fractions == 0, largest};
}

ChosenMatrix load(Source& source, const std::string& name, int threads, Remarks& remarks) {
  for (const MatrixInfo& info : source.matrices()) {
    if (info.name == name && !info.problem.empty()) throw DataError("{}", info.problem);
  }
  ChosenMatrix chosen{name, source.read(name, threads, remarks), {}};
  chosen.kind = kind_of(chosen.matrix.values, threads);
  return chosen;
}

// Names the first value that is not finite.
void check_finite(const Source& source, const ChosenMatrix& chosen) {
  if (chosen.kind.finite) return;
  const Csr<float>& x = chosen.matrix;
  const auto bad = std::find_if(x.values.begin(), x.values.end(), [](float v) { return !std::isfinite(v); });
  const auto position = static_cast<std::int64_t>(bad - x.values.begin());
  const auto row = std::upper_bound(x.offsets.begin(), x.offsets.end(), position) - x.offsets.begin() - 1;
  throw DataError("{}: {} has the value {} at cell {}, gene {} (from 0); expected finite numbers",
                  source.files().back(), chosen.name, *bad, row,
                  x.indices[static_cast<std::size_t>(position)]);
}

// The name of the matrix that the words of `read.counts` mean.
std::string resolve(const Source& source, const std::string& named) {
  std::string name = named == "raw" ? "raw/X" : named;
  const std::vector<std::string> names = names_of(source.matrices());
  // Formats with one matrix take either word for it.
  if (name == "X" && names.size() == 1 && names[0] == "matrix") name = "matrix";
  if (std::find(names.begin(), names.end(), name) == names.end()) {
    throw DataError("{}: has no matrix {} (read.counts); there are {}{}", source.files().back(), named,
                    list_of(names), did_you_mean(named, names));
  }
  return name;
}

}  // namespace

std::string ValueKind::description() const {
  if (!finite) return "values that are not finite";
  if (negative) return "negative values (scaled?)";
  if (largest == 0) return "no values";
  if (integers && largest == 1) return "no counts above 1";
  if (integers) return "integer counts";
  return fmt::format("fractions up to {:.3g} ({}?)", largest,
                     largest < largest_logarithm ? "log-normalized" : "normalized");
}

ValueKind kind_of(std::span<const float> values, int threads) {
  std::mutex one_at_a_time;
  ValueKind kind;
  const auto size = static_cast<std::int64_t>(values.size());
  parallel_parts(threads, size, values_worth_a_thread, [&](std::int64_t first, std::int64_t last, int) {
    const ValueKind part = kind_of_part(values.subspan(first, last - first));
    const std::lock_guard lock(one_at_a_time);
    kind.finite = kind.finite && part.finite;
    kind.negative = kind.negative || part.negative;
    kind.integers = kind.integers && part.integers;
    kind.largest = std::max(kind.largest, part.largest);
  });
  return kind;
}

std::optional<ChosenMatrix> find_counts(Source& source, int threads, Remarks& remarks, NoCounts& no) {
  // Taken where nothing better follows: an X that is empty, or says only where there is something.
  std::optional<ChosenMatrix> poor;
  for (const MatrixInfo& info : source.matrices()) {
    if (!info.problem.empty()) {
      no.found.push_back(fmt::format("{} cannot be read ({})", info.name, info.problem));
      continue;
    }
    ValueKind kind = kind_of(source.sample(info.name), 1);
    if (kind.counts()) {
      ChosenMatrix chosen = load(source, info.name, threads, remarks);
      if (chosen.kind.counts() && chosen.kind.largest > 1) {
        if (poor)
          remarks.push_back(fmt::format("{} holds {}: {} is taken for the counts", poor->name,
                                        poor->kind.description(), chosen.name));
        return chosen;
      }
      kind = chosen.kind;
      if (kind.counts() && (!poor || kind.largest > poor->kind.largest)) poor = std::move(chosen);
    }
    if (kind.counts()) continue;
    no.found.push_back(fmt::format("{} holds {}", info.name, kind.description()));
    no.fractions = no.fractions || kind.fractional_counts();
  }
  return poor;
}

ChosenMatrix choose_matrix(Source& source, const ReadOptions& options, MatrixNeed need, int threads,
                           Remarks& remarks) {
  const std::string& named = options.counts;
  const std::string file = source.files().back();
  if (source.matrices().empty())
    throw DataError("{}: has no matrix: X is missing and there are no layers", file);
  if (named.empty() && need == MatrixNeed::counts) {
    NoCounts no;
    std::optional<ChosenMatrix> chosen = find_counts(source, threads, remarks, no);
    if (chosen) return std::move(*chosen);
    throw DataError("{}: no matrix holds counts: {}; counts are needed unless normalize is none{}", file,
                    list_of(no.found), no.fractions ? way_of_fractions : "");
  }
  if (named.empty() && source.matrices()[0].name != "X" && source.matrices()[0].name != "matrix") {
    throw DataError("{}: X is missing; there are {} (read.counts)", file,
                    list_of(names_of(source.matrices())));
  }
  const std::string name = named.empty() ? source.matrices()[0].name : resolve(source, named);
  ChosenMatrix chosen = load(source, name, threads, remarks);
  check_finite(source, chosen);
  if (need == MatrixNeed::any) return chosen;
  const bool fits = options.fractional_counts ? chosen.kind.fractional_counts() : chosen.kind.counts();
  if (!fits) {
    const bool are_fractions = chosen.kind.fractional_counts();
    throw DataError("{}: {} holds {}, expected counts (read.counts){}", file, name, chosen.kind.description(),
                    are_fractions ? way_of_fractions : "");
  }
  if (!chosen.kind.integers)
    remarks.push_back(
        fmt::format("{} is taken for counts that need not be whole (read.fractional_counts)", name));
  return chosen;
}

}  // namespace sparcell
