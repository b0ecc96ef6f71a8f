// Writes one AnnData file with every kind of content that `write_anndata` knows; written_interop.py opens it.
#include <cmath>
#include <cstdio>

#include "sparcell/anndata.h"
#include "sparcell/core/errors.h"

using namespace sparcell;

int main(int argc, char** argv) {
  if (argc != 2) return static_cast<int>(ExitCode::usage);
  const Csr<float> x{3, 4, {0, 2, 2, 4}, {0, 3, 1, 2}, {1, 2.5F, 3, 7}};
  AnnDataContent content;
  content.x = &x;
  content.obs.names = {"c0", "c1", "c2"};
  content.obs.set({"text", std::vector<std::string>{"x", "", "größe"}, {}});
  content.obs.set({"score", std::vector<double>{0.5, std::nan(""), -2}, {}});
  content.obs.set({"number", std::vector<std::int64_t>{1, -2, 3}, {}});
  content.obs.set({"flag", std::vector<std::uint8_t>{1, 0, 1}, {}});
  content.obs.set({"kind", Categorical{{1, -1, 0}, {"b", "a"}, true}, {}});
  content.obs.set({"maybe_number", std::vector<std::int64_t>{5, 0, 7}, {0, 1, 0}});
  content.obs.set({"maybe_flag", std::vector<std::uint8_t>{1, 0, 1}, {0, 1, 0}});
  content.obs.set({"maybe_text", std::vector<std::string>{"q", "", "p"}, {0, 1, 0}});
  content.var.names = {"g0", "g1", "g2", "g3"};
  content.layers.emplace_back("counts", &x);
  Matrix<float> latent(3, 2);
  latent.values = {1, 2, 3, 4, 5, 6};
  content.obsm.emplace_back("X_ae", latent);
  content.varm.emplace_back("loadings", Matrix<float>(4, 1, 0.5F));
  content.uns = {{"version", "1.0"},
                 {"truth/effect", 2.5},
                 {"truth/modules", std::int64_t{3}},
                 {"words", std::vector<std::string>{"a", "b"}}};
  try {
    write_anndata(argv[1], content);
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return static_cast<int>(error.code());
  }
}
