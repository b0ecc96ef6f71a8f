// Comma-separated values as RFC 4180 has them.
#pragma once

#include <string>
#include <vector>

namespace sparcell {

/// A field as it stands in a line: quoted where it holds a comma, a quote or a line break.
std::string csv_field(const std::string& text);
/// The next field of a line that has one, with its comma.
void add_csv_field(std::string& line, const std::string& text);

/// A number as a field; empty where it is not finite.
std::string csv_number(double value);

/// The records of a text, the header among them; sentences name the file that it is of. Quoted fields may
/// hold commas, doubled quotes and line breaks; CRLF and LF end a record; empty lines are skipped. Throws
/// DataError where a quote is never closed.
std::vector<std::vector<std::string>> parse_csv(const std::string& text, const std::string& path,
                                                char separator = ',');

/// The records of a file. Throws DataError where it cannot be read, too.
std::vector<std::vector<std::string>> read_csv(const std::string& path);

}  // namespace sparcell
