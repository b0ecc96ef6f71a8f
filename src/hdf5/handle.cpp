#include "hdf5/handle.h"

#include <string_view>

namespace sparcell::hdf5 {
namespace {

// HDF5's file driver puts the system's words into its description: "... error message = 'No space left on
// device', ...".
herr_t find_system_message(unsigned, const H5E_error2_t* error, void* found) {
  constexpr std::string_view mark = "error message = '";
  if (error->desc == nullptr) return 0;
  const std::string_view text = error->desc;
  const std::size_t start = text.find(mark);
  if (start == std::string_view::npos) return 0;
  const std::size_t first = start + mark.size();
  *static_cast<std::string*>(found) =
      " (" + std::string(text.substr(first, text.find('\'', first) - first)) + ")";
  return 0;
}

}  // namespace

void silence() { H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr); }

std::string last_reason() {
  std::string reason;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, find_system_message, &reason);
  return reason;
}

}  // namespace sparcell::hdf5
