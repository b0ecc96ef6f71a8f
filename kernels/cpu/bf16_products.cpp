#include "cpu/bf16_products.h"

#include <dnnl.h>

namespace sparcell::cpu {
namespace {

using DataType = dnnl::memory::data_type;

}  // namespace

bool multiplies_bf16() {
  const auto has = static_cast<unsigned>(dnnl_get_effective_cpu_isa());
  constexpr auto bf16 = static_cast<unsigned>(dnnl_cpu_isa_avx512_core_bf16);  // AMX's bits include them
  return (has & bf16) == bf16;
}

Bf16Products::Operand Bf16Products::operand(Transpose transpose, MatrixView<const float> x) {
  if (transpose == Transpose::yes) return {x.cols, x.rows, 1, x.stride};
  return {x.rows, x.cols, x.stride, 1};
}

/// Rounded matrices lie as the f32 ones do, without gaps: oneDNN reads either order, and to turn one costs
/// more than that (Zen 5, 128 x 256 x 1000: 131 us for the product, 14 for the rounding, 63 for rounding to
/// blocks).
Bf16Products::Rounding Bf16Products::rounding_of(const Operand& o) const {
  const dnnl::memory::dims sizes{o.rows, o.cols};
  const bool by_columns = o.row_stride == 1 && o.col_stride != 1;
  const dnnl::memory::dims dense = by_columns ? dnnl::memory::dims{1, o.rows} : dnnl::memory::dims{o.cols, 1};
  const dnnl::memory from({sizes, DataType::f32, {o.row_stride, o.col_stride}}, engine_, nullptr);
  const dnnl::memory to({sizes, DataType::bf16, dense}, engine_, nullptr);
  return {from, to, dnnl::reorder(from, to)};
}

Bf16Products::Prepared Bf16Products::prepare(const Shape& shape) const {
  const Rounding a = rounding_of(shape.a), b = rounding_of(shape.b);
  const dnnl::memory::desc out({shape.out.rows, shape.out.cols}, DataType::f32,
                               dnnl::memory::dims{shape.out.row_stride, shape.out.col_stride});
  dnnl::primitive_attr attributes;
  if (shape.adds) {
    dnnl::post_ops sum;
    sum.append_sum(1.0f);
    attributes.set_post_ops(sum);
  }
#if DNNL_VERSION_MAJOR >= 3
  const dnnl::matmul::primitive_desc description(engine_, a.to.get_desc(), b.to.get_desc(), out, attributes);
#else
  const dnnl::matmul::primitive_desc description({a.to.get_desc(), b.to.get_desc(), out}, attributes,
                                                 engine_);
#endif
  return {a, b, dnnl::memory(out, engine_, nullptr), dnnl::matmul(description)};
}

void Bf16Products::round(Rounding& rounding, const float* from, Buffer<std::uint16_t>& to) {
  const auto bytes = static_cast<std::int64_t>(rounding.to.get_desc().get_size());
  if (to.size() * 2 < bytes) to = Buffer<std::uint16_t>(context_, bytes / 2);
  rounding.from.set_data_handle(const_cast<float*>(from));  // oneDNN's memory knows no const
  rounding.to.set_data_handle(to.data());
  rounding.reorder.execute(stream_, rounding.from, rounding.to);
}

void Bf16Products::multiply(Transpose transpose_a, Transpose transpose_b, MatrixView<const float> a,
                            MatrixView<const float> b, float beta, MatrixView<float> out) {
  const Shape shape{operand(transpose_a, a), operand(transpose_b, b), operand(Transpose::no, out), beta != 0};
  auto found = prepared_.find(shape);
  if (found == prepared_.end()) found = prepared_.emplace(shape, prepare(shape)).first;
  Prepared& prepared = found->second;
  round(prepared.a, a.data, a_);
  round(prepared.b, b.data, b_);
  prepared.out.set_data_handle(out.data);
  prepared.product.execute(
      stream_,
      {{DNNL_ARG_SRC, prepared.a.to}, {DNNL_ARG_WEIGHTS, prepared.b.to}, {DNNL_ARG_DST, prepared.out}});
  stream_.wait();
}

}  // namespace sparcell::cpu
