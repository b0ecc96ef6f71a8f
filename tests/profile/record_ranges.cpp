// A tool as NVTX sees one (NVTX_INJECTION64_PATH): writes every range that the program opens and closes to
// the file that RECORDED_RANGES names, a line each, in the order of the calls:
//   <thread> push <domain> <name>     a range by a registered string
//   <thread> adhoc <domain> <name>    a range by a text of its own
//   <thread> pop <domain>
// The default domain, which the program must leave alone, is written as -.
#include <fcntl.h>
#include <nvtx3/nvToolsExt.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace {

int descriptor = -1;

void write_line(const std::string& text) {
  const std::string line = std::to_string(::gettid()) + " " + text + "\n";
  if (::write(descriptor, line.data(), line.size()) != static_cast<ssize_t>(line.size())) std::abort();
}

// Handles are the texts themselves, which live as long as the process.
template <class Handle>
Handle handle_of(const char* text) {
  return reinterpret_cast<Handle>(new std::string(text));
}
std::string text_of(const void* handle) {
  return handle == nullptr ? "-" : *static_cast<const std::string*>(handle);
}

nvtxDomainHandle_t create_domain(const char* name) { return handle_of<nvtxDomainHandle_t>(name); }
nvtxStringHandle_t register_string(nvtxDomainHandle_t, const char* text) {
  return handle_of<nvtxStringHandle_t>(text);
}
int push(nvtxDomainHandle_t domain, const nvtxEventAttributes_t* attributes) {
  const bool registered = attributes->messageType == NVTX_MESSAGE_TYPE_REGISTERED;
  write_line((registered ? "push " : "adhoc ") + text_of(domain) + " " +
             (registered ? text_of(attributes->message.registered) : std::string(attributes->message.ascii)));
  return 0;
}
int pop(nvtxDomainHandle_t domain) {
  write_line("pop " + text_of(domain));
  return 0;
}
int push_text(const char* text) {
  write_line("adhoc - " + std::string(text));
  return 0;
}
int pop_default() {
  write_line("pop -");
  return 0;
}

}  // namespace

extern "C" int InitializeInjectionNvtx2(NvtxGetExportTableFunc_t table_of) {
  const char* const path = std::getenv("RECORDED_RANGES");
  if (path == nullptr) return 0;
  descriptor = ::open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const auto* callbacks = static_cast<const NvtxExportTableCallbacks*>(table_of(NVTX_ETID_CALLBACKS));
  if (descriptor < 0 || callbacks == nullptr) return 0;
  const auto set = [&](NvtxCallbackModule module, unsigned id, auto function) {
    NvtxFunctionTable table = nullptr;
    unsigned size = 0;
    if (!callbacks->GetModuleFunctionTable(module, &table, &size) || id >= size) std::abort();
    *table[id] = reinterpret_cast<NvtxFunctionPointer>(function);
  };
  set(NVTX_CB_MODULE_CORE2, NVTX_CBID_CORE2_DomainCreateA, create_domain);
  set(NVTX_CB_MODULE_CORE2, NVTX_CBID_CORE2_DomainRegisterStringA, register_string);
  set(NVTX_CB_MODULE_CORE2, NVTX_CBID_CORE2_DomainRangePushEx, push);
  set(NVTX_CB_MODULE_CORE2, NVTX_CBID_CORE2_DomainRangePop, pop);
  set(NVTX_CB_MODULE_CORE, NVTX_CBID_CORE_RangePushA, push_text);
  set(NVTX_CB_MODULE_CORE, NVTX_CBID_CORE_RangePop, pop_default);
  return 1;
}
