// Data files whose cells or genes have other names, as where names stand twice.
#pragma once

#include <functional>
#include <string>

#include "sparcell/anndata.h"

namespace sparcell::test {

/// Writes the file again with X and annotations as `change` leaves them.
inline void rewrite(const std::string& path, const std::function<void(Csr<float>&, Table&, Table&)>& change) {
  Csr<float> x = read_matrix(path);
  AnnDataContent content;
  content.obs = read_obs(path);
  content.var = read_var(path);
  change(x, content.obs, content.var);
  content.x = &x;
  write_anndata(path, content);
}

}  // namespace sparcell::test
