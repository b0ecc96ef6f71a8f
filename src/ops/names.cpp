#include "ops/names.h"

namespace sparcell {

std::vector<std::string> op_names() {
  return {
#include "ops/names.inc"
  };
}

}  // namespace sparcell
