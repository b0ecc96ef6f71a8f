#include "report/assets.h"

#include <utility>

#include "sparcell/core/errors.h"

// .incbin copies a file into the object as it is; a C array of 2 MB would take the compiler half a minute.
#define SPARCELL_ASSET(symbol, name, path)                                                               \
  asm(".pushsection .rodata\nsparcell_asset_" #symbol ":\n.incbin \"" path "\"\nsparcell_asset_" #symbol \
      "_end:\n.byte 0\n.popsection\n");                                                                  \
  extern "C" __attribute__((visibility("hidden"))) const char sparcell_asset_##symbol[];                 \
  extern "C" __attribute__((visibility("hidden"))) const char sparcell_asset_##symbol##_end[];
#include "assets.inc"
#undef SPARCELL_ASSET

namespace sparcell {

std::string_view asset(std::string_view wanted) {
#define SPARCELL_ASSET(symbol, name, path) \
  if (wanted == name)                      \
    return {sparcell_asset_##symbol,       \
            static_cast<std::size_t>(sparcell_asset_##symbol##_end - sparcell_asset_##symbol)};
#include "assets.inc"
#undef SPARCELL_ASSET
  throw InternalError("the report's file {} is not embedded", wanted);
}

}  // namespace sparcell
