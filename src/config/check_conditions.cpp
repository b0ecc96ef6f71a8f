#include <algorithm>

#include "config/model_checker.h"

namespace sparcell::config {

namespace {

/// What the files of cells that a model makes say of them, beside the conditions (experiment/made_cells.h).
constexpr std::string_view own_columns[] = {
    "source", "split", "library_size", "size_factor", "predicted_perturbation", "control"};

}  // namespace

void ModelChecker::check_conditions() {
  check_told_columns();
  check_conditioning();
}

void ModelChecker::check_told_columns() {
  const std::vector<std::string>& told = model_.condition;
  for (auto name = told.begin(); name != told.end(); ++name) {
    checker_.refuse_if(std::find(told.begin(), name, *name) != name, path_ + ".condition",
                       "{}.condition names {} twice", path_, *name);
    checker_.refuse_if(
        std::find(std::begin(own_columns), std::end(own_columns), *name) != std::end(own_columns),
        path_ + ".condition",
        "{}.condition: files of generated cells have a column {} of their own; give the data's "
        "another name",
        path_, *name);
  }
}

void ModelChecker::check_conditioning() {
  const ConditioningOptions& how = model_.conditioning;
  const bool perturbation = model_.is_told_perturbation();
  checker_.refuse_if(perturbation && unlabelled_, path_ + ".condition",
                     "{}.condition needs perturbation labels, but read.perturbation.preset none reads none",
                     path_);
  checker_.refuse_if(how.embedding.empty(), path_ + ".conditioning.embedding",
                     "{}.conditioning.embedding is empty; write one_hot, loadings or the path of a table",
                     path_);
  const bool written = checker_.written(path_ + ".conditioning.embedding");
  checker_.refuse_if(
      !perturbation && written && how.embedding != ConditioningOptions::one_hot,
      path_ + ".conditioning.embedding",
      "{}.conditioning.embedding says what perturbed genes are, but {}.condition does not name "
      "perturbation",
      path_, path_);
  checker_.refuse_if(
      how.control_input > 0 && !perturbation, path_ + ".conditioning.control_input",
      "{}.conditioning.control_input makes perturbed cells of controls, but {}.condition does not "
      "name perturbation",
      path_, path_);
  checker_.refuse_if(how.encoder && model_.condition.empty(), path_ + ".conditioning.encoder",
                     "{}.conditioning.encoder tells the encoder conditions, but {}.condition names none",
                     path_, path_);
  const bool learned = how.combine == GeneCombination::learned;
  checker_.refuse_if(learned && !perturbation, path_ + ".conditioning.combine",
                     "{}.conditioning.combine is about genes that are perturbed together, but {}.condition "
                     "does not name perturbation",
                     path_, path_);
  checker_.refuse_if(!learned && how.rank != ConditioningOptions().rank, path_ + ".conditioning.rank",
                     "{}.conditioning.rank belongs to conditioning.combine learned, not sum", path_);
  checker_.refuse_if(
      how.control_input > 0 && model_.input.mix > 0, path_ + ".conditioning.control_input",
      "{}.conditioning.control_input asks for the cell itself from a control, and {}.input.mix for "
      "the mixed cell; one of them must be 0",
      path_, path_);
}

}  // namespace sparcell::config
