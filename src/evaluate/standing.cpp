#include "evaluate/standing.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "sparcell/evaluate.h"

namespace sparcell {
namespace {

constexpr const char* real_half = "split_half";
constexpr std::size_t most_named = 2;  // baselines in a sentence

Side together(Side a, Side b) {
  if (a == b) return a;
  if (a == Side::unjudged || b == Side::unjudged) return Side::unjudged;
  if (a == Side::better || b == Side::better) return Side::undecided;
  return Side::worse;
}

/// As the head of a report has room for.
std::string short_phrase(const std::string& baseline) {
  return baseline == "pca" ? "PCA" : baseline_phrase(baseline);
}

std::string joined(const std::vector<std::string>& baselines) {
  std::vector<std::string> phrases;
  for (const std::string& baseline : baselines) phrases.push_back(short_phrase(baseline));
  return fmt::format("{}", fmt::join(phrases, " and "));
}

std::string about_one(const std::string& baseline, Side side) {
  const std::string phrase = short_phrase(baseline);
  switch (side) {
    case Side::better:
      return "beats " + phrase;
    case Side::worse:
      return "is worse than " + phrase;
    case Side::undecided:
      return "was not told apart from " + phrase;
    default:
      return "could not be judged against " + phrase;
  }
}

std::string clause(const Standing& standing) {
  const std::string group = phrase_of_group(standing.group);
  if (standing.baselines.size() == 1) {
    const auto& [baseline, side] = standing.baselines[0];
    return fmt::format("{} in {}", about_one(baseline, side), group);
  }
  const std::vector<std::string> beaten = standing.on(Side::better);
  if (beaten.size() == standing.baselines.size())
    return fmt::format("beats all {} baselines in {}", beaten.size(), group);
  std::vector<std::string> others;
  for (const auto& [baseline, side] : standing.baselines) {
    if (side != Side::better) others.push_back(baseline);
  }
  if (beaten.empty()) return fmt::format("beats none of {} baselines in {}", others.size(), group);
  const std::string names = others.size() <= most_named ? fmt::format(" (not {})", joined(others)) : "";
  return fmt::format("beats {} of {} baselines in {}{}", beaten.size(), standing.baselines.size(), group,
                     names);
}

std::string about_real(Side side) {
  if (side == Side::unjudged) return "could not be judged against real cells";
  return side == Side::worse ? "makes cells that can be told from real ones"
                             : "makes cells that were not told from real ones";
}

/// As models come, each once.
std::vector<std::string> models_of(std::span<const Standing> all) {
  std::vector<std::string> models;
  for (const Standing& standing : all) {
    if (std::find(models.begin(), models.end(), standing.model) == models.end())
      models.push_back(standing.model);
  }
  return models;
}

void add(const SidedVerdict& verdict, Standing& standing) {
  if (verdict.baseline == real_half) {
    if (standing.against_real.empty()) {
      standing.against_real = {verdict.side};
    } else {
      Side& side = standing.against_real[0];
      // One distance that tells them apart is enough.
      side = side == Side::worse || verdict.side == Side::worse ? Side::worse : together(side, verdict.side);
    }
    return;
  }
  for (auto& [baseline, side] : standing.baselines) {
    if (baseline != verdict.baseline) continue;
    side = together(side, verdict.side);
    return;
  }
  standing.baselines.emplace_back(verdict.baseline, verdict.side);
}

}  // namespace

Side side_of(const std::string& baseline, bool beats, double low, double high,
             std::optional<double> p_value) {
  if (std::isnan(low) || std::isnan(high)) return Side::unjudged;
  if (baseline == real_half && p_value) {
    if (*p_value <= told_apart) return Side::worse;
    return beats ? Side::better : Side::undecided;
  }
  if (beats) return Side::better;
  return low > 0 || high < 0 ? Side::worse : Side::undecided;
}

std::vector<std::string> Standing::on(Side wanted) const {
  std::vector<std::string> names;
  for (const auto& [baseline, side] : baselines) {
    if (side == wanted) names.push_back(baseline);
  }
  return names;
}

std::vector<Standing> standings(std::span<const SidedVerdict> verdicts) {
  std::vector<Standing> all;
  for (const SidedVerdict& verdict : verdicts) {
    auto found = std::find_if(all.begin(), all.end(), [&](const Standing& s) {
      return s.model == verdict.model && s.group == verdict.group;
    });
    if (found == all.end()) found = all.insert(all.end(), Standing{verdict.model, verdict.group, {}, {}});
    add(verdict, *found);
  }
  return all;
}

std::string phrase_of_group(const std::string& group) {
  if (group == "perturbation") return "means of perturbations";
  if (group == "generation") return "generated cells";
  if (group == "expression") return "genes of generated cells";
  if (group == "latent") return "latent space";
  if (group == "prediction_seen") return "predictions of seen perturbations";
  if (group == "prediction_unseen") return "predictions of unseen perturbations";
  std::string words = group;
  std::replace(words.begin(), words.end(), '_', ' ');
  return words;
}

std::vector<std::string> standing_sentences(std::span<const Standing> all) {
  std::vector<std::string> sentences;
  for (const std::string& model : models_of(all)) {
    std::vector<std::string> clauses;
    for (const Standing& standing : all) {
      if (standing.model != model) continue;
      if (!standing.baselines.empty()) clauses.push_back(clause(standing));
      if (!standing.against_real.empty()) clauses.push_back(about_real(standing.against_real[0]));
    }
    sentences.push_back(fmt::format("{} {}.", model, fmt::join(clauses, "; ")));
  }
  return sentences;
}

}  // namespace sparcell
