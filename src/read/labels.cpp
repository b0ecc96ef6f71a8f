#include "read/labels.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/columns.h"
#include "core/guides.h"
#include "read/source.h"
#include "read/text_file.h"

namespace sparcell {
namespace {

struct Preset {
  LabelPreset preset;
  LabelConvention convention;
};

// The table of DATA.md: how the distributions of Norman et al. 2019 write their labels.
const std::vector<Preset>& presets() {
  static const std::vector<std::string> usual{"control", "ctrl", "non-targeting", "NegCtrl*"};
  static const std::vector<std::string> usual_or_empty{"", "control", "ctrl", "non-targeting", "NegCtrl*"};
  static const std::vector<Preset> all{
      {LabelPreset::gears, {"condition", "+", usual}},
      {LabelPreset::pertpy, {"perturbation_name", "+", usual}},
      {LabelPreset::scperturb, {"perturbation", "_", usual}},
      {LabelPreset::cpa, {"guide_ids", ",", usual_or_empty}},
  };
  return all;
}

bool is_text(const Column& column) {
  return std::holds_alternative<Categorical>(column.values) ||
         std::holds_alternative<std::vector<std::string>>(column.values);
}

// No label at all, which is not the empty one: that may be the control. As text NaN is what numpy makes of
// it.
bool is_missing(const Column& column, std::int64_t row) {
  if (!column.missing.empty() && column.missing[static_cast<std::size_t>(row)] != 0) return true;
  const auto* codes = std::get_if<Categorical>(&column.values);
  return (codes != nullptr && codes->codes[static_cast<std::size_t>(row)] < 0) || column.text(row) == "nan";
}

std::set<std::string> distinct_labels(const Column& column) {
  std::set<std::string> labels;
  for (std::int64_t row = 0; row < column.size(); ++row) {
    if (!is_missing(column, row)) labels.insert(column.text(row));
  }
  return labels;
}

/// `separator`: what stands between two parts, which a trailing * does not match; nothing in a part.
bool is_control(const std::string& text, const std::vector<std::string>& controls,
                const std::string& separator) {
  const std::string part = without_guide_number(text);
  return std::any_of(controls.begin(), controls.end(), [&](const std::string& control) {
    if (!control.ends_with('*')) return text == control || part == control;
    const std::size_t stem = control.size() - 1;
    return part.starts_with(control.substr(0, stem)) &&
           (separator.empty() || part.find(separator, stem) == std::string::npos);
  });
}

// Joins a number to the part before it: ZAP70_1 is the first guide of ZAP70, not two perturbations.
void join_guide_numbers(std::vector<std::string>& parts, const std::string& separator) {
  std::vector<std::string> joined;
  for (std::string& part : parts) {
    const bool number = !part.empty() && part.find_first_not_of("0123456789") == std::string::npos;
    if (number && !joined.empty()) {
      joined.back() += separator + part;
    } else {
      joined.push_back(std::move(part));
    }
  }
  parts = std::move(joined);
}

std::string trimmed(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t");
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// The label without blanks around it; one half of a doubled one.
std::string undoubled(const std::string& label) {
  std::string text = trimmed(label);
  std::vector<std::string> halves = split_text(text, "__");
  return halves.size() == 2 && halves[0] == halves[1] ? halves[0] : text;
}

std::vector<std::string> split_label(const std::string& text, const std::string& separator) {
  std::vector<std::string> parts = split_text(text, separator);
  for (std::string& part : parts) part = trimmed(part);
  if (separator == "_") join_guide_numbers(parts, "_");
  return parts;
}

/// How many of the labels the separator cuts into several parts.
std::int64_t labels_cut(const std::set<std::string>& labels, const LabelConvention& convention,
                        const std::string& separator) {
  return std::count_if(labels.begin(), labels.end(), [&](const std::string& label) {
    const std::string text = undoubled(label);
    if (is_control(text, convention.controls, separator)) return false;
    const std::vector<std::string> parts = split_label(text, separator);
    return std::count_if(parts.begin(), parts.end(), [](const std::string& p) { return !p.empty(); }) > 1;
  });
}

// A column of the same name serves several conventions: where no label is cut by this one's separator but
// some by `+`, it is that.
void guess_separator(const Column& column, LabelConvention& convention) {
  const std::set<std::string> labels = distinct_labels(column);
  std::string taken = convention.separator, other(1, '+');
  std::int64_t by_other = taken == other ? 0 : labels_cut(labels, convention, other);
  if (by_other == 0) return;
  std::int64_t by_taken = labels_cut(labels, convention, taken);
  if (by_taken == 0) {
    taken.swap(other);
    std::swap(by_taken, by_other);
  }
  convention.separator = taken;
  convention.guess = fmt::format(
      "obs column {}: {} is taken for the separator of labels, which cuts {} of {} different ones, not {}, "
      "which cuts {} (read.perturbation.separator)",
      column.name, taken, by_taken, labels.size(), other, by_other);
}

/// How many of the labels the separator cuts into a control and something else, as A_NegCtrl0.
std::int64_t labels_beside_controls(const std::set<std::string>& labels, const LabelConvention& convention,
                                    const std::string& separator) {
  return std::count_if(labels.begin(), labels.end(), [&](const std::string& label) {
    const std::vector<std::string> parts = split_label(undoubled(label), separator);
    const auto controls = std::count_if(parts.begin(), parts.end(), [&](const std::string& part) {
      return !part.empty() && is_control(part, convention.controls, "");
    });
    return controls > 0 && controls < std::ssize(parts);
  });
}

// Of a column whose name no convention has nothing is known: a control beside a perturbation says what stands
// between them, where the usual separator cuts no label.
void find_separator(const Column& column, LabelConvention& convention) {
  const std::set<std::string> labels = distinct_labels(column);
  if (labels_cut(labels, convention, convention.separator) > 0) return;
  const std::string usual = convention.separator;
  std::int64_t most = 0;
  for (const std::string separator : {"_", ",", ";", "|"}) {
    const std::int64_t cut = labels_beside_controls(labels, convention, separator);
    if (cut <= most) continue;
    most = cut;
    convention.separator = separator;
  }
  if (most == 0) return;
  convention.guess = fmt::format(
      "obs column {}: {} is taken for the separator of labels, which cuts {} of {} different ones into a "
      "control and something else, and {} cuts none (read.perturbation.separator)",
      column.name, convention.separator, most, labels.size(), usual);
}

bool has_control(const Column& column, const LabelConvention& convention) {
  const std::set<std::string> labels = distinct_labels(column);
  return std::any_of(labels.begin(), labels.end(),
                     [&](const std::string& label) { return label_parts(label, convention).empty(); });
}

std::string canonical_name(const std::vector<std::string>& parts) {
  std::string name;
  for (const std::string& part : parts) name += (name.empty() ? "" : "+") + part;
  return parts.empty() ? "control" : name;
}

LabelConvention base_convention(const Table& cells, const PerturbationOptions& options) {
  for (const Preset& preset : presets()) {
    if (preset.preset == options.preset) return preset.convention;
  }
  // A column without a preset: the convention that usually has such a column, or that of pertpy.
  const Column* column = cells.find(options.column);
  for (const Preset& preset : presets()) {
    if (preset.convention.column != options.column) continue;
    LabelConvention convention = preset.convention;
    if (!options.controls.empty()) convention.controls = options.controls;
    if (column != nullptr && is_text(*column) && options.separator.empty())
      guess_separator(*column, convention);
    return convention;
  }
  LabelConvention convention = presets()[1].convention;
  convention.column = options.column;
  if (!options.controls.empty()) convention.controls = options.controls;
  if (column != nullptr && is_text(*column) && options.separator.empty()) find_separator(*column, convention);
  return convention;
}

// The first column of a known name that holds text with a control among its labels. The names are common
// words, so a column without a control is no evidence.
std::optional<LabelConvention> recognise(const Table& cells, const PerturbationOptions& options) {
  for (const Preset& preset : presets()) {
    const Column* column = cells.find(preset.convention.column);
    if (column == nullptr || !is_text(*column)) continue;
    LabelConvention convention = preset.convention;
    if (!options.controls.empty()) convention.controls = options.controls;
    if (!options.separator.empty()) {
      convention.separator = options.separator;
    } else {
      guess_separator(*column, convention);
    }
    if (has_control(*column, convention)) return convention;
  }
  return std::nullopt;
}

}  // namespace

std::optional<LabelConvention> find_convention(const Table& cells, const PerturbationOptions& options,
                                               const std::string& file) {
  if (options.preset == LabelPreset::none) return std::nullopt;
  if (options.preset == LabelPreset::automatic && options.column.empty()) {
    const std::optional<LabelConvention> recognised = recognise(cells, options);
    if (recognised || options.controls.empty()) return recognised;
    throw DataError(
        "{}: no obs column that may hold perturbations has a control label {} (read.perturbation.controls); "
        "name the column with read.perturbation.column; there are {}",
        file, list_of(options.controls), list_of(column_names(cells)));
  }
  LabelConvention convention = base_convention(cells, options);
  convention.named = true;
  if (!options.column.empty()) convention.column = options.column;
  if (!options.separator.empty()) convention.separator = options.separator;
  if (!options.controls.empty()) convention.controls = options.controls;
  const Column* column = cells.find(convention.column);
  if (column == nullptr) {
    throw DataError("{}: obs has no column {} (read.perturbation.column); there are {}", file,
                    convention.column, columns_instead_of(convention.column, cells));
  }
  if (!is_text(*column)) {
    throw DataError("{}: obs column {} holds {} values, expected labels (read.perturbation.column)", file,
                    convention.column, column->type());
  }
  return convention;
}

std::vector<std::string> label_parts(const std::string& label, const LabelConvention& convention) {
  const std::string text = undoubled(label);
  if (is_control(text, convention.controls, convention.separator)) return {};
  std::vector<std::string> parts = split_label(text, convention.separator);
  const bool alone = parts.size() == 1;
  std::erase_if(parts, [&](const std::string& part) {
    return is_control(part, convention.controls, "") || (part.empty() && !alone);
  });
  std::sort(parts.begin(), parts.end());
  parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
  return parts;
}

FoundPerturbations label_cells(const Table& cells, const LabelConvention& convention,
                               const std::string& file) {
  const Column& column = *cells.find(convention.column);
  // Cells by canonical name; the empty name is "no label".
  std::map<std::string, std::vector<std::string>> parts_of;
  std::map<std::string, std::string> name_of_label;
  for (const std::string& label : distinct_labels(column)) {
    const std::vector<std::string> parts = label_parts(label, convention);
    const bool missing = parts.size() == 1 && parts[0].empty();
    name_of_label[label] = missing ? "" : canonical_name(parts);
    if (!missing && !parts.empty()) parts_of[name_of_label[label]] = parts;
  }
  FoundPerturbations labelled;
  Perturbations& perturbations = labelled.perturbations;
  std::map<std::string, std::int32_t> index{{"control", 0}, {"", -1}};
  perturbations.column = convention.column;
  perturbations.names.emplace_back("control");
  perturbations.parts.emplace_back();
  for (const auto& [name, parts] : parts_of) {
    index[name] = static_cast<std::int32_t>(perturbations.names.size());
    perturbations.names.push_back(name);
    perturbations.parts.push_back(parts);
  }
  for (std::int64_t row = 0; row < column.size(); ++row) {
    const std::int32_t perturbation =
        is_missing(column, row) ? -1 : index.at(name_of_label.at(column.text(row)));
    perturbations.of_cell.push_back(perturbation);
    labelled.controls += perturbation == 0;
    labelled.unlabelled += perturbation < 0;
  }
  if (labelled.controls == 0 && convention.named) {
    std::vector<std::string> names(perturbations.names.begin() + 1, perturbations.names.end());
    throw DataError(
        "{}: no cell is a control: obs column {} has the labels {}, none of {} (read.perturbation.controls)",
        file, convention.column, list_of(names), list_of(convention.controls));
  }
  return labelled;
}

}  // namespace sparcell
