// reread IN OUT [MATRIX]: reads a file of any format, writes what was read as AnnData, and prints the
// inspection as JSON.
#include <cstdio>

#include "sparcell/anndata.h"
#include "sparcell/read.h"

using namespace sparcell;

int main(int argc, char** argv) {
  if (argc < 3) return static_cast<int>(ExitCode::usage);
  try {
    ReadOptions options;
    options.path = argv[1];
    if (argc > 3) options.counts = argv[3];
    Log log;
    const Dataset data = read(options, MatrixNeed::any, log);
    AnnDataContent content;
    content.x = &data.x;
    content.obs = data.cells;
    content.var = data.genes;
    write_anndata(argv[2], content);
    std::printf("%s\n", to_json(inspect(options)).c_str());
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return static_cast<int>(error.code());
  }
}
