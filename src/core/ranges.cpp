#include "sparcell/core/ranges.h"

#ifdef SPARCELL_HAS_NVTX
#include <nvtx3/nvToolsExt.h>
#endif

namespace sparcell {

std::atomic<bool> ranges::heard = false;

#ifdef SPARCELL_HAS_NVTX
namespace {

/// Null where no tool listens.
nvtxDomainHandle_t domain() {
  static const nvtxDomainHandle_t handle = nvtxDomainCreateA("sparcell");
  return handle;
}

}  // namespace

bool has_ranges() { return true; }

RangeName::RangeName(const std::string& name) {
  if (domain() == nullptr) return;
  handle_ = nvtxDomainRegisterStringA(domain(), name.c_str());
  ranges::heard.store(true, std::memory_order_relaxed);
}

void ranges::open(const RangeName& name) {
  nvtxEventAttributes_t attributes{};
  attributes.version = NVTX_VERSION;
  attributes.size = NVTX_EVENT_ATTRIB_STRUCT_SIZE;
  attributes.messageType = NVTX_MESSAGE_TYPE_REGISTERED;
  attributes.message.registered = static_cast<nvtxStringHandle_t>(name.handle());
  nvtxDomainRangePushEx(domain(), &attributes);
}

void ranges::close() { nvtxDomainRangePop(domain()); }
#else
bool has_ranges() { return false; }
RangeName::RangeName(const std::string&) {}
void ranges::open(const RangeName&) {}
void ranges::close() {}
#endif

}  // namespace sparcell
