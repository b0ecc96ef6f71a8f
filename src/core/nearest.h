// "Did you mean": the known name that a mistyped one stands for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sparcell {

/// The name that differs in upper and lower case alone, or the closest by edits (insert, delete, replace,
/// swap of neighbours) if it is close enough to be meant, or else one that begins as `name` does; empty where
/// there is none.
std::string nearest(std::string_view name, const std::vector<std::string>& known);

/// The end of a sentence on a name that is not known: "; did you mean 'KLF1'?", or nothing.
std::string did_you_mean(std::string_view name, const std::vector<std::string>& known);

}  // namespace sparcell
