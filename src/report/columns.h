// A CSV file of the run folder by its columns, with errors that name file and line.
#pragma once

#include <string>
#include <vector>

namespace sparcell {

class CsvColumns {
 public:
  /// Throws DataError where the file cannot be read, lacks one of the columns, or has a row of another
  /// length.
  CsvColumns(std::string path, const std::vector<std::string>& required);

  std::size_t rows() const { return records_.size() - 1; }
  const std::vector<std::string>& names() const { return records_[0]; }
  std::size_t column(const std::string& name) const;  ///< its position; it must be there
  const std::string& text(std::size_t row, std::size_t column) const { return records_[row + 1][column]; }
  /// A number; an empty field is NaN. Throws DataError for anything else.
  double number(std::size_t row, std::size_t column) const;

 private:
  std::string path_;
  std::vector<std::vector<std::string>> records_;  ///< the header first
};

}  // namespace sparcell
