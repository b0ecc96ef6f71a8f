// Which perturbations train, choose and judge.
#include <algorithm>
#include <map>
#include <set>

#include "core/guides.h"
#include "split/draw.h"
#include "split/permutation.h"

namespace sparcell {
namespace {

constexpr int train = 0, validation = 1, test = 2;

/// The part of each of n items: a permutation's first train, the next validate.
std::vector<int> dealt(std::int64_t n, const Shares& shares, std::uint64_t seed, Permuted what) {
  const Counts counts = floors(shares, n);
  const std::vector<std::int32_t> order = permutation(n, seed, what);
  std::vector<int> parts(static_cast<std::size_t>(n), -1);
  std::size_t next = 0;
  for (int p = 0; p < part_count; ++p) {
    for (std::int64_t i = 0; i < counts[p]; ++i) parts[order[next++]] = p;
  }
  return parts;
}

/// Every part that has a share needs one of the n items.
void need_items(std::int64_t n, const Shares& shares, const char* items) {
  const Counts counts = floors(shares, n);
  for (int p = 0; p < part_count; ++p) {
    if (shares[p] == 0 || counts[p] > 0) continue;
    throw DataError(
        "split.by perturbation: a share of {} of {} {} is none for {}; raise split.{}, or split by cell",
        shares[p], n, items, part_names[p], part_names[p]);
  }
}

class Holding {
  using Genes = std::vector<std::string>;

 public:
  Holding(const Dataset& data, std::span<const std::size_t> perturbations, const SplitOptions& options,
          std::uint64_t seed)
      : genes_(genes_of_perturbations(data)),
        perturbations_(perturbations),
        options_(options),
        shares_(shares_of(options)),
        seed_(seed) {}

  std::vector<int> parts() const {
    switch (options_.hold_out) {
      case HoldOut::any:
        return drawn([](const auto&) { return true; }, "perturbations");
      case HoldOut::singles:
        return without_held_out_genes(
            drawn([](const auto& genes) { return genes.size() == 1; }, "single perturbations"));
      case HoldOut::doubles:
        return drawn([this](const auto& genes) { return is_candidate(genes); },
                     options_.seen ? "doubles with that many single perturbations" : "doubles");
      case HoldOut::genes:
        return by_genes();
    }
    throw InternalError("split.hold_out: {} is nothing to hold out", static_cast<int>(options_.hold_out));
  }

 private:
  const Genes& genes_of(std::size_t i) const { return genes_[perturbations_[i]]; }

  /// Draws among those that `wanted` names; the others train.
  template <class Wanted>
  std::vector<int> drawn(Wanted&& wanted, const char* items) const {
    std::vector<std::size_t> among;
    for (std::size_t i = 0; i < perturbations_.size(); ++i) {
      if (wanted(genes_of(i))) among.push_back(i);
    }
    std::vector<int> parts(perturbations_.size(), train);
    need_items(deal(among, parts), shares_, items);
    return parts;
  }

  /// Gives the perturbations `among` their parts, those of the same genes by other guides the same. Returns
  /// how many different ones there are.
  std::int64_t deal(const std::vector<std::size_t>& among, std::vector<int>& parts) const {
    std::map<Genes, std::size_t> numbers;
    std::vector<std::size_t> number_of;
    for (const std::size_t i : among)
      number_of.push_back(numbers.emplace(genes_of(i), numbers.size()).first->second);
    const std::vector<int> of = dealt(std::ssize(numbers), shares_, seed_, Permuted::perturbations);
    for (std::size_t i = 0; i < among.size(); ++i) parts[among[i]] = of[number_of[i]];
    return std::ssize(numbers);
  }

  bool is_candidate(const Genes& genes) const {
    if (genes.size() < 2 || !options_.seen) return genes.size() >= 2;
    const auto seen = std::count_if(genes.begin(), genes.end(), [this](const std::string& gene) {
      for (std::size_t i = 0; i < perturbations_.size(); ++i) {
        if (genes_of(i).size() == 1 && genes_of(i)[0] == gene) return true;
      }
      return false;
    });
    return seen == *options_.seen;
  }

  std::vector<int> without_held_out_genes(std::vector<int> parts) const {
    std::set<std::string> held_out;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (parts[i] != train) held_out.insert(genes_of(i).begin(), genes_of(i).end());
    }
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const Genes& genes = genes_of(i);
      const bool holds = std::any_of(genes.begin(), genes.end(),
                                     [&](const std::string& gene) { return held_out.contains(gene); });
      if (genes.size() > 1 && holds) parts[i] = -1;
    }
    return parts;
  }

  std::vector<int> by_genes() const {
    std::map<std::string, int> part_of_gene;
    for (std::size_t i = 0; i < perturbations_.size(); ++i) {
      for (const std::string& gene : genes_of(i)) part_of_gene[gene] = train;
    }
    const auto genes = static_cast<std::int64_t>(part_of_gene.size());
    need_items(genes, shares_, "perturbed genes");
    const std::vector<int> of = dealt(genes, shares_, seed_, Permuted::genes);
    std::size_t next = 0;
    for (auto& [gene, part] : part_of_gene) part = of[next++];
    std::vector<int> parts;
    std::vector<std::size_t> of_training_genes;  // doubles
    for (std::size_t i = 0; i < perturbations_.size(); ++i) {
      std::set<int> found;
      for (const std::string& gene : genes_of(i)) found.insert(part_of_gene.at(gene));
      const bool left_out = found.contains(-1);
      parts.push_back(found.contains(test)         ? test
                      : left_out                   ? -1
                      : found.contains(validation) ? validation
                                                   : train);
      if (parts.back() == train && genes_of(i).size() > 1) of_training_genes.push_back(i);
    }
    deal(of_training_genes, parts);
    return parts;
  }

  std::vector<Genes> genes_;
  std::span<const std::size_t> perturbations_;
  const SplitOptions& options_;
  Shares shares_;
  std::uint64_t seed_;
};

}  // namespace

std::vector<int> parts_of_perturbations(const Dataset& data, std::span<const std::size_t> perturbations,
                                        const SplitOptions& options, std::uint64_t seed) {
  return Holding(data, perturbations, options, seed).parts();
}

}  // namespace sparcell
